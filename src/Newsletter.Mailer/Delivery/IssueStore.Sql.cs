namespace Newsletter.Mailer.Delivery;

/// <content>Its statements.</content>
public sealed partial class IssueStore
{
    private const string SelectSending = /*lang=sql*/ """
        select id, part_key, newsletter_id, link_key, nonce, unknown_policy from issues where id = @id
        """;

    private const string SelectContent = /*lang=sql*/ """
        select variant, segments from issue_content where issue_id = @id
        """;

    private const string SelectState = /*lang=sql*/ """
        select state from issues where id = @id
        """;

    private const string Pause = /*lang=sql*/ """
        update issues set state = 'paused', reason = @reason where id = @id and state = 'sending' returning id
        """;

    private const string PauseAll = /*lang=sql*/ """
        update issues set state = 'paused', reason = @reason where state = 'sending' returning id
        """;

    // A person who resumes has seen what was rejected or unknown so far: only what comes on top may pause it again.
    private const string Resume = /*lang=sql*/ """
        update issues i
        set state = 'sending', reason = null, resumed_at = now(),
            tolerated_complaints = (select count(*) from bounces c where c.issue_id = i.id and c.kind = 'complaint' and c.undone_at is null),
            tolerated = (select count(*) from deliveries d
                         where d.part_key = i.part_key and d.issue_id = i.id and d.status in ('rejected', 'unknown'))
        where i.id = @id and i.state = 'paused' and not exists (select from instance where held_reason is not null) returning i.id
        """;

    private const string SelectLastStart = /*lang=sql*/ """
        select max(greatest(frozen_at, resumed_at)) from issues where state = 'sending'
        """;

    private const string BeginCancel = /*lang=sql*/ """
        update issues set state = 'cancelling', reason = null where id = @id and state in ('sending', 'paused') returning id
        """;

    // Whoever is at it already will see it through.
    private const string LockCancelling = /*lang=sql*/ """
        select id from issues where id = @id and state = 'cancelling' for no key update skip locked
        """;

    private const string SelectAbandoned = /*lang=sql*/ """
        select i.part_key, b.batch_no
        from batches b join issues i on i.id = b.issue_id
        where b.issue_id = @id and b.state = 'leased' and b.lease_until < now()
        order by b.batch_no
        for no key update of b skip locked
        """;

    private const string CloseAbandoned = /*lang=sql*/ """
        update batches set state = 'done', done_at = now() where issue_id = @id and batch_no = any(@abandoned::integer[])
        """;

    // What a lease covers is let alone: its owner lays it down within a second, and knows alone what of it was begun.
    private const string CancelRows = /*lang=sql*/ """
        with held as materialized (
            select b.batch_no, b.kind, b.first_seq, b.last_seq
            from batches b where b.issue_id = @id and b.state = 'leased'),
        waiting as materialized (
            select r.seq from retries r where r.issue_id = @id and r.batch_no in (select batch_no from held)),
        gone as (
            delete from retries r where r.issue_id = @id and not exists (select from waiting w where w.seq = r.seq)),
        closed as (
            update batches set state = 'done', done_at = now()
            where issue_id = @id and state = 'ready')
        update deliveries d
        set status = case when d.status = 'sending' or d.resends > 0 then 'unknown' else 'cancelled' end::delivery_status, updated_at = now()
        from issues i
        where i.id = @id and i.state = 'cancelling' and d.part_key = i.part_key and d.issue_id = i.id
          and d.status in ('pending', 'deferred', 'sending')
          and not exists (select from held h where h.kind = 'first' and d.seq between h.first_seq and h.last_seq)
          and not exists (select from waiting w where w.seq = d.seq)
        """;

    private const string EndCancel = /*lang=sql*/ """
        update issues i set state = 'cancelled', finished_at = now()
        where i.id = @id and i.state = 'cancelling'
          and not exists (select from batches b where b.issue_id = i.id and b.state <> 'done')
          and not exists (select from deliveries d where d.part_key = i.part_key and d.issue_id = i.id and d.status in ('pending', 'sending', 'deferred'))
        returning i.id
        """;

    // The receipt must balance: every member of the audience has a row, and no row still waits for anything.
    // CASE keeps the order: a million rows are counted only once nothing is open any more.
    private const string Finish = /*lang=sql*/ """
        update issues i set state = 'finished', finished_at = now()
        where i.id = @id and i.state = 'sending'
          and case
              when exists (select from batches b where b.issue_id = i.id and b.state <> 'done') then false
              when exists (select from retries r where r.issue_id = i.id) then false
              else i.audience = (select count(*) from deliveries d
                                 where d.part_key = i.part_key and d.issue_id = i.id
                                   and d.status in ('accepted', 'rejected', 'unknown', 'expired', 'cancelled', 'failed', 'skipped'))
              end
        returning i.id
        """;

    // Rows that wait while nothing waits for them (a crash between two writes) get their turn now; what was in flight becomes unknown,
    // and has its turn where the policy says so.
    private const string RescueStrays = /*lang=sql*/ """
        with idle as materialized (
            select i.id, i.part_key, i.unknown_policy from issues i
            where i.id = @id and i.state = 'sending'
              and not exists (select from batches b where b.issue_id = i.id and b.state <> 'done')),
        strays as materialized (
            select d.part_key, d.issue_id, d.seq, d.status = 'sending' as lost,
                   d.status <> 'sending' or idle.unknown_policy = 'resend' and d.resends = 0 as again
            from idle join deliveries d on d.part_key = idle.part_key and d.issue_id = idle.id
            where d.status in ('pending', 'deferred', 'sending')
              and not exists (select from retries r where r.issue_id = d.issue_id and r.seq = d.seq)),
        settled as (
            update deliveries d set status = 'unknown', attempts = d.attempts + 1, updated_at = now()
            from strays s
            where s.lost and d.part_key = s.part_key and d.issue_id = s.issue_id and d.seq = s.seq and d.status = 'sending')
        insert into retries (issue_id, seq, since, next_at)
        select issue_id, seq, now(), now() from strays where again
        on conflict do nothing
        """;

    // One statement, so that no crash leaves readers rejected for what was the sender's fault.
    private const string PauseAndPutBack = /*lang=sql*/ """
        with paused as (
            update issues set state = 'paused', reason = @reason where id = @id and state = 'sending' and @reason::text is not null returning id),
        back as (
            update deliveries d set status = 'pending', smtp_code = null, detail_id = null, attempts = greatest(d.attempts - 1, 0), updated_at = now()
            from issues i
            where i.id = @id and (i.state = 'paused' or i.state = 'sending' and @reason::text is not null)
              and d.part_key = i.part_key and d.issue_id = i.id and d.seq = any(@seqs) and d.status = 'rejected'
            returning d.seq),
        waiting as (
            insert into retries (issue_id, seq, since, next_at) select @id, seq, now(), now() from back
            on conflict (issue_id, seq) do update set next_at = now(), batch_no = null),
        apart as (
            -- What a relay answers next time is told anew.
            update bounces b set seq = null from back where b.issue_id = @id and b.seq = back.seq and b.source = 'reply')
        select exists (select from paused) as paused, array(select seq from back) as seqs
        """;

    private const string CountTroubles = /*lang=sql*/ """
        select i.audience, i.tolerated,
               count(*) filter (where d.status = 'unknown') as unknown,
               count(*) filter (where d.status = 'rejected') as rejected,
               count(*) filter (where d.status in ('accepted', 'rejected', 'unknown', 'deferred', 'expired')) as attempted
        from issues i join deliveries d on d.part_key = i.part_key and d.issue_id = i.id
        where i.id = @id and i.state = 'sending'
        group by i.id
        """;

    private const string SelectOpen = /*lang=sql*/ """
        select id, state from issues where state in ('sending', 'cancelling') order by id
        """;

    private const string SelectRejectedReply = /*lang=sql*/ """
        select s.code || coalesce(' ' || s.status, '') || ' ' || s.text
        from issues i
        join deliveries d on d.part_key = i.part_key and d.issue_id = i.id and d.status = 'rejected'
        join smtp_details s on s.id = d.detail_id
        where i.id = @id
        group by s.id order by count(*) desc limit 1
        """;
}
