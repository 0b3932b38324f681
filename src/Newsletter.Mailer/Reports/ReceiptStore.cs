using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>Receipts, counted from the ledger itself each time: there is no second number that could disagree.</summary>
public sealed class ReceiptStore(NpgsqlDataSource database)
{
    private const string SelectIssue = /*lang=sql*/ """
        select i.id, n.slug as newsletter, i.kind, e.number, e.title, e.id as edition_id, i.state, i.reason, i.audience, i.unknown_policy,
               i.created_at, i.frozen_at, i.finished_at, i.part_key, i.round
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where i.id = @id
        """;

    private const string ListIssues = /*lang=sql*/ """
        select i.id, n.slug as newsletter, i.kind, e.number, e.title, e.id as edition_id, i.state, i.reason, i.audience, i.unknown_policy,
               i.created_at, i.frozen_at, i.finished_at, i.part_key, i.round
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where (@newsletter::text is null or n.slug = @newsletter)
          and (@kind::text is null or i.kind = @kind)
          and (@after::bigint is null or i.id < @after)
        order by i.id desc limit @limit
        """;

    private const string Count = /*lang=sql*/ """
        select round::integer as round, status::text as status, reason, count(*) as count, sum(resends)::bigint as resent
        from deliveries
        where part_key = @part and issue_id = @id
        group by round, status, reason
        """;

    // What the ledger said of those who were sent to again, before they were.
    private const string CountFormer = /*lang=sql*/ """
        select former_round::integer as round, status::text as status, reason, count(*) as count, 0::bigint as resent
        from resends
        where issue_id = @id and left_out is null
        group by former_round, status, reason
        """;

    private const string CountLeftOut = /*lang=sql*/ """
        select round, left_out as reason, count(*) as count
        from resends
        where issue_id = @id
        group by round, left_out
        """;

    // The relay's own answers are counted above.
    private const string CountCameBack = /*lang=sql*/ """
        select kind as reason, count(*) as count from bounces where issue_id = @id and source <> 'reply' and undone_at is null group by kind
        """;

    private const string SelectRounds = /*lang=sql*/ """
        select round, statuses, started_at, finished_at from rounds where issue_id = @id order by round
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
        var cameBack = await connection.QueryAsync<CountRow>(new CommandDefinition(CountCameBack, new { id }, cancellationToken: stop));
        var receipt = ToReceipt(issue, counts, await RoundsAsync(connection, issue, counts, stop)) with { CameBack = CameBack(cameBack) };
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
    /// <param name="kind"><c>issue</c> or <c>digest</c>; null: both.</param>
    public async Task<IReadOnlyList<IssueSummary>> ListAsync(string? newsletter, long? after, int limit, CancellationToken stop, string? kind = null)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<IssueRow>(new CommandDefinition(ListIssues, new { newsletter, kind, after, limit }, cancellationToken: stop));
        return [.. rows.Select(row => row.ToSummary())];
    }

    /// <summary>Issues by the number an author knows them by; several where newsletters share a number and none is named.</summary>
    public async Task<IReadOnlyList<long>> FindByNumberAsync(int number, string? newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<long>(new CommandDefinition(FindByNumber, new { number, newsletter }, cancellationToken: stop))];
    }

    private static async Task<IReadOnlyList<RoundReceipt>> RoundsAsync(NpgsqlConnection connection, IssueRow issue, List<CountRow> counts, CancellationToken stop)
    {
        if (issue.Round == 1)
            return [ToRound(new RoundRow { Round = 1, Started_at = issue.Frozen_at, Finished_at = issue.Finished_at }, counts, issue.Audience, leftOut: null)];
        var id = new { id = issue.Id };
        var rounds = await connection.QueryAsync<RoundRow>(new CommandDefinition(SelectRounds, id, cancellationToken: stop));
        var former = await connection.QueryAsync<CountRow>(new CommandDefinition(CountFormer, id, commandTimeout: 300, cancellationToken: stop));
        var sorted = (await connection.QueryAsync<CountRow>(new CommandDefinition(CountLeftOut, id, commandTimeout: 300, cancellationToken: stop))).AsList();
        List<CountRow> all = [.. counts, .. former];
        return
        [
            .. rounds.Select(round => ToRound(
                round.Round == issue.Round ? round with { Finished_at = issue.Finished_at } : round,
                [.. all.Where(row => row.Round == round.Round)],
                round.Round == 1 ? issue.Audience : sorted.Where(row => row.Round == round.Round && row.Reason is null).Sum(row => row.Count),
                round.Round == 1 ? null : ByReason(sorted.Where(row => row.Round == round.Round && row.Reason is not null)))),
        ];
    }

    private static RoundReceipt ToRound(RoundRow round, List<CountRow> counts, long audience, IReadOnlyDictionary<string, long>? leftOut) => new()
    {
        Round = round.Round,
        Statuses = round.Statuses,
        Audience = audience,
        Accepted = Of(counts, "accepted"),
        Rejected = Of(counts, "rejected"),
        Unknown = Of(counts, "unknown"),
        Expired = Of(counts, "expired"),
        Cancelled = Of(counts, "cancelled"),
        Failed = Of(counts, "failed"),
        Excluded = Excluded(counts),
        Waiting = Of(counts, "pending") + Of(counts, "sending") + Of(counts, "deferred"),
        LeftOut = leftOut,
        StartedAt = round.Started_at,
        FinishedAt = round.Finished_at,
    };

    private static Receipt ToReceipt(IssueRow issue, List<CountRow> counts, IReadOnlyList<RoundReceipt> rounds) => new()
    {
        Issue = issue.Id,
        Newsletter = issue.Newsletter,
        Kind = issue.Kind,
        Number = issue.Number,
        State = issue.State,
        Reason = issue.Reason,
        Audience = issue.Audience,
        Accepted = Of(counts, "accepted"),
        Rejected = Of(counts, "rejected"),
        Unknown = Of(counts, "unknown"),
        Expired = Of(counts, "expired"),
        Cancelled = Of(counts, "cancelled"),
        Failed = Of(counts, "failed"),
        Excluded = Excluded(counts),
        Pending = Of(counts, "pending"),
        Sending = Of(counts, "sending"),
        Deferred = Of(counts, "deferred"),
        Resent = counts.Sum(row => row.Resent),
        FrozenAt = issue.Frozen_at,
        FinishedAt = issue.Finished_at,
        Rounds = rounds,
    };

    private static long Of(List<CountRow> counts, string status) => counts.Where(row => row.Status == status).Sum(row => row.Count);

    private static SortedDictionary<string, long> Excluded(List<CountRow> counts)
    {
        var excluded = ByReason(counts.Where(row => row.Status == "skipped"));
        excluded.TryAdd("suppressed", 0);
        excluded.TryAdd("unsubscribed", 0);
        return excluded;
    }

    private static SortedDictionary<string, long> CameBack(IEnumerable<CountRow> counts)
    {
        var byKind = ByReason(counts);
        byKind.TryAdd("hard", 0);
        byKind.TryAdd("soft", 0);
        byKind.TryAdd("complaint", 0);
        return byKind;
    }

    private static SortedDictionary<string, long> ByReason(IEnumerable<CountRow> counts)
    {
        var byReason = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var row in counts)
            byReason[row.Reason ?? "other"] = byReason.GetValueOrDefault(row.Reason ?? "other") + row.Count;
        return byReason;
    }

    private sealed class CountRow
    {
        public int Round { get; init; }
        public string Status { get; init; } = "";
        public string? Reason { get; init; }
        public long Count { get; init; }
        public long Resent { get; init; }
    }

    private sealed record RoundRow
    {
        public int Round { get; init; }
        public string[]? Statuses { get; init; }
        public DateTimeOffset? Started_at { get; init; }
        public DateTimeOffset? Finished_at { get; init; }
    }

    private sealed class IssueRow
    {
        public long Id { get; init; }
        public string Newsletter { get; init; } = "";
        public string Kind { get; init; } = "issue";
        public int? Number { get; init; }
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
        public int Round { get; init; }

        public IssueSummary ToSummary() => new()
        {
            Id = Id,
            Newsletter = Newsletter,
            EditionId = Edition_id,
            Kind = Kind,
            Number = Number,
            Title = Title,
            State = State,
            Reason = Reason,
            Audience = Audience,
            UnknownPolicy = Unknown_policy,
            CreatedAt = Created_at,
            FrozenAt = Frozen_at,
            FinishedAt = Finished_at,
            Round = Round,
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

    /// <summary><c>issue</c>, or <c>digest</c>: the month's, for those who chose it in the place of issues.</summary>
    public required string Kind { get; init; }

    /// <summary>Number of the edition; null of a digest.</summary>
    public required int? Number { get; init; }

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

    /// <summary>1, and one more with each resend.</summary>
    public required int Round { get; init; }
}
