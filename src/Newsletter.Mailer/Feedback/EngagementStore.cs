using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>
/// Tells the audience what readers did with issues, of each kind only the latest issue (table <c>engagement</c>), so that a segment's
/// filter can ask for it. To repeat any of it changes nothing.
/// </summary>
public sealed class EngagementStore(NpgsqlDataSource database)
{
    private const int ChunkRows = 20_000;

    private const string TryLock = /*lang=sql*/ "select pg_try_advisory_lock(hashtextextended('newsletter engagement', @issue))";

    private const string Unlock = /*lang=sql*/ "select pg_advisory_unlock(hashtextextended('newsletter engagement', @issue))";

    // Also those that a further round has ended again.
    private const string SelectDue = /*lang=sql*/ """
        select m.issue_id
        from mailings m join issues i on i.id = m.issue_id
        where i.state in ('finished', 'cancelled') and i.finished_at is not null and (m.rolled_up_at is null or m.rolled_up_at < i.finished_at)
        order by m.issue_id
        """;

    private const string SelectIssue = /*lang=sql*/ """
        select i.part_key as "Part", i.newsletter_id as "Newsletter", i.finished_at as "Finished"
        from issues i where i.id = @issue and i.state in ('finished', 'cancelled')
        """;

    // Whoever was erased since is passed over. An older issue that ends late takes nobody's newer one away.
    private const string RollUp = /*lang=sql*/ """
        with chunk as materialized (
            select d.seq, d.subscriber_id, d.status
            from deliveries d
            where d.part_key = @part and d.issue_id = @issue and d.seq > @after
            order by d.seq
            limit @rows
        ), written as (
            insert into engagement as g (subscriber_id, newsletter_id, received_issue)
            select b.id, @newsletter, @issue
            from chunk c
            join lateral (select x.id from subscribers x where x.id = c.subscriber_id offset 0) b on true
            where c.status = 'accepted'
            order by b.id
            on conflict (subscriber_id, newsletter_id) do update set received_issue = excluded.received_issue
            where g.received_issue is null or g.received_issue < excluded.received_issue
        )
        select max(seq) from chunk
        """;

    // One that was cancelled before anybody had it is none of the last five.
    private const string ForgetUnsent = /*lang=sql*/ """
        delete from mailings m using issues i
        where m.issue_id = @issue and i.id = m.issue_id and i.state = 'cancelled'
          and not exists (select from deliveries d where d.part_key = i.part_key and d.issue_id = i.id and d.status in ('accepted', 'unknown', 'sending'))
        """;

    private const string Note = /*lang=sql*/ "update mailings set rolled_up_at = @finished where issue_id = @issue returning issue_id";

    /// <summary>Issues that have ended and whose readers haven't been told of.</summary>
    public async Task<IReadOnlyList<long>> FindDueAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<long>(new CommandDefinition(SelectDue, cancellationToken: stop))).AsList();
    }

    /// <summary>Enters whom the issue reached, chunk by chunk; cut off, it is begun anew by the next call.</summary>
    /// <returns>False where another call is at it, or the issue has not ended.</returns>
    public async Task<bool> RollUpAsync(long issue, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (!await connection.ExecuteScalarAsync<bool>(Command(TryLock, new { issue }, stop)))
            return false;
        try
        {
            if (await connection.QuerySingleOrDefaultAsync<IssueRow>(Command(SelectIssue, new { issue }, stop)) is not { } row)
                return false;
            for (int? after = 0; after is not null;)
                after = await RollUpChunkAsync(connection, issue, row, after.Value, stop);
            await connection.ExecuteAsync(Command(ForgetUnsent, new { issue }, stop));
            await connection.ExecuteScalarAsync<long?>(Command(Note, new { issue, finished = row.Finished }, stop));
            return true;
        }
        finally
        {
            // The pool would give the lock back only when the connection is next used.
            if (connection.State == System.Data.ConnectionState.Open)
                await connection.ExecuteScalarAsync<bool>(Command(Unlock, new { issue }, CancellationToken.None));
        }
    }

    // Someone may be erased between being found and being entered.
    private static Task<int?> RollUpChunkAsync(NpgsqlConnection connection, long issue, IssueRow row, int after, CancellationToken stop) => CrossedWrite.RunReferringAsync(
        () => connection.ExecuteScalarAsync<int?>(Command(RollUp, new { issue, part = row.Part, newsletter = row.Newsletter, after, rows = ChunkRows }, stop)), stop);

    private static CommandDefinition Command(string sql, object parameters, CancellationToken stop) =>
        new(sql, parameters, commandTimeout: 300, cancellationToken: stop);

    private sealed record IssueRow
    {
        public long Part { get; init; }

        public long Newsletter { get; init; }

        public DateTimeOffset Finished { get; init; }
    }
}
