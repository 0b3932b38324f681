using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Deliveries that wait for another try.</summary>
public sealed class RetryStore(NpgsqlDataSource database)
{
    // Locked by a statement of its own: the next one then sees the batches of whoever held the lock before, and no number is taken twice.
    private const string LockSending = /*lang=sql*/ """
        select id from issues where state = 'sending' order by id for no key update
        """;

    // The retries are empty whenever they are counted: for so few the planner compares each with each.
    private const string PlanForMany = /*lang=sql*/ """
        set local enable_nestloop = off
        """;

    // Batches follow those of the issue so far.
    private const string Gather = /*lang=sql*/ """
        with sending as materialized (
            select i.id, (select coalesce(max(b.batch_no), 0) from batches b where b.issue_id = i.id) as last_batch
            from unnest(@issues::bigint[]) i (id)),
        due as materialized (
            select r.issue_id, r.seq, s.last_batch + (row_number() over (partition by r.issue_id order by r.seq) - 1)::integer / @size + 1 as batch_no
            from sending s
            join retries r on r.issue_id = s.id and r.batch_no is null and r.next_at <= now()
            order by r.issue_id, r.seq
            limit @limit),
        cut as (
            insert into batches (issue_id, batch_no, kind, first_seq, last_seq, size)
            select issue_id, batch_no, 'retry', min(seq), max(seq), count(*)
            from due
            group by issue_id, batch_no)
        update retries r
        set batch_no = d.batch_no
        from due d
        where r.issue_id = d.issue_id and r.seq = d.seq and r.batch_no is null
        """;

    private const int MostAtOnce = 100_000;

    /// <summary>Cuts what is due into batches; how many deliveries that were.</summary>
    public async Task<int> GatherAsync(int batchSize, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var issues = await LockSendingAsync(connection, stop);
        if (issues.Length == 0)
            return 0;
        await using (var plan = new NpgsqlCommand(PlanForMany, connection))
            await plan.ExecuteNonQueryAsync(stop);
        await using var command = new NpgsqlCommand(Gather, connection) { CommandTimeout = 300 };
        command.Parameters.AddWithValue("issues", issues);
        command.Parameters.AddWithValue("size", batchSize);
        command.Parameters.AddWithValue("limit", MostAtOnce);
        var gathered = await command.ExecuteNonQueryAsync(stop);
        await transaction.CommitAsync(stop);
        return gathered;
    }

    private static async Task<long[]> LockSendingAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(LockSending, connection);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var issues = new List<long>();
        while (await reader.ReadAsync(stop))
            issues.Add(reader.GetInt64(0));
        return [.. issues];
    }
}
