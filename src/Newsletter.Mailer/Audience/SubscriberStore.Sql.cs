namespace Newsletter.Mailer.Audience;

/// <content>Its statements.</content>
public sealed partial class SubscriberStore
{
    // More attributes than the limit give no row back, and nothing is written.
    private const string Upsert = /*lang=sql*/ """
        insert into subscribers as s (address, name, attributes, tags, time_zone, language)
        values (@Address, @Name, jsonb_strip_nulls(@Attributes::jsonb), @Tags::text[], @TimeZone, @Language)
        on conflict (lower(address)) do update
        set name = coalesce(excluded.name, s.name),
            attributes = jsonb_strip_nulls(s.attributes || @Attributes::jsonb),
            tags = merge_tags(s.tags, excluded.tags),
            time_zone = coalesce(excluded.time_zone, s.time_zone),
            language = coalesce(excluded.language, s.language),
            updated_at = now()
        where (select count(*) from jsonb_object_keys(jsonb_strip_nulls(s.attributes || @Attributes::jsonb))) <= @MaxKeys
          and cardinality(merge_tags(s.tags, excluded.tags)) <= @MaxTags
        returning s.id as "Id", s.xmax = 0 as "IsNew"
        """;

    private const string Change = /*lang=sql*/ """
        update subscribers
        set name = case when @SetName then @Name else name end,
            attributes = jsonb_strip_nulls(attributes || @Attributes::jsonb),
            tags = case when @SetTags then @Tags::text[] else tags end,
            time_zone = case when @SetTimeZone then @TimeZone else time_zone end,
            language = case when @SetLanguage then @Language else language end,
            updated_at = now()
        where id = @Id
          and (select count(*) from jsonb_object_keys(jsonb_strip_nulls(attributes || @Attributes::jsonb))) <= @MaxKeys
        returning id
        """;

    private const string SelectNewsletter = /*lang=sql*/ "select id from newsletters where slug = @slug";

    private const string Exists = /*lang=sql*/ "select exists (select from subscribers where lower(address) = lower(@address))";

    private const string SelectById = /*lang=sql*/ """
        select id as "Id", address as "Address", name as "Name", attributes::text as "Attributes", tags as "Tags", time_zone as "TimeZone",
               language as "Language", created_at as "CreatedAt", updated_at as "UpdatedAt"
        from subscribers
        where id = @id
        """;

    private const string SelectByAddress = /*lang=sql*/ """
        select id as "Id", address as "Address", name as "Name", attributes::text as "Attributes", tags as "Tags", time_zone as "TimeZone",
               language as "Language", created_at as "CreatedAt", updated_at as "UpdatedAt"
        from subscribers
        where lower(address) = lower(@address)
        """;

    private const string SelectPage = /*lang=sql*/ """
        select id as "Id", address as "Address", name as "Name", attributes::text as "Attributes", tags as "Tags", time_zone as "TimeZone",
               language as "Language", created_at as "CreatedAt", updated_at as "UpdatedAt"
        from subscribers s
        where id > @after
          and ((@newsletterId::bigint is null and @status::text is null and @tier::text is null)
               or exists (select from subscriptions x
                          where x.subscriber_id = s.id
                            and (@newsletterId::bigint is null or x.newsletter_id = @newsletterId)
                            and (@status::text is null or x.status = @status)
                            and (@tier::text is null or x.tier = @tier)))
        order by id
        limit @rows
        """;

    private const string SelectSubscriptions = /*lang=sql*/ """
        select x.subscriber_id as "SubscriberId", x.newsletter_id as "NewsletterId", n.slug as "Newsletter", x.status as "Status",
               x.tier as "Tier", x.created_at as "CreatedAt", x.confirmed_at as "ConfirmedAt",
               x.unsubscribed_at as "UnsubscribedAt", x.unsubscribed_by as "UnsubscribedBy",
               x.frequency as "Frequency", case when x.paused_until > now() then x.paused_until end as "PausedUntil"
        from subscriptions x
        join newsletters n on n.id = x.newsletter_id
        where x.subscriber_id = any(@ids)
        order by x.newsletter_id
        """;
}
