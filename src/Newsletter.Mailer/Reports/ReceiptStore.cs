using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>Receipts, counted from the ledger itself each time: there is no second number that could disagree.</summary>
public sealed class ReceiptStore(NpgsqlDataSource database)
{
    private const string SelectIssue = /*lang=sql*/ """
        select i.id, n.slug as newsletter, e.number, e.title, e.id as edition_id, i.state, i.reason, i.audience, i.unknown_policy,
               i.created_at, i.frozen_at, i.finished_at, i.part_key
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where i.id = @id
        """;

    private const string ListIssues = /*lang=sql*/ """
        select i.id, n.slug as newsletter, e.number, e.title, e.id as edition_id, i.state, i.reason, i.audience, i.unknown_policy,
               i.created_at, i.frozen_at, i.finished_at, i.part_key
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where (@newsletter::text is null or n.slug = @newsletter)
          and (@after::bigint is null or i.id < @after)
        order by i.id desc limit @limit
        """;

    private const string Count = /*lang=sql*/ """
        select status::text as status, reason, count(*) as count, sum(resends)::bigint as resent
        from deliveries
        where part_key = @part and issue_id = @id
        group by status, reason
        """;

    // Of the relays that workers have now and that aren't down: all have had what they may have today.
    internal const string SelectWaitingUntil = /*lang=sql*/ """
        select case when bool_and(coalesce(d.taken >= d.allowance, false))
                    then (((now() at time zone 'utc')::date + 1)::timestamp at time zone 'utc') end
        from (select distinct relay_id from relay_workers where lease_until > now() and breaker is null) w
        left join relay_days d on d.relay_id = w.relay_id and d.day = (now() at time zone 'utc')::date
        """;

    private const string FindByNumber = /*lang=sql*/ """
        select i.id
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where e.number = @number and (@newsletter::text is null or n.slug = @newsletter) and i.state <> 'failed'
        order by i.id
        """;

    /// <summary>Null where there is no such issue.</summary>
    public async Task<Receipt?> FindAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var issue = await connection.QuerySingleOrDefaultAsync<IssueRow>(new CommandDefinition(SelectIssue, new { id }, cancellationToken: stop));
        if (issue is null)
            return null;
        var counts = (await connection.QueryAsync<CountRow>(new CommandDefinition(Count, new { id, part = issue.Part_key }, commandTimeout: 300, cancellationToken: stop))).AsList();
        var receipt = ToReceipt(issue, counts);
        return receipt is { State: "sending", Pending: > 0 }
            ? receipt with { WaitingUntil = await connection.QuerySingleAsync<DateTime?>(new CommandDefinition(SelectWaitingUntil, cancellationToken: stop)) }
            : receipt;
    }

    /// <summary>The issue without its counts; null where there is none.</summary>
    public async Task<IssueSummary?> FindIssueAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<IssueRow>(new CommandDefinition(SelectIssue, new { id }, cancellationToken: stop));
        return row?.ToSummary();
    }

    /// <summary>Newest first.</summary>
    /// <param name="newsletter">Slug; null: of all newsletters.</param>
    /// <param name="after">Only those with a smaller id; null: from the newest.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<IReadOnlyList<IssueSummary>> ListAsync(string? newsletter, long? after, int limit, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<IssueRow>(new CommandDefinition(ListIssues, new { newsletter, after, limit }, cancellationToken: stop));
        return [.. rows.Select(row => row.ToSummary())];
    }

    /// <summary>Issues by the number an author knows them by; several where newsletters share a number and none is named.</summary>
    public async Task<IReadOnlyList<long>> FindByNumberAsync(int number, string? newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<long>(new CommandDefinition(FindByNumber, new { number, newsletter }, cancellationToken: stop))];
    }

    private static Receipt ToReceipt(IssueRow issue, List<CountRow> counts)
    {
        long Of(string status) => counts.Where(row => row.Status == status).Sum(row => row.Count);
        var excluded = new SortedDictionary<string, long>(StringComparer.Ordinal) { ["suppressed"] = 0, ["unsubscribed"] = 0 };
        foreach (var row in counts.Where(row => row.Status == "skipped"))
            excluded[row.Reason ?? "other"] = excluded.GetValueOrDefault(row.Reason ?? "other") + row.Count;
        return new Receipt
        {
            Issue = issue.Id,
            Newsletter = issue.Newsletter,
            Number = issue.Number,
            State = issue.State,
            Reason = issue.Reason,
            Audience = issue.Audience,
            Accepted = Of("accepted"),
            Rejected = Of("rejected"),
            Unknown = Of("unknown"),
            Expired = Of("expired"),
            Cancelled = Of("cancelled"),
            Failed = Of("failed"),
            Excluded = excluded,
            Pending = Of("pending"),
            Sending = Of("sending"),
            Deferred = Of("deferred"),
            Resent = counts.Sum(row => row.Resent),
            FrozenAt = issue.Frozen_at,
            FinishedAt = issue.Finished_at,
        };
    }

    private sealed class CountRow
    {
        public string Status { get; init; } = "";
        public string? Reason { get; init; }
        public long Count { get; init; }
        public long Resent { get; init; }
    }

    private sealed class IssueRow
    {
        public long Id { get; init; }
        public string Newsletter { get; init; } = "";
        public int Number { get; init; }
        public string Title { get; init; } = "";
        public long Edition_id { get; init; }
        public string State { get; init; } = "";
        public string? Reason { get; init; }
        public long Audience { get; init; }
        public string Unknown_policy { get; init; } = "";
        public DateTimeOffset Created_at { get; init; }
        public DateTimeOffset? Frozen_at { get; init; }
        public DateTimeOffset? Finished_at { get; init; }
        public long Part_key { get; init; }

        public IssueSummary ToSummary() => new()
        {
            Id = Id,
            Newsletter = Newsletter,
            EditionId = Edition_id,
            Number = Number,
            Title = Title,
            State = State,
            Reason = Reason,
            Audience = Audience,
            UnknownPolicy = Unknown_policy,
            CreatedAt = Created_at,
            FrozenAt = Frozen_at,
            FinishedAt = Finished_at,
        };
    }
}

/// <summary>An issue at a glance.</summary>
public sealed record IssueSummary
{
    public required long Id { get; init; }

    /// <summary>Slug of the newsletter.</summary>
    public required string Newsletter { get; init; }

    public required long EditionId { get; init; }

    /// <summary>Number of the edition.</summary>
    public required int Number { get; init; }

    public required string Title { get; init; }

    public required string State { get; init; }

    /// <summary>Why it is paused or failed; null otherwise.</summary>
    public string? Reason { get; init; }

    public required long Audience { get; init; }

    /// <summary><c>resend</c> or <c>leave</c>.</summary>
    public required string UnknownPolicy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FrozenAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}
