using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Opens a further round of a finished issue: in one transaction, all of it or nothing.</summary>
public sealed class ResendStore(NpgsqlDataSource database)
{
    // Replies repeat: a few hundred rows stand for all rejections of an issue.
    private const string SelectRejections = /*lang=sql*/ """
        select s.id, s.code, s.status, s.text
        from smtp_details s
        where s.id in (
            select d.detail_id from issues i
            join deliveries d on d.part_key = i.part_key and d.issue_id = i.id and d.status = 'rejected'
            where i.id = @id)
        """;

    private const string OpenRound = /*lang=sql*/ """
        update issues i
        set state = 'sending', round = i.round + 1, reason = null, finished_at = null, resumed_at = now()
        from (select x.id, x.finished_at from issues x where x.id = @id and x.state = 'finished' for no key update) old
        where i.id = old.id and not exists (select from instance where held_reason is not null)
        returning i.round, i.part_key as part, i.newsletter_id as newsletter, i.kind, coalesce(i.frozen_at, i.created_at) as started, old.finished_at as finished
        """;

    // Whoever may be mailed again is decided here once more: suppressions and subscriptions have moved on since the freeze.
    private const string SortOut = /*lang=sql*/ """
        insert into resends (issue_id, round, seq, left_out, former_round, status, reason, attempts, relay_id, smtp_code, queue_id, detail_id, updated_at)
        select d.issue_id, @round, d.seq,
               case when k.kind is null then case when d.status = 'skipped' then coalesce(d.reason, 'skipped') else d.status::text end
                    when k.kind <> all(@statuses::text[]) then k.kind
                    when b.id is null then 'erased'
                    when s.status is distinct from 'active' then 'unsubscribed'
                    when s.paused_until > now() then 'paused'
                    when @kind = 'issue' and s.frequency = 'digest' then 'digest'
                    when exists (select from suppressions p where lower(p.address) = lower(b.address) and p.address is not null) then 'suppressed'
                    when exists (select from suppressions p where lower(p.domain) = lower(split_part(b.address, '@', -1)) and p.domain is not null) then 'suppressed'
               end,
               d.round, d.status, d.reason, d.attempts, d.relay_id, d.smtp_code, d.queue_id, d.detail_id, d.updated_at
        from deliveries d
        cross join lateral (
            select case when d.status = 'rejected' and d.detail_id = any(@full::bigint[]) then 'mailbox_full'
                        when d.status in ('unknown', 'expired') then d.status::text end as kind) k
        left join subscribers b on b.id = d.subscriber_id
        left join subscriptions s on s.newsletter_id = @newsletter and s.subscriber_id = d.subscriber_id
        where d.part_key = @part and d.issue_id = @id and d.status <> 'accepted'
        """;

    // Whoever's late outcome came in since they were sorted out has the message: a sender that slept past its lease may still enter it.
    // Whose first copy may have arrived keeps that in mind: lost once more, or given up, it is unknown again and never sent by itself.
    private const string PutBack = /*lang=sql*/ """
        with again as materialized (
            select r.seq, r.status from resends r where r.issue_id = @id and r.round = @round and r.left_out is null),
        back as (
            update deliveries d
            set status = 'pending', round = @round, resends = d.resends + (d.status = 'unknown')::integer, attempts = 0, dot_faults = 0,
                relay_id = null, smtp_code = null, queue_id = null, detail_id = null, reason = null, updated_at = now()
            from again
            where d.part_key = @part and d.issue_id = @id and d.seq = again.seq and d.status = again.status
            returning d.seq),
        late as (
            update resends r set left_out = 'accepted'
            where r.issue_id = @id and r.round = @round and r.left_out is null and not exists (select from back where back.seq = r.seq)),
        apart as (
            -- What a relay answers next time is told anew.
            update bounces b set seq = null from back where b.issue_id = @id and b.seq = back.seq and b.source = 'reply')
        insert into retries (issue_id, seq, since, next_at) select @id, seq, now(), now() from back
        """;

    private const string KeepRounds = /*lang=sql*/ """
        insert into rounds (issue_id, round, statuses, started_at, finished_at)
        values (@id, @round - 1, null, @started, @finished), (@id, @round, @statuses::text[], now(), null)
        on conflict (issue_id, round) do update set finished_at = excluded.finished_at
        """;

    // Whoever asks for another round has seen what was rejected or unknown so far.
    private const string Tolerate = /*lang=sql*/ """
        update issues i
        set tolerated = (select count(*) from deliveries d where d.part_key = i.part_key and d.issue_id = i.id and d.status in ('rejected', 'unknown'))
        where i.id = @id
        """;

    private const string CountSorted = /*lang=sql*/ """
        select left_out as reason, count(*) as count from resends where issue_id = @id and round = @round group by left_out
        """;

    /// <summary>The different replies with which deliveries of an issue were rejected, by the id they are kept under.</summary>
    public async Task<IReadOnlyList<(long Id, SmtpReply Reply)>> RejectionsOf(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<(long Id, short Code, string? Status, string Text)>(new CommandDefinition(SelectRejections, new { id }, commandTimeout: 300, cancellationToken: stop));
        return [.. rows.Select(row => (row.Id, new SmtpReply(row.Code, row.Status, row.Text)))];
    }

    /// <summary>Opens the next round; null where the issue is not finished. Where nobody would be sent to, nothing is changed.</summary>
    /// <param name="id">The issue.</param>
    /// <param name="statuses">Whom to send to: <c>expired</c>, <c>unknown</c>, <c>mailbox_full</c>.</param>
    /// <param name="full">Ids of the replies that speak of a full mailbox.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<OpenedRound?> OpenAsync(long id, string[] statuses, long[] full, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await connection.QuerySingleOrDefaultAsync<RoundRow>(new CommandDefinition(OpenRound, new { id }, cancellationToken: stop)) is not { } row)
            return null;
        var values = new { id, statuses, full, round = row.Round, part = row.Part, newsletter = row.Newsletter, kind = row.Kind, started = row.Started, finished = row.Finished };
        Task<int> Do(string sql) => connection.ExecuteAsync(new CommandDefinition(sql, values, commandTimeout: 300, cancellationToken: stop));
        await Do(SortOut);
        var counts = await connection.QueryAsync<(string? Reason, long Count)>(new CommandDefinition(CountSorted, values, commandTimeout: 300, cancellationToken: stop));
        var sorted = counts.ToLookup(count => count.Reason, count => count.Count, StringComparer.Ordinal);
        var opened = new OpenedRound(
            row.Round,
            sorted[null].Sum(),
            new SortedDictionary<string, long>(sorted.Where(group => group.Key is not null).ToDictionary(group => group.Key!, group => group.Sum(), StringComparer.Ordinal), StringComparer.Ordinal));
        if (opened.Recipients == 0)
            return opened;

        await Do(PutBack);
        await Do(KeepRounds);
        await Do(Tolerate);
        await transaction.CommitAsync(stop);
        return opened;
    }

    private sealed class RoundRow
    {
        public int Round { get; init; }
        public long Part { get; init; }
        public long Newsletter { get; init; }
        public string Kind { get; init; } = "issue";
        public DateTimeOffset Started { get; init; }
        public DateTimeOffset? Finished { get; init; }
    }
}

/// <summary>A round as it was opened.</summary>
/// <param name="Round">Its number; the first sending is 1.</param>
/// <param name="Recipients">How many it sends to; 0: it was not opened.</param>
/// <param name="LeftOut">How many of those the issue has not reached it does not send to, by reason.</param>
public sealed record OpenedRound(int Round, long Recipients, IReadOnlyDictionary<string, long> LeftOut);
