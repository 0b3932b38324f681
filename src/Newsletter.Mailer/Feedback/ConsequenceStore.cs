using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Scheduling;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>
/// What follows from a failure, whoever told it. Hard: the address is suppressed. Soft: counted, and suppressed when it goes on. Complaint: suppressed
/// and unsubscribed. Sender: an alarm of the relay. What was written is only kept. One commit settles many; cut off, they are settled by the next.
/// </summary>
public sealed class ConsequenceStore(NpgsqlDataSource database, ThrottleGroups groups, FeedbackOptions options)
{
    private const int MostAtOnce = 500;

    private const string SelectUnsettled = /*lang=sql*/ """
        select b.id as "Id", b.kind as "Kind", b.subscriber_id as "Subscriber", b.newsletter_id as "Newsletter", b.issue_id as "Issue", s.address as "Address"
        from bounces b
        left join subscribers s on s.id = b.subscriber_id
        where b.settled_at is null
        order by b.id
        limit @rows
        for update of b skip locked
        """;

    // In the order of the addresses, so that two that do it wait for each other and not in a circle.
    private const string Suppress = /*lang=sql*/ """
        insert into suppressions (address, reason, evidence)
        select d.address, @reason, d.evidence
        from (select distinct on (lower(s.address)) s.address, lower(s.address) as key,
                     coalesce(b.evidence, concat_ws(' ', b.reply_code::text, b.status, b.reason)) as evidence
              from bounces b join subscribers s on s.id = b.subscriber_id
              where b.id = any(@ids)
              order by lower(s.address), b.id) d
        order by d.key
        on conflict do nothing
        """;

    // One soft bounce an issue, of the last days, since the latest issue that arrived: accepted so long ago that it would have come back by now.
    // Each issue is looked up in its own part of the ledger, for those alone who bounced often enough at all.
    private const string SuppressSoft = /*lang=sql*/ """
        with due as materialized (
            select b.subscriber_id
            from bounces b
            where b.subscriber_id in (select x.subscriber_id from bounces x where x.id = any(@ids))
              and b.kind = 'soft' and b.undone_at is null and b.at > now() - @days * interval '1 day'
            group by b.subscriber_id
            having count(distinct coalesce(b.issue_id, -b.id)) >= @limit),
        arrived as materialized (
            select e.subscriber_id, max(i.id) as issue_id
            from due e
            join issues i on i.frozen_at > now() - @days * interval '1 day'
            cross join lateral (
                select x.seq from deliveries x
                where x.part_key = i.part_key and x.issue_id = i.id and x.subscriber_id = e.subscriber_id
                  and x.status = 'accepted' and x.updated_at < now() - @hours * interval '1 hour'
                offset 0) d
            where not exists (select from bounces b where b.issue_id = i.id and b.seq = d.seq and b.kind in ('hard', 'soft') and b.source <> 'reply')
            group by e.subscriber_id),
        counted as (
            select e.subscriber_id, count(distinct coalesce(b.issue_id, -b.id)) as bounces, (array_agg(coalesce(b.evidence, b.reason) order by b.id desc))[1] as last
            from due e
            join bounces b on b.subscriber_id = e.subscriber_id and b.kind = 'soft' and b.undone_at is null and b.at > now() - @days * interval '1 day'
            left join arrived a on a.subscriber_id = e.subscriber_id
            where a.issue_id is null or b.issue_id is null or b.issue_id > a.issue_id
            group by e.subscriber_id
            having count(distinct coalesce(b.issue_id, -b.id)) >= @limit)
        insert into suppressions (address, reason, evidence)
        select s.address, 'soft_bounces', format('%s soft bounces within %s days, the last: %s', c.bounces, @days::text, c.last)
        from counted c join subscribers s on s.id = c.subscriber_id
        order by lower(s.address)
        on conflict do nothing
        """;

    private const string Alarm = /*lang=sql*/ """
        insert into relay_alarms as a (relay_id, throttle_group, reason, sample, count)
        select d.relay_id, d.throttle_group, d.reason, d.sample, d.count
        from (select b.relay_id, n.throttle_group, b.reason, max(b.evidence) as sample, count(*) as count
              from unnest(@ids::bigint[], @groups::text[]) as n(id, throttle_group) join bounces b on b.id = n.id
              group by b.relay_id, n.throttle_group, b.reason) d
        order by coalesce(d.relay_id, 0), d.throttle_group, d.reason
        on conflict (coalesce(relay_id, 0), throttle_group, reason) where cleared_at is null
        do update set count = a.count + excluded.count, last_at = now(), sample = coalesce(excluded.sample, a.sample)
        """;

    // A suppression that was there for another reason is not this one's to be lifted with.
    private const string Settle = /*lang=sql*/ """
        update bounces b
        set settled_at = now(), throttle_group = n.throttle_group,
            consequence = case
                when b.kind = 'sender' then 'alarm'
                when b.kind = 'message' then 'none'
                when p.id is not null then 'suppressed'
                when b.kind = 'soft' then 'counted'
                else 'none'
            end,
            suppression_id = case when p.reason = case b.kind when 'hard' then 'hard_bounce' when 'soft' then 'soft_bounces' when 'complaint' then 'complaint' end then p.id end
        from unnest(@ids::bigint[], @groups::text[], @addresses::text[]) as n(id, throttle_group, address)
        left join suppressions p on lower(p.address) = lower(n.address)
        where b.id = n.id
        """;

    /// <summary>Settles what waits, until nothing does.</summary>
    /// <returns>Issues that somebody complained of.</returns>
    public async Task<IReadOnlyCollection<long>> SettleAsync(CancellationToken stop)
    {
        var complained = new HashSet<long>();
        while (true)
        {
            var settled = await SettleSomeAsync(stop);
            complained.UnionWith(settled.Where(one => one is { Kind: "complaint", Issue: not null }).Select(one => one.Issue!.Value));
            if (settled.Count < MostAtOnce)
                return complained;
        }
    }

    private Task<List<Unsettled>> SettleSomeAsync(CancellationToken stop) => CrossedWrite.RunReferringAsync(
        async () =>
        {
            await using var connection = await database.OpenConnectionAsync(stop);
            await using var transaction = await connection.BeginTransactionAsync(stop);
            var due = (await connection.QueryAsync<Unsettled>(new CommandDefinition(SelectUnsettled, new { rows = MostAtOnce }, cancellationToken: stop))).AsList();
            if (due.Count > 0)
                await SettleAsync(connection, due, stop);
            await transaction.CommitAsync(stop);
            return due;
        },
        stop);

    private async Task SettleAsync(NpgsqlConnection connection, List<Unsettled> due, CancellationToken stop)
    {
        await RunAsync(connection, Suppress, Ids(due, "hard"), ids => new { ids, reason = "hard_bounce" }, stop);
        await RunAsync(connection, Suppress, Ids(due, "complaint"), ids => new { ids, reason = "complaint" }, stop);
        await RunAsync(connection, SuppressSoft, Ids(due, "soft"), ids => new { ids, days = options.SoftBounceDays, hours = options.ArrivedAfterHours, limit = options.SoftBounces }, stop);
        await RunAsync(connection, Alarm, Ids(due, "sender"), ids => new { ids, groups = Groups(due.Where(one => one.Kind == "sender")) }, stop);
        foreach (var one in due.Where(one => one is { Kind: "complaint", Newsletter: not null }).OrderBy(one => one.Subscriber).ThenBy(one => one.Newsletter))
            await SubscriptionStore.UnsubscribeAsync(connection, one.Newsletter!.Value, one.Subscriber, "complaint", one.Issue, why: null, stop);
        var values = new { ids = due.Select(one => one.Id).ToArray(), groups = Groups(due), addresses = due.Select(one => one.Address).ToArray() };
        await connection.ExecuteAsync(new CommandDefinition(Settle, values, cancellationToken: stop));
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, long[] ids, Func<long[], object> values, CancellationToken stop)
    {
        if (ids.Length > 0)
            await connection.ExecuteAsync(new CommandDefinition(sql, values(ids), commandTimeout: 300, cancellationToken: stop));
    }

    private static long[] Ids(List<Unsettled> due, string kind) => [.. due.Where(one => one.Kind == kind).Select(one => one.Id)];

    private string[] Groups(IEnumerable<Unsettled> due) =>
        [.. due.Select(one => one.Address is { } address ? groups.Of(address[(address.LastIndexOf('@') + 1)..].ToLowerInvariant()) : ThrottleGroups.Other)];

    private sealed record Unsettled
    {
        public long Id { get; init; }
        public string Kind { get; init; } = "";
        public long Subscriber { get; init; }
        public long? Newsletter { get; init; }
        public long? Issue { get; init; }
        public string? Address { get; init; }
    }
}
