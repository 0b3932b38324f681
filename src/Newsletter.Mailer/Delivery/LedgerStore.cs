using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Makes outcomes and intents durable: whatever a worker's connections have to say goes, in one commit, as a line each into the
/// journal; <see cref="LedgerPostingStore"/> posts it to the deliveries in bulk. An outcome that is more than an acceptance is entered
/// there at once, in the same commit.
/// </summary>
public sealed partial class LedgerStore(NpgsqlDataSource database)
{
    // The batch is held (FOR SHARE) until the commit: whoever takes it over comes before, and then there is nothing more to say here, or
    // after, and then finds every line. An intent needs the live lease and an issue that is sending: a pause or a lost lease stops the
    // very next message. A lease that ran out is no longer live although nobody has taken it over yet: whoever wakes up late must not
    // begin what another is about to settle. Once it is renewed, the next message may go.
    private const string Write = /*lang=sql*/ """
        with held as materialized (
            select n.issue_id, n.batch_no, n.fence, n.outcomes, n.lines, i.state = 'sending' and b.lease_until >= now() as may_begin
            from unnest(@issue::bigint[], @batch::integer[], @fence::bigint[], @outcomes::bytea[], @lines::bytea[])
                as n(issue_id, batch_no, fence, outcomes, lines)
            join batches b on b.issue_id = n.issue_id and b.batch_no = n.batch_no and b.fence = n.fence and b.state = 'leased'
            join issues i on i.id = n.issue_id
            order by b.issue_id, b.batch_no
            for share of b),
        kept as (
            insert into ledger_journal (issue_id, batch_no, fence, writer, write_no, lines)
            select h.issue_id, h.batch_no, h.fence, @writer, @write_no, case when h.may_begin then h.lines else h.outcomes end
            from held h
            where h.may_begin or h.outcomes is not null)
        select issue_id, batch_no, fence, may_begin from held
        """;

    // After a commit whose answer was lost: what it wrote, if it did, and whether what it began may still be sent.
    private const string SelectWritten = /*lang=sql*/ """
        select j.issue_id, j.batch_no, j.fence, j.lines, b.lease_until >= now() as live
        from unnest(@issue::bigint[], @batch::integer[], @fence::bigint[]) n(issue_id, batch_no, fence)
        join batches b on b.issue_id = n.issue_id and b.batch_no = n.batch_no and b.fence = n.fence and b.state = 'leased'
        join ledger_journal j on j.issue_id = n.issue_id and j.batch_no = n.batch_no
        where j.writer = @writer and j.write_no = @write_no
        order by b.issue_id, b.batch_no
        for share of b
        """;

    // Under a lease that is held the delivery is ours, whatever the ledger says of it: that it was begun may stand in the journal only.
    // Else an outcome counts in one case alone: who lost the lease and then learns that the relay did accept knows more than the new owner's "unknown".
    private const string Enter = /*lang=sql*/ """
        with o as (
            select * from unnest(
                @issue::bigint[], @seq::integer[], @held::boolean[], @status::text[],
                @relay::smallint[], @code::smallint[], @queue::text[], @detail::bigint[], @attempts::smallint[],
                @dot_faults::smallint[], @retry_in::double precision[], @suppress::boolean[], @kind::text[], @failure::text[], @enhanced::text[], @evidence::text[])
            as o(issue_id, seq, held, status, relay_id, smtp_code, queue_id, detail_id, attempts,
                 dot_faults, retry_in, suppress, kind, failure, enhanced, evidence)),
        written as (
            update deliveries d
            set status = o.status::delivery_status,
                attempts = d.attempts + o.attempts,
                resends = d.resends + (o.held and d.status = 'unknown')::integer,
                dot_faults = d.dot_faults + o.dot_faults,
                relay_id = coalesce(o.relay_id, d.relay_id),
                smtp_code = o.smtp_code,
                queue_id = o.queue_id,
                detail_id = o.detail_id,
                updated_at = now()
            from o
            where d.part_key = @only_part and d.issue_id = o.issue_id and d.seq = o.seq
              and (o.held and d.status in ('pending', 'sending', 'deferred', 'unknown') or d.status = 'unknown' and o.status = 'accepted')
            returning d.issue_id, d.seq, d.subscriber_id),
        rescheduled as (
            insert into retries (issue_id, seq, since, next_at)
            select w.issue_id, w.seq, now(), now() + o.retry_in * interval '1 second'
            from written w join o using (issue_id, seq)
            where o.retry_in is not null
            on conflict (issue_id, seq) do update set next_at = excluded.next_at, batch_no = null),
        suppressed as (
            insert into suppressions (address, reason, evidence)
            select b.address, 'hard_bounce', o.evidence
            from written w join o using (issue_id, seq) join subscribers b on b.id = w.subscriber_id
            where o.suppress
            on conflict do nothing),
        failed as (
            insert into bounces (subscriber_id, newsletter_id, issue_id, seq, kind, reason, status, reply_code, evidence, source, relay_id)
            select w.subscriber_id, i.newsletter_id, w.issue_id, w.seq, o.kind, o.failure, o.enhanced, nullif(o.smtp_code, 0), o.evidence, 'reply', o.relay_id
            from written w join o using (issue_id, seq) join issues i on i.id = w.issue_id
            where o.kind is not null
            on conflict do nothing)
        select issue_id, seq from written
        """;

    // Index look-ups always: a freshly made partition has no statistics yet, and a plan that reads it whole would stay.
    // And planned once: left to itself the server plans a short write anew each time, for longer than the write takes.
    // Whoever is held in the middle of a write, its machine asleep for instance, must not hold the journal against whoever takes its batches
    // over: that one waits for the claim's own patience, which is longer.
    private const string PlanByIndex = /*lang=sql*/ """
        set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan;
        set idle_in_transaction_session_timeout = '10s'
        """;

    private readonly SmtpDetailStore _details = new();

    /// <summary>A connection of the recorder's own, set up for <see cref="WriteAsync"/>.</summary>
    public async Task<Session> OpenAsync(CancellationToken stop) => new(await OpenPlannedAsync(database, stop));

    /// <summary>Commits outcomes and intents together.</summary>
    /// <param name="session">From <see cref="OpenAsync"/>.</param>
    /// <param name="write">What there is to say.</param>
    /// <param name="again">The same write was tried before and its fate is not known.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<LedgerWritten> WriteAsync(Session session, LedgerWrite write, bool again, CancellationToken stop)
    {
        var drafts = LedgerDraft.Of(write, await _details.IdsOf(session.Connection, write.Outcomes, stop));
        var found = again && await session.FindWrittenAsync(write, drafts, stop);
        if (!found && !write.IsPlain)
            return LedgerWritten.Of(write, drafts, await WriteAndEnterAsync(session, write, drafts, stop), found);
        if (!found)
            await session.KeepAsync(write, drafts, stop);
        return LedgerWritten.Of(write, drafts, await session.EnterAsync(drafts.Where(draft => !draft.IsHeld), stop), found);
    }

    internal static async Task<NpgsqlConnection> OpenPlannedAsync(NpgsqlDataSource database, CancellationToken stop)
    {
        var connection = await database.OpenConnectionAsync(stop);
        try
        {
            await using var set = new NpgsqlCommand(PlanByIndex, connection);
            await set.ExecuteNonQueryAsync(stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<HashSet<(long, int)>> WriteAndEnterAsync(Session session, LedgerWrite write, List<LedgerDraft> drafts, CancellationToken stop)
    {
        await using var transaction = await session.Connection.BeginTransactionAsync(stop);
        await session.KeepAsync(write, drafts, stop);
        var entered = await session.EnterAsync(drafts, stop);
        await transaction.CommitAsync(stop);
        return entered;
    }
}

/// <summary>What a commit is to say.</summary>
/// <param name="Writer">Names the recorder.</param>
/// <param name="No">Place among its commits.</param>
/// <param name="Outcomes">Of deliveries that were being sent.</param>
/// <param name="Next">Deliveries to be sent next.</param>
public sealed record LedgerWrite(Guid Writer, long No, IReadOnlyList<LedgerEntry> Outcomes, IReadOnlyList<DeliveryKey> Next)
{
    /// <summary>Acceptances and intents: lines in the journal say all of it.</summary>
    public bool IsPlain { get; } = Outcomes.All(LedgerDraft.IsPlainOutcome);
}

/// <summary>What a commit did.</summary>
/// <param name="Written">Of each outcome, whether it is durable now; one that is not had been taken over.</param>
/// <param name="Intended">Of each intent, whether it is durable now: only these may be sent.</param>
/// <param name="Pages">What stands in the journal now, to be entered in the ledger.</param>
public sealed record LedgerWritten(IReadOnlyList<bool> Written, IReadOnlyList<bool> Intended, IReadOnlyList<LedgerPage> Pages)
{
    internal static LedgerWritten Of(LedgerWrite write, IReadOnlyList<LedgerDraft> drafts, IReadOnlySet<(long IssueId, int Seq)> entered, bool found)
    {
        LedgerDraft DraftOf(DeliveryKey key) => drafts.First(draft => draft.IsOf(key));
        var written = new bool[write.Outcomes.Count];
        for (var at = 0; at < written.Length; at++)
        {
            var (key, plain) = (write.Outcomes[at].Key, LedgerDraft.IsPlainOutcome(write.Outcomes[at]));
            written[at] = ((plain || found) && DraftOf(key).IsHeld) || (entered.Count > 0 && entered.Contains((key.IssueId, key.Seq)));
        }

        var intended = new bool[write.Next.Count];
        for (var at = 0; at < intended.Length; at++)
            intended[at] = DraftOf(write.Next[at]).MayBegin;
        return new LedgerWritten(written, intended, [.. drafts.Where(draft => draft.IsKept).Select(draft => draft.ToPage(write.No))]);
    }
}
