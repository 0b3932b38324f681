using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>Rates of what came back, and how lists are doing. Counted from the evidence; only what was accepted is rolled up, because that reads whole ledgers.</summary>
public sealed class ReputationStore(NpgsqlDataSource database, FeedbackOptions options)
{
    // Anew while an issue is sent or was ended lately; a resend ends it again.
    private const string SelectDue = /*lang=sql*/ """
        select i.id
        from issues i
        left join issue_tallies t on t.issue_id = i.id
        where i.frozen_at is not null and i.state not in ('freezing', 'failed')
          and (t.issue_id is null and i.frozen_at > now() - interval '1 year' or i.finished_at is null and t.counted_at < now() - case when i.state = 'paused' then interval '1 hour' else interval '5 minutes' end or t.counted_at < i.finished_at)
        order by i.id
        limit 5
        """;

    // A batch is of one group, and places in an issue are its batches' in a row.
    private const string Tally = /*lang=sql*/ """
        with counted as (
            select b.throttle_group, count(*) filter (where d.status = 'accepted') as accepted
            from issues i
            join batches b on b.issue_id = i.id and b.kind = 'first'
            join deliveries d on d.part_key = i.part_key and d.issue_id = i.id and d.seq between b.first_seq and b.last_seq
            where i.id = @issue
            group by b.throttle_group)
        insert into issue_tallies as t (issue_id, counted_at, accepted)
        select @issue, @at, coalesce((select jsonb_object_agg(throttle_group, accepted) from counted), '{}')
        on conflict (issue_id) do update set counted_at = excluded.counted_at, accepted = excluded.accepted
        """;

    private const string SelectNow = /*lang=sql*/ "select now()";

    private const string SelectIssues = /*lang=sql*/ """
        select i.id as "Issue", n.slug as "Newsletter", e.number as "Number", i.state as "State", i.frozen_at as "SentAt", coalesce(t.accepted, '{}')::text as "Accepted"
        from issues i
        join newsletters n on n.id = i.newsletter_id
        join editions e on e.id = i.edition_id
        left join issue_tallies t on t.issue_id = i.id
        where i.frozen_at > now() - @days * interval '1 day' and (@newsletter::text is null or n.slug = @newsletter) and i.state <> 'failed'
        order by i.id desc
        limit @rows
        """;

    private const string SelectBounces = /*lang=sql*/ """
        select issue_id as "Issue", coalesce(throttle_group, 'other') as "Provider", kind as "Kind", count(*) as "Count", count(*) filter (where source = 'reply') as "Refused"
        from bounces
        where issue_id = any(@issues) and undone_at is null
        group by issue_id, coalesce(throttle_group, 'other'), kind
        """;

    private const string SelectComplaints = /*lang=sql*/ """
        select i.tolerated_complaints as "Tolerated",
               (select count(*) from bounces c where c.issue_id = i.id and c.kind = 'complaint' and c.undone_at is null) as "Complaints"
        from issues i where i.id = @issue and i.state = 'sending'
        """;

    private const string CountAccepted = /*lang=sql*/ """
        select count(*) from issues i join deliveries d on d.part_key = i.part_key and d.issue_id = i.id where i.id = @issue and d.status = 'accepted'
        """;

    private const string SelectHealth = /*lang=sql*/ """
        select n.slug as "Newsletter", count(*) as "Active",
               count(*) filter (where exists (select from suppressions p where lower(p.address) = lower(b.address))) as "Suppressed",
               count(*) filter (where s.created_at < now() - interval '90 days' and g.received_issue is not null and g.clicked_issue is null and g.voted_issue is null) as "Never",
               exists (select from engagement x where x.newsletter_id = n.id and (x.clicked_issue is not null or x.voted_issue is not null)) as "IsMeasured"
        from newsletters n
        left join subscriptions s on s.newsletter_id = n.id and s.status = 'active'
        left join subscribers b on b.id = s.subscriber_id
        left join engagement g on g.newsletter_id = n.id and g.subscriber_id = b.id
        where n.slug = @newsletter
        group by n.id, n.slug
        """;

    private const string SelectRepeatedSoft = /*lang=sql*/ """
        select b.subscriber_id as "Subscriber", count(distinct coalesce(b.issue_id, -b.id))::integer as "Bounces", (array_agg(b.reason order by b.id desc))[1] as "Reason", max(b.at) as "LastAt"
        from bounces b
        join newsletters n on n.slug = @newsletter
        join subscriptions s on s.newsletter_id = n.id and s.subscriber_id = b.subscriber_id and s.status = 'active'
        where b.kind = 'soft' and b.undone_at is null and b.at > now() - @days * interval '1 day'
        group by b.subscriber_id
        having count(distinct coalesce(b.issue_id, -b.id)) >= 2
        order by 2 desc, 1
        limit 100
        """;

    /// <summary>Counts anew what was accepted of issues where that may have changed.</summary>
    public async Task RollUpAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        foreach (var issue in (await connection.QueryAsync<long>(new CommandDefinition(SelectDue, cancellationToken: stop))).AsList())
        {
            // Before counting: what changes meanwhile is counted the next time.
            var at = await connection.ExecuteScalarAsync<DateTime>(new CommandDefinition(SelectNow, cancellationToken: stop));
            await connection.ExecuteAsync(new CommandDefinition(Tally, new { issue, at }, commandTimeout: 300, cancellationToken: stop));
        }
    }

    /// <summary>Newest first.</summary>
    /// <param name="newsletter">Slug; null: of all.</param>
    /// <param name="days">Issues of so many days.</param>
    /// <param name="rows">At most so many.</param>
    /// <param name="stop">Cancels.</param>
    public async Task<IReadOnlyList<IssueReputation>> ListAsync(string? newsletter, int days, int rows, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var issues = (await connection.QueryAsync<IssueRow>(new CommandDefinition(SelectIssues, new { newsletter, days, rows }, cancellationToken: stop))).AsList();
        var bounces = (await connection.QueryAsync<BounceRow>(new CommandDefinition(SelectBounces, new { issues = issues.Select(row => row.Issue).ToArray() }, cancellationToken: stop)))
            .ToLookup(row => row.Issue);
        return [.. issues.Select(row => Of(row, [.. bounces[row.Issue]]))];
    }

    /// <summary>Null where there is no such newsletter.</summary>
    public async Task<ListHealth?> FindHealthAsync(string newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (await connection.QuerySingleOrDefaultAsync<HealthRow>(new CommandDefinition(SelectHealth, new { newsletter }, commandTimeout: 300, cancellationToken: stop)) is not { } row)
            return null;
        var soft = await connection.QueryAsync<RepeatedSoft>(
            new CommandDefinition(SelectRepeatedSoft, new { newsletter, days = options.SoftBounceDays }, commandTimeout: 300, cancellationToken: stop));
        return new ListHealth
        {
            Newsletter = row.Newsletter,
            Active = row.Active,
            Suppressed = row.Suppressed,
            NeverEngaged = row.IsMeasured ? row.Never : null,
            RepeatedSoft = soft.AsList(),
        };
    }

    /// <summary>Null where the issue is not being sent. What was accepted is counted only where there are complaints enough to matter.</summary>
    internal async Task<ComplaintCount?> CountComplaintsAsync(long issue, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var counted = await connection.QuerySingleOrDefaultAsync<ComplaintCount>(new CommandDefinition(SelectComplaints, new { issue }, cancellationToken: stop));
        return counted is { Complaints: >= Reputation.FewestComplaints }
            ? counted with { Accepted = await connection.ExecuteScalarAsync<long>(new CommandDefinition(CountAccepted, new { issue }, commandTimeout: 300, cancellationToken: stop)) }
            : counted;
    }

    private IssueReputation Of(IssueRow row, List<BounceRow> bounces)
    {
        var accepted = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, long>>(row.Accepted) ?? [];
        return new IssueReputation
        {
            Issue = row.Issue,
            Newsletter = row.Newsletter,
            Number = row.Number,
            State = row.State,
            SentAt = row.SentAt,
            All = Of(accepted.Values.Sum(), bounces),
            Providers = accepted.Keys.Union(bounces.Select(bounce => bounce.Provider)).Order(StringComparer.Ordinal)
                .ToDictionary(name => name, name => Of(accepted.GetValueOrDefault(name), bounces.FindAll(bounce => bounce.Provider == name)), StringComparer.Ordinal),
        };
    }

    private Reputation Of(long accepted, List<BounceRow> bounces)
    {
        long Count(string kind) => bounces.Where(bounce => bounce.Kind == kind).Sum(bounce => bounce.Count);
        return Reputation.Of(accepted, Count("hard"), Count("soft"), Count("complaint"), Count("sender"), bounces.Where(bounce => bounce.Kind == "hard").Sum(bounce => bounce.Refused), options);
    }

    internal sealed record ComplaintCount
    {
        public long Tolerated { get; init; }
        public long Complaints { get; init; }
        public long Accepted { get; init; }
    }

    private sealed record IssueRow
    {
        public long Issue { get; init; }
        public string Newsletter { get; init; } = "";
        public int? Number { get; init; }
        public string State { get; init; } = "";
        public DateTimeOffset SentAt { get; init; }
        public string Accepted { get; init; } = "{}";
    }

    private sealed record BounceRow
    {
        public long Issue { get; init; }
        public string Provider { get; init; } = "";
        public string Kind { get; init; } = "";
        public long Count { get; init; }
        public long Refused { get; init; }
    }

    private sealed record HealthRow
    {
        public string Newsletter { get; init; } = "";
        public long Active { get; init; }
        public long Suppressed { get; init; }
        public long Never { get; init; }
        public bool IsMeasured { get; init; }
    }
}
