namespace Newsletter.Mailer.Scheduling;

public sealed partial class FreezeStore
{
    private const string EstimateAudience = /*lang=sql*/ """
        select count(*) from subscriptions
        where newsletter_id = @newsletter and status = 'active' and (@tier = 'free' or tier = @tier) and (@kind = 'issue' or frequency = @kind)
        """;

    // Only the edition that is still due, at the revision that was rendered, becomes an issue: a second job finds nothing to publish.
    private const string InsertIssue = /*lang=sql*/ """
        with published as (
            update editions set state = 'published', updated_at = now()
            where id = @edition and state = 'scheduled' and revision = @revision and send_at <= now()
              and not exists (select from instance where held_reason is not null)
            returning id, newsletter_id, kind)
        insert into issues (edition_id, newsletter_id, kind, part_key, unknown_policy, link_key, sent_date, nonce, segment, segment_filter, variant_questions)
        select id, newsletter_id, kind, @part, @policy, @linkKey, @sentDate, @nonce, @segment, @filter, @questions::jsonb from published
        returning id
        """;

    private const string InsertContent = /*lang=sql*/ """
        insert into issue_content (issue_id, variant, name, segments, sha256, html_bytes)
        values (@issue, @variant, @name, @segments, @sha256, @htmlBytes)
        """;

    private const string InsertLinks = /*lang=sql*/ """
        insert into links (issue_id, link_no, url) select @issue, x.place, x.url from unnest(@urls::text[]) with ordinality x (url, place)
        """;

    private const string InsertPoll = /*lang=sql*/ """
        insert into polls (issue_id, poll_no, question, options, anonymous, comments, closes_at)
        values (@issue, @poll, @Question, @options, @anonymous, @comments, @closesAt)
        """;

    // A picture that was deleted since it was looked up makes this fail, and the freeze be tried again without it.
    private const string InsertPictures = /*lang=sql*/ """
        insert into issue_images (issue_id, image_id) select @issue, i from unnest(@images::bigint[]) i
        """;

    private const string SelectPartition = /*lang=sql*/ """
        select exists (select from pg_class where relname = @name and relispartition)
        """;

    // A row that another job has locked is in good hands.
    private const string LockFreezing = /*lang=sql*/ """
        select i.part_key, i.newsletter_id, i.kind, i.freeze_cursor, i.audience, e.tier, i.segment_filter, i.variant_questions::text, i.created_at, n.time_zone
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where i.id = @issue and i.state = 'freezing' and not exists (select from instance where held_reason is not null)
        for update of i skip locked
        """;

    // Readers are looked up row by row on purpose (lateral): the planner, which doesn't know how few a chunk is, reads all of them for each.
    // OFFSET 0 keeps it from joining otherwise, and from looking up the groups within that.
    // A chunk is numbered group by group, so that each group's members stand together and a batch is a range of places in one group.
    // Batches are numbered after those there are: whoever began the freeze may have cut batches of another size.
    private const string InsertChunk = /*lang=sql*/ """
        with members as (
            select s.subscriber_id, s.newsletter_id, s.tier,
                   case when s.paused_until > now() then 'paused' when @kind = 'issue' and s.frequency = 'digest' then 'digest' end as away
            from subscriptions s
            where s.newsletter_id = @newsletter and s.subscriber_id > @cursor and s.status = 'active' and (@tier = 'free' or s.tier = @tier)
              and (@kind = 'issue' or s.frequency = @kind)
              /*segment*/
            order by s.subscriber_id
            limit @chunk),
        located as (
            select m.subscriber_id, m.away, a.address, a.domain, a.variant
            from members m
            cross join lateral (
                select lower(b.address) as address, lower(split_part(b.address, '@', -1)) as domain, (b.plain_text::integer /*variant*/)::smallint as variant
                from subscribers b where b.id = m.subscriber_id
                offset 0) a
            offset 0),
        grouped as (
            select l.subscriber_id, l.variant, coalesce(e.throttle_group, f.throttle_group, 'other') collate "C" as throttle_group,
                   case when exists (select from suppressions p where lower(p.address) = l.address and p.address is not null)
                             or exists (select from suppressions p where lower(p.domain) = l.domain and p.domain is not null) then 'suppressed'
                        else l.away end as excluded
            from located l
            left join unnest(@domains::text[], @groups::text[]) e (domain, throttle_group) on e.domain = l.domain
            left join unnest(@domains::text[], @groups::text[]) f (domain, throttle_group) on f.domain = split_part(l.domain, '.', 1) || '.*'),
        numbered as materialized (
            select g.subscriber_id, g.variant, g.throttle_group, g.excluded,
                   @audience + row_number() over (order by g.throttle_group, g.subscriber_id) as seq,
                   (row_number() over (partition by g.throttle_group order by g.subscriber_id) - 1) / @size as slice
            from grouped g),
        frozen as (
            insert into deliveries (part_key, issue_id, seq, subscriber_id, variant, status, reason)
            select @part, @issue, n.seq, n.subscriber_id, n.variant,
                   case when n.excluded is null then 'pending' else 'skipped' end::delivery_status,
                   n.excluded
            from numbered n),
        cut as (
            insert into batches (issue_id, batch_no, throttle_group, first_seq, last_seq, size)
            select @issue,
                   (select coalesce(max(b.batch_no), 0) from batches b where b.issue_id = @issue) + row_number() over (order by min(n.seq)),
                   n.throttle_group, min(n.seq), max(n.seq), count(*) filter (where n.excluded is null)
            from numbered n
            group by n.throttle_group, n.slice
            having count(*) filter (where n.excluded is null) > 0)
        select count(*)::integer as frozen, coalesce(max(subscriber_id), @cursor) as cursor from numbered
        """;

    // What the statement above has in place of its mark where the issue is for a segment. Row by row for the same reason: OFFSET 0 keeps it so.
    private const string SegmentMark = "/*segment*/";

    private const string OfSegment = """
        and exists (
                select from subscribers b
                left join engagement g on g.subscriber_id = b.id and g.newsletter_id = s.newsletter_id
                where b.id = s.subscriber_id and (/*filter*/ true)
                offset 0)
        """;

    // What the statement has in place of its other mark: a bit for each question that decides the variant. A question about a segment is asked
    // of the one subscription.
    private const string VariantMark = " /*variant*/";

    private const string IsPremium = "m.tier = 'premium'";

    private const string InSegment = """
        exists (
                    select from subscriptions s
                    left join engagement g on g.subscriber_id = s.subscriber_id and g.newsletter_id = s.newsletter_id
                    where s.newsletter_id = m.newsletter_id and s.subscriber_id = b.id and (/*filter*/ true))
        """;

    // Once the audience is whole: a filter of the next issue's may ask who did what with this one. A digest is no issue to it:
    // of the last five issues, one would be none that most readers could get.
    private const string TellAudience = /*lang=sql*/ """
        insert into mailings (issue_id, newsletter_id, sent_at) select id, newsletter_id, now() from issues where id = @issue and kind = 'issue'
        on conflict do nothing
        """;

    // A chunk is sorted in memory, not on disk. Compiling the statement took three times as long as running it (0.56 of 0.90 s a chunk).
    private const string PlanChunk = /*lang=sql*/ "set local work_mem = '64MB'; set local jit = off";

    private const string Advance = /*lang=sql*/ """
        update issues
        set freeze_cursor = @cursor, audience = audience + @frozen,
            state = case when @last then 'sending' else state end,
            frozen_at = case when @last then now() end
        where id = @issue
        """;

    private const string SelectFreezing = /*lang=sql*/ """
        select id from issues where state = 'freezing' order by id
        """;

    private const string SelectUnfrozen = /*lang=sql*/ """
        select id from issues where edition_id = @edition and state = 'freezing'
        """;
}
