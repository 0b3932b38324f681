namespace Newsletter.Mailer.Audience;

/// <content>Its statements.</content>
public sealed partial class ImportMergeStore
{
    private const string TryLock = /*lang=sql*/ "select pg_try_advisory_lock(hashtextextended('newsletter import', @importId))";

    private const string Unlock = /*lang=sql*/ "select pg_advisory_unlock(hashtextextended('newsletter import', @importId))";

    private const string Begin = /*lang=sql*/ """
        update imports
        set attempts = attempts + 1
        where id = @importId and state = 'merging'
        returning newsletter_id as "NewsletterId", tier as "Tier", attempts as "Attempts", staged as "Staged", merged as "Merged",
                  rows as "Rows", bytes as "Bytes", invalid as "Invalid", source as "Source", status as "Status", dry_run as "DryRun"
        """;

    // Rows that should wait and don't. In one statement, for it sees one moment: whoever is erased takes rows away and counts them in one commit.
    private const string CountMissing = /*lang=sql*/ """
        select staged - merged - (select count(*) from import_rows where import_id = @importId) from imports where id = @importId
        """;

    // Without it the planner takes a full table for an empty one and sorts what is left of a million rows for each chunk's end: 13 s in all.
    private const string Analyze = /*lang=sql*/ "analyze import_rows";

    private const string SelectUpTo = /*lang=sql*/ """
        select max(key) from (select key from import_rows where import_id = @importId and key > @after order by key limit @rows) as chunk
        """;

    // taken: the chunk, off the staging table. latest: the last right row of each address, and the strictest word of all its rows that somebody is
    // not to be mailed. judged: what there is already. Of subscriptions that exist only those are touched one of whose rows says that they left,
    // whatever else it says and is wrong with it (unless they have come back by themselves since the time that it names, or the end of that day), or
    // which tier they have: whoever left or hasn't confirmed stays so. Who is listed as bounced or complained becomes a suppression, and no reader;
    // who left as well, or in a row that is wrong elsewhere, is kept away, so that they stay gone. A subscriber who appeared or vanished since the
    // statement began makes written shorter than due, and the caller starts the chunk over. What is there is looked up row by row on
    // purpose (lateral, scalar subqueries): the planner knows nothing of a chunk's size, and a join it guesses wrong is quadratic.
    private const string MergeChunk = /*lang=sql*/ """
        with taken as (
            delete from import_rows
            where import_id = @importId and key > @after and key <= @upTo
            returning key, row_no, line, address, domain, name, attributes, tags, wanted, tier, subscribed_at, language, time_zone, has_left, left_at, is_wrong, frequency
        ), latest as (
            select distinct on (key) key, row_no, line, address, domain, name, attributes, tags, tier, subscribed_at, language, time_zone, is_wrong, frequency,
                   coalesce(('{unsubscribed,bounced,complained,blocked,hashed}'::text[])[
                       max(array_position('{unsubscribed,bounced,complained,blocked,hashed}'::text[], wanted)) over (partition by key)], wanted) as wanted,
                   bool_or(has_left or coalesce(wanted = 'unsubscribed', false)) over (partition by key) as has_left, max(left_at) over (partition by key) as left_at,
                   bool_or((has_left or coalesce(wanted = 'unsubscribed', false)) and left_at is null) over (partition by key) as has_left_undated
            from taken
            order by key, is_wrong, row_no desc
        ), met as (
            select l.*, s.id as subscriber_id, s.name as present_name, s.attributes as present, s.attributes || l.attributes as merged,
                   s.tags as present_tags, l.language is not null and s.language is null or l.time_zone is not null and s.time_zone is null as is_told_more
            from latest l
            left join lateral (
                select id, name, attributes, tags, language, time_zone from subscribers where lower(subscribers.address) = l.key collate "default" limit 1) s on true
            offset 0
        ), judged as (
            select m.*,
                   exists (select from suppressions p where lower(p.address) = m.key collate "default")
                   or exists (select from suppressions p where lower(p.domain) = m.domain)
                   or coalesce(m.wanted in ('bounced', 'complained', 'blocked', 'hashed'), false) as is_suppressed,
                   subscriber_id is null or (name is not null and name is distinct from present_name) or merged <> present
                   or not coalesce(tags <@ present_tags, true) or is_told_more as is_due,
                   subscriber_id is not null
                   and (merged <> present and (select count(*) from jsonb_object_keys(merged)) > @maxKeys
                        or not coalesce(tags <@ present_tags, true) and cardinality(merge_tags(present_tags, tags)) > @maxTags) as is_overfull,
                   (select x.status from subscriptions x where x.newsletter_id = @newsletterId and x.subscriber_id = m.subscriber_id) as status
            from met m
        ), good as (
            select * from judged where not is_suppressed and not is_overfull and not is_wrong
        ), written as (
            insert into subscribers as s (address, name, attributes, tags, language, time_zone)
            select address, name, attributes, coalesce(tags, '{}'), language, time_zone from good where is_due order by key
            on conflict (lower(address)) do update
            set name = coalesce(excluded.name, s.name), attributes = s.attributes || excluded.attributes,
                tags = case when excluded.tags <@ s.tags then s.tags else merge_tags(s.tags, excluded.tags) end,
                language = coalesce(s.language, excluded.language), time_zone = coalesce(s.time_zone, excluded.time_zone), updated_at = now()
            where (excluded.name is not null and excluded.name is distinct from s.name) or (s.attributes || excluded.attributes) <> s.attributes
               or not excluded.tags <@ s.tags
               or excluded.language is not null and s.language is null or excluded.time_zone is not null and s.time_zone is null
            returning s.id, s.xmax = 0 as is_new, s.address
        ), members as (
            /*members*/ select id, null::text as wanted, null::text as tier, null::timestamptz as subscribed_at, null::timestamptz as left_at, null::text as frequency from written
            union all select subscriber_id, wanted, tier, subscribed_at, left_at, frequency from good where not is_due and status is null
        ), subscribed as (
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, created_at, confirmed_at, unsubscribed_at, unsubscribed_by, frequency)
            select @newsletterId, member.id, coalesce(member.wanted, 'active'), coalesce(member.tier, @tier), coalesce(member.subscribed_at, member.left_at, now()),
                   case when member.wanted is distinct from 'pending' then coalesce(member.subscribed_at, member.left_at, now()) end,
                   case when member.wanted = 'unsubscribed' then greatest(coalesce(member.left_at, now()), member.subscribed_at) end, case when member.wanted = 'unsubscribed' then 'import' end,
                   coalesce(member.frequency, 'every')
            from members member
            order by member.id
            on conflict (newsletter_id, subscriber_id) do nothing
            returning subscriber_id, status
        ), changed as (
            update subscriptions x
            set tier = coalesce(g.tier, x.tier),
                status = coalesce(g.wanted, x.status),
                unsubscribed_at = case when g.wanted = 'unsubscribed' then now() end,
                unsubscribed_by = case when g.wanted = 'unsubscribed' then 'import' end
            from (select @newsletterId::bigint as newsletter_id, subscriber_id, case when has_left_undated then null else left_at end as left_at,
                         case when is_good then tier end as tier, case when has_left then 'unsubscribed' else nullif(wanted, 'pending') end as wanted, is_good
                  from (select j.*, not is_suppressed and not is_overfull and not is_wrong as is_good from judged j) j
                  where status in ('active', 'pending') and (has_left or is_good and tier is not null)
                  offset 0) g
            where x.newsletter_id = g.newsletter_id and x.subscriber_id = g.subscriber_id and x.status <> 'unsubscribed'
              and not (g.wanted = 'unsubscribed' and exists (
                  select from consents c
                  where c.subscriber_id = x.subscriber_id and c.newsletter_id = @newsletterId and c.action in ('confirmed', 'restored') and c.how = 'mailed_link'
                    and c.at > g.left_at + case when (g.left_at at time zone 'UTC')::time = '00:00' then interval '1 day' else interval '0' end))
            returning x.subscriber_id, x.status, g.is_good
        ), kept_away as (
            insert into subscribers as s (address)
            select address from judged where (is_suppressed or is_wrong) and has_left and subscriber_id is null and wanted is distinct from 'hashed' order by key
            on conflict (lower(address)) do update set updated_at = s.updated_at
            returning s.id, s.address
        ), remembered as (
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, created_at, confirmed_at, unsubscribed_at, unsubscribed_by)
            select @newsletterId, w.id, 'unsubscribed', @tier, coalesce(w.left_at, now()), coalesce(w.left_at, now()), coalesce(w.left_at, now()), 'import'
            from (select k.id, j.left_at from kept_away k join judged j on j.key collate "default" = lower(k.address)
                  union all select subscriber_id, left_at from judged where (is_suppressed or is_wrong or is_overfull) and has_left and subscriber_id is not null and status is null) w
            order by w.id
            on conflict (newsletter_id, subscriber_id) do nothing
            returning subscriber_id
        ), told as (
            insert into consents (newsletter_id, subscriber_id, action, form)
            select @newsletterId, subscriber_id, 'withdrawn', 'import'
            from (select subscriber_id from changed where status = 'unsubscribed'
                  union all select j.subscriber_id from judged j
                  where j.status = 'unsubscribed' and j.has_left
                    and exists (select from subscriptions s where s.newsletter_id = @newsletterId and s.subscriber_id = j.subscriber_id and
        """ + " " + SubscriptionStore.MayUndo + /*lang=sql*/ """
        )) w
            order by subscriber_id
        ), barred as (
            insert into suppressions (address, reason, evidence)
            select address, case wanted when 'bounced' then 'hard_bounce' when 'complained' then 'complaint' else 'imported' end,
                   'Listed as ' || wanted || ' in import ' || @importId::text || ' (' || @source::text || ').'
            from latest where wanted in ('bounced', 'complained', 'blocked')
            on conflict do nothing
            returning id
        )
        select (select count(*) from taken) as "Taken",
               (select count(*) from taken where is_wrong) as "Wrong",
               (select count(*) from written) as "Written",
               (select count(*) from written where is_new) as "Created",
               (select count(*) from subscribed where status = 'active') as "Subscribed",
               (select count(*) from subscribed where status = 'pending') as "Pending",
               (select count(*) from subscribed where status = 'unsubscribed') + (select count(*) from changed where status = 'unsubscribed' and is_good)
                   as "Unsubscribed",
               (select count(*) from changed where status = 'unsubscribed' and not is_good) + (select count(*) from remembered) as "AlsoUnsubscribed",
               (select count(*) from barred) as "Suppressions",
               count(*) as "Latest",
               count(*) filter (where is_suppressed) as "Suppressed",
               count(*) filter (where is_overfull and not is_suppressed) as "Overfull",
               array_agg(line order by row_no) filter (where is_overfull and not is_suppressed) as "OverfullLines",
               count(*) filter (where not is_suppressed and not is_overfull and is_due) as "Due",
               count(*) filter (where not is_suppressed and not is_overfull and status = 'unsubscribed') as "KeptUnsubscribed",
               count(*) filter (where not is_suppressed and not is_overfull and status = 'pending' and wanted is distinct from 'unsubscribed') as "KeptPending"
        from judged
        where not is_wrong
        """;

    // In the place of the mark above where the file says more than name and attributes: a plain one needn't pay for the join.
    private static readonly string PlainMembers = "/*members*/ select id, null::text as wanted, null::text as tier, null::timestamptz as subscribed_at, null::timestamptz as left_at, null::text as frequency from written";

    private static readonly string MembersWithExtras =
        "select w.id, g.wanted, g.tier, g.subscribed_at, g.left_at, g.frequency from written w join good g on g.key collate \"default\" = lower(w.address)";

    // Once a dry run has undone its chunk.
    private const string Note = /*lang=sql*/ """
        insert into import_problems (import_id, line, reason)
        select @importId, x.line, @overfullReason
        from unnest(@lines::bigint[]) with ordinality x (line, place)
        where (select invalid from imports where id = @importId) < @maxProblems
        order by x.place
        """;

    private const string MarkChunk = "savepoint before_chunk";

    private const string UndoChunk = "rollback to savepoint before_chunk";

    // What a dry run does to its chunk, once what it would have done is counted and undone.
    private const string DropChunk = /*lang=sql*/ """
        delete from import_rows where import_id = @importId and key > @after and key <= @upTo
        """;

    private const string Add = /*lang=sql*/ """
        update imports
        set attempts = 0, merged = merged + @Taken, duplicates = duplicates + @Taken - @Wrong - @Latest, suppressed = suppressed + @Suppressed,
            invalid = invalid + @Overfull, created = created + @Created, updated = updated + @Updated, unchanged = unchanged + @Unchanged,
            subscribed = subscribed + @Subscribed, already_subscribed = already_subscribed + @AlreadySubscribed,
            kept_unsubscribed = kept_unsubscribed + @KeptUnsubscribed, kept_pending = kept_pending + @KeptPending,
            unsubscribed = unsubscribed + @Unsubscribed, pending = pending + @Pending, suppressions = suppressions + @Suppressions,
            also_unsubscribed = also_unsubscribed + @AlsoUnsubscribed
        where id = @ImportId and state = 'merging'
        returning merged
        """;

    private const string Finish = /*lang=sql*/ """
        update imports set state = 'finished', finished_at = now() where id = @importId and state = 'merging' returning true
        """;

    private const string Fail = /*lang=sql*/ """
        with failed as (
            update imports set state = 'failed', finished_at = now(), reason = @reason where id = @importId and state = 'merging' returning id),
        cleared as (delete from import_rows where import_id in (select id from failed))
        select true from failed
        """;
}
