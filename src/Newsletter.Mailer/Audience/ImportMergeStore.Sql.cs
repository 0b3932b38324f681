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
                  rows as "Rows", bytes as "Bytes", invalid as "Invalid"
        """;

    private const string CountStaged = /*lang=sql*/ "select count(*) from import_rows where import_id = @importId";

    // Without it the planner takes a full table for an empty one and sorts what is left of a million rows for each chunk's end: 13 s in all.
    private const string Analyze = /*lang=sql*/ "analyze import_rows";

    private const string SelectUpTo = /*lang=sql*/ """
        select max(key) from (select key from import_rows where import_id = @importId and key > @after order by key limit @rows) as chunk
        """;

    // taken: the chunk, off the staging table. latest: the last row of each address. judged: what there is already. No row of
    // subscriptions that exists is touched: whoever left or hasn't confirmed stays so. A subscriber who appeared or vanished since the
    // statement began makes written shorter than due, and the caller starts the chunk over. What is there is looked up row by row on
    // purpose (lateral, scalar subqueries): the planner knows nothing of a chunk's size, and a join it guesses wrong is quadratic.
    private const string MergeChunk = /*lang=sql*/ """
        with taken as (
            delete from import_rows
            where import_id = @importId and key > @after and key <= @upTo
            returning key, row_no, line, address, domain, name, attributes
        ), latest as (
            select distinct on (key) * from taken order by key, row_no desc
        ), met as (
            select l.*, s.id as subscriber_id, s.name as present_name, s.attributes as present, s.attributes || l.attributes as merged
            from latest l
            left join lateral (
                select id, name, attributes from subscribers where lower(subscribers.address) = l.key collate "default" limit 1) s on true
            offset 0
        ), judged as (
            select m.*,
                   exists (select from suppressions p where lower(p.address) = m.key collate "default")
                   or exists (select from suppressions p where lower(p.domain) = m.domain) as is_suppressed,
                   subscriber_id is null or (name is not null and name is distinct from present_name) or merged <> present as is_due,
                   subscriber_id is not null and merged <> present
                   and (select count(*) from jsonb_object_keys(merged)) > @maxKeys as is_overfull,
                   (select x.status from subscriptions x where x.newsletter_id = @newsletterId and x.subscriber_id = m.subscriber_id) as status
            from met m
        ), good as (
            select * from judged where not is_suppressed and not is_overfull
        ), written as (
            insert into subscribers as s (address, name, attributes)
            select address, name, attributes from good where is_due order by key
            on conflict (lower(address)) do update
            set name = coalesce(excluded.name, s.name), attributes = s.attributes || excluded.attributes, updated_at = now()
            where (excluded.name is not null and excluded.name is distinct from s.name) or (s.attributes || excluded.attributes) <> s.attributes
            returning s.id, s.xmax = 0 as is_new
        ), subscribed as (
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at)
            select @newsletterId, member.id, 'active', @tier, now()
            from (select id from written union all select subscriber_id from good where not is_due and status is null) member
            order by member.id
            on conflict (newsletter_id, subscriber_id) do nothing
            returning subscriber_id
        ), noted as (
            insert into import_problems (import_id, line, reason)
            select @importId, line, @overfullReason
            from judged
            where is_overfull and not is_suppressed and (select invalid from imports where id = @importId) < @maxProblems
            order by row_no
        )
        select (select count(*) from taken) as "Taken",
               (select count(*) from written) as "Written",
               (select count(*) from written where is_new) as "Created",
               (select count(*) from subscribed) as "Subscribed",
               count(*) as "Latest",
               count(*) filter (where is_suppressed) as "Suppressed",
               count(*) filter (where is_overfull and not is_suppressed) as "Overfull",
               count(*) filter (where not is_suppressed and not is_overfull and is_due) as "Due",
               count(*) filter (where not is_suppressed and not is_overfull and status = 'unsubscribed') as "KeptUnsubscribed",
               count(*) filter (where not is_suppressed and not is_overfull and status = 'pending') as "KeptPending"
        from judged
        """;

    private const string Add = /*lang=sql*/ """
        update imports
        set attempts = 0, merged = merged + @Taken, duplicates = duplicates + @Taken - @Latest, suppressed = suppressed + @Suppressed,
            invalid = invalid + @Overfull, created = created + @Created, updated = updated + @Updated, unchanged = unchanged + @Unchanged,
            subscribed = subscribed + @Subscribed, already_subscribed = already_subscribed + @AlreadySubscribed,
            kept_unsubscribed = kept_unsubscribed + @KeptUnsubscribed, kept_pending = kept_pending + @KeptPending
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
