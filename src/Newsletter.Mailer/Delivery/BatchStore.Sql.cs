namespace Newsletter.Mailer.Delivery;

public sealed partial class BatchStore
{
    // The issue with the fewest batches in work comes first, so that a small issue passes beside a huge one.
    // An expired lease is left alone until 30 s after the server's start: after an outage owners renew first.
    private const string Claim = /*lang=sql*/ """
        with next as materialized (
            select b.issue_id, b.batch_no, b.taken_over, i.part_key, n.from_address
            from issues i
            join newsletters n on n.id = i.newsletter_id
            cross join lateral (
                select count(*) as leased from batches x where x.issue_id = i.id and x.state = 'leased') l
            cross join lateral (
                select c.issue_id, c.batch_no, c.state = 'leased' as taken_over
                from batches c
                where c.issue_id = i.id and c.state <> 'done' and c.throttle_group <> all(@pass_over::text[])
                  and (c.not_before is null or c.not_before <= now())
                  and (c.state = 'ready'
                       or @may_take_over and c.lease_until < now() and pg_postmaster_start_time() < now() - @grace::interval)
                order by c.batch_no
                limit 1
                for update skip locked) b
            where i.state = 'sending'
            order by l.leased, i.id
            limit 1)
        update batches b
        set state = 'leased', lease_owner = @owner, lease_until = now() + @lease, fence = b.fence + 1, not_before = null
        from next n
        where b.issue_id = n.issue_id and b.batch_no = n.batch_no
        returning b.issue_id, b.batch_no, b.kind, b.fence, n.taken_over, n.part_key, b.first_seq, b.last_seq, n.from_address, b.throttle_group
        """;

    // From the places to whatever belongs to them, by index and in the order written: a list just imported has no statistics yet, the
    // retries are empty whenever they are counted, and the planner would rather read all there is. OFFSET 0 keeps it from joining otherwise.
    // Whoever is held in the middle of a claim must not hold the batch for long: its owner's writes wait for that.
    private const string PlanByIndex = /*lang=sql*/ """
        set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; set local join_collapse_limit = 1;
        set local idle_in_transaction_session_timeout = '30s'
        """;

    // The places of a batch that may still need something: none that waits for its own retry.
    private const string SelectFirstPlaces = /*lang=sql*/ """
        select d.seq
        from deliveries d
        where d.part_key = @part and d.issue_id = @issue and d.seq between @first and @last and d.status in ('pending', 'sending')
          and not exists (select from retries r where r.issue_id = @issue and r.seq = d.seq offset 0)
        """;

    private const string SelectRetryPlaces = /*lang=sql*/ """
        select r.seq from retries r where r.issue_id = @issue and r.batch_no = @batch
        """;

    // What the lost owner had in flight may or may not have arrived (RFC 1047): sent once more where the policy says so, else unknown.
    private const string SettleInFlight = /*lang=sql*/ """
        update deliveries d
        set status = case when i.unknown_policy = 'resend' and d.resends = 0 then 'pending' else 'unknown' end::delivery_status,
            resends = case when i.unknown_policy = 'resend' and d.resends = 0 then 1 else d.resends end,
            attempts = d.attempts + 1,
            updated_at = now()
        from issues i
        where i.id = @issue and d.part_key = @part and d.issue_id = @issue and d.seq = any(@seqs) and d.status = 'sending'
        """;

    private const string HasLeft = /*lang=sql*/ """
        (b.id is null
         or s.status is distinct from 'active'
         or s.paused_until > now()
         or i.kind = 'issue' and s.frequency = 'digest'
         or exists (select from suppressions p where lower(p.address) = lower(b.address) and p.address is not null offset 0)
         or exists (select from suppressions p where lower(p.domain) = lower(split_part(b.address, '@', -1)) and p.domain is not null offset 0))
        """;

    private const string Places = /*lang=sql*/ """
        from unnest(@seqs::integer[]) p (seq)
        cross join lateral (
            select x.* from deliveries x where x.part_key = @part and x.issue_id = @issue and x.seq = p.seq offset 0) d
        join issues i on i.id = @issue
        left join subscribers b on b.id = d.subscriber_id
        left join subscriptions s on s.newsletter_id = i.newsletter_id and s.subscriber_id = d.subscriber_id
        """;

    // For whoever holds the lease: another may have begun what this one knows nothing of.
    private const string Gone = /*lang=sql*/ """
        gone as (
            select d.seq,
                   case when b.id is null then 'erased'
                        when s.status is distinct from 'active' then 'unsubscribed'
                        when s.paused_until > now() then 'paused'
                        when i.kind = 'issue' and s.frequency = 'digest' then 'digest'
                        else 'suppressed' end as reason
        """ + "\n" + Places + /*lang=sql*/ """
         where d.status in ('pending', 'deferred', 'unknown')
          and exists (select from batches b where b.issue_id = @issue and b.batch_no = @batch and b.fence = @fence and b.state = 'leased')
          and
        """ + " " + HasLeft + ")";

    private const string SelectGone = /*lang=sql*/ "with " + Gone + " select seq from gone";

    // Whoever has left is skipped, unless a first copy may have arrived: that stays unknown. Neither waits for anything more.
    private const string Exclude = /*lang=sql*/ "with " + Gone + /*lang=sql*/ """
        ,
        skipped as (
            update deliveries d
            set status = case when d.resends > 0 then 'unknown' else 'skipped' end::delivery_status,
                reason = case when d.resends > 0 then null else g.reason end,
                updated_at = now()
            from gone g
            where d.part_key = @part and d.issue_id = @issue and d.seq = any(array(select seq from gone)) and d.seq = g.seq
              and d.status in ('pending', 'deferred')),
        settled as (
            delete from retries where issue_id = @issue and seq = any(array(select seq from gone)))
        select seq from gone
        """;

    // An unknown is among them only where it is to be sent once more; its resend counts from here.
    private const string SelectDeliveries = /*lang=sql*/ """
        select d.seq, d.subscriber_id, d.variant, d.attempts, (d.resends + (d.status = 'unknown')::integer)::smallint as resends, d.dot_faults,
               b.address, b.name, first_name(b.name, b.attributes) as first_name,
               s.tier, b.language, b.attributes::text as attributes,
               (select now() - r.since from retries r where r.issue_id = @issue and r.seq = d.seq) as deferred_for,
               d.status in ('pending', 'deferred') or d.status = 'unknown' and i.unknown_policy = 'resend' and d.resends = 0 as wanted,
        """ + " coalesce(" + HasLeft + ", false) as gone " + Places + /*lang=sql*/ " where d.status in ('pending', 'deferred', 'unknown') order by d.seq";

    // Locked in the order in which the ledger's writes lock them: neither waits for the other in a circle.
    private const string Renew = /*lang=sql*/ """
        with ours as materialized (
            select b.issue_id, b.batch_no
            from unnest(@issues::bigint[], @batches::integer[], @fences::bigint[]) as o(issue_id, batch_no, fence)
            join batches b on b.issue_id = o.issue_id and b.batch_no = o.batch_no and b.fence = o.fence and b.state = 'leased'
            order by b.issue_id, b.batch_no
            for no key update of b)
        update batches b
        set lease_until = now() + @lease
        from ours o
        where b.issue_id = o.issue_id and b.batch_no = o.batch_no
        returning b.issue_id, b.batch_no
        """;

    // Not while the journal says something of it that is not posted: then the lease runs out, and whoever takes it over posts that first.
    private const string Complete = /*lang=sql*/ """
        with done as (
            update batches
            set state = 'done', lease_owner = null, lease_until = null, done_at = now()
            where issue_id = @issue and batch_no = @batch and fence = @fence and state = 'leased'
              and not exists (select from ledger_journal j where j.issue_id = @issue and j.batch_no = @batch)
            returning issue_id, batch_no)
        delete from retries r using done where r.issue_id = done.issue_id and r.batch_no = done.batch_no
        """;

    private const string GiveBack = /*lang=sql*/ """
        update batches
        set state = 'ready', lease_owner = null, lease_until = null, not_before = now() + @delay
        where issue_id = @issue and batch_no = @batch and fence = @fence and state = 'leased'
          and not exists (select from ledger_journal j where j.issue_id = @issue and j.batch_no = @batch)
        """;

    // Of issues that are paused; those of the others are claimed.
    private const string SelectAbandoned = /*lang=sql*/ """
        select i.part_key, b.issue_id, b.batch_no
        from batches b join issues i on i.id = b.issue_id
        where b.state = 'leased' and b.lease_until < now() and i.state = 'paused'
          and exists (select from ledger_journal j where j.issue_id = b.issue_id and j.batch_no = b.batch_no)
        order by b.issue_id, b.batch_no
        limit 1000
        for no key update of b skip locked
        """;

    private const string AnyReady = /*lang=sql*/ """
        select exists (
            select from batches b join issues i on i.id = b.issue_id
            where i.state = 'sending' and b.state <> 'done'
              and (b.not_before is null or b.not_before <= now())
              and (b.state = 'ready' or b.lease_until < now()))
        """;
}
