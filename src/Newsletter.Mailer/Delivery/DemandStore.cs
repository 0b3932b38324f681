using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>What the rows ask of senders, looked at often: every statement here reads a few rows by index, however large the issues are.</summary>
public sealed class DemandStore(NpgsqlDataSource database)
{
    // An expired lease asks for a sender only where a claim would take it over: nobody is started to find nothing.
    private const string AnyReady = /*lang=sql*/ """
        select exists (
            select from issues i
            cross join lateral (
                select from batches b
                where b.issue_id = i.id and b.state <> 'done'
                  and (b.not_before is null or b.not_before <= now())
                  and (b.state = 'ready'
                       or @may_take_over and b.lease_until < now() and pg_postmaster_start_time() < now() - @grace::interval)
                limit 1) b
            where i.state = 'sending')
        """;

    private const string SelectStoppedAndWaiting = /*lang=sql*/ """
        select i.id, false as waiting from issues i where i.id = any(@held) and i.state <> 'sending'
        union all
        select i.id, true from issues i
        where i.state = 'sending' and i.id <> all(@held)
          and exists (
              select from batches b
              where b.issue_id = i.id and b.state <> 'done' and b.state = 'ready' and (b.not_before is null or b.not_before <= now()))
        """;

    // While somebody still has a message of it in flight, the end would have to be looked for in vain.
    private const string SelectCancellable = /*lang=sql*/ """
        select i.id from issues i
        where i.state = 'cancelling'
          and not exists (select from batches b where b.issue_id = i.id and b.state = 'leased' and b.lease_until >= now())
        order by i.id
        """;

    /// <summary>A sender started now would find something.</summary>
    /// <param name="mayTakeOver">This process may take over expired leases.</param>
    /// <param name="grace">How long after the database's start nobody does.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<bool> AnyReadyAsync(bool mayTakeOver, TimeSpan grace, CancellationToken stop)
    {
        await using var command = database.CreateCommand(AnyReady);
        command.Parameters.AddWithValue("may_take_over", mayTakeOver);
        command.Parameters.AddWithValue("grace", grace);
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>For a sender that holds batches of these issues: which of them were stopped, and whether others have batches waiting.</summary>
    public async Task<IssueDemand> LookAsync(long[] held, CancellationToken stop)
    {
        await using var command = database.CreateCommand(SelectStoppedAndWaiting);
        command.Parameters.AddWithValue("held", held);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var (stopped, waiting) = (new HashSet<long>(), 0);
        while (await reader.ReadAsync(stop))
        {
            if (reader.GetBoolean(1))
                waiting++;
            else
                stopped.Add(reader.GetInt64(0));
        }

        return new IssueDemand(stopped, waiting);
    }

    /// <summary>Issues being cancelled of which nothing is in flight under a live lease.</summary>
    public async Task<IReadOnlyList<long>> Cancellable(CancellationToken stop)
    {
        await using var command = database.CreateCommand(SelectCancellable);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var issues = new List<long>();
        while (await reader.ReadAsync(stop))
            issues.Add(reader.GetInt64(0));
        return issues;
    }
}

/// <summary>What became of issues while batches of them were held.</summary>
/// <param name="Stopped">Held, and not sending any more: paused or being cancelled.</param>
/// <param name="Waiting">How many others are sending, with batches that are nobody's.</param>
public sealed record IssueDemand(IReadOnlySet<long> Stopped, int Waiting);
