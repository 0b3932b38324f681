using System.Data;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>The newsletters of this installation.</summary>
public sealed class NewsletterStore(NpgsqlDataSource database)
{
    static NewsletterStore()
    {
        SqlMapper.AddTypeHandler(new SettingHandler<NewsletterDesign>());
        SqlMapper.AddTypeHandler(new SettingHandler<NewsletterMeasuring>());
    }

    // Whoever has left everything, and come back to nothing since, has left this one too: no import brings them into it.
    private const string Insert = /*lang=sql*/ """
        with made as (
            insert into newsletters (slug, name, from_address, from_name, reply_to, postal_address, time_zone, cadence, theme, language, digests, premium_url, raw_html, design, measuring, indexed)
            values (@Slug, @Name, @FromAddress, @FromName, @ReplyTo, @PostalAddress, @TimeZone, @Cadence, @Theme, @Language, @Digests, @PremiumUrl, @RawHtml, @Design::jsonb, @Measuring::jsonb, @Indexed)
            on conflict (slug) do nothing
            returning id),
        left_all as (
            insert into subscriptions (newsletter_id, subscriber_id, status, created_at, unsubscribed_at, unsubscribed_by)
            select made.id, x.subscriber_id, 'unsubscribed', max(x.unsubscribed_at), max(x.unsubscribed_at), 'all'
            from made cross join subscriptions x
            where x.subscriber_id in (select subscriber_id from subscriptions where unsubscribed_by = 'all')
            group by made.id, x.subscriber_id
            having bool_and(x.status = 'unsubscribed'))
        select id from made
        """;

    private const string Change = /*lang=sql*/ """
        update newsletters
        set name = @Name, from_address = @FromAddress, from_name = @FromName, reply_to = @ReplyTo, postal_address = @PostalAddress,
            time_zone = @TimeZone, cadence = @Cadence, theme = @Theme, language = @Language, digests = @Digests,
            premium_url = @PremiumUrl, raw_html = @RawHtml, design = @Design::jsonb, measuring = @Measuring::jsonb, indexed = @Indexed, updated_at = now()
        where id = @Id
        """;

    private const string ChangeLayout = /*lang=sql*/ """
        update newsletters set layout = @layout, updated_at = now() where id = @id
        """;

    private const string Select = /*lang=sql*/ """
        select id as "Id", slug as "Slug", name as "Name", from_address as "FromAddress", from_name as "FromName", reply_to as "ReplyTo",
               postal_address as "PostalAddress", time_zone as "TimeZone", cadence as "Cadence", theme as "Theme", language as "Language",
               digests as "Digests", premium_url as "PremiumUrl", raw_html as "RawHtml", design::text as "Design", measuring::text as "Measuring", layout as "Layout",
               indexed as "Indexed"
        from newsletters

        """;

    private const string SelectById = Select + /*lang=sql*/ """
        where id = @id
        """;

    private const string SelectBySlug = Select + /*lang=sql*/ """
        where slug = @slug
        """;

    private const string SelectPage = Select + /*lang=sql*/ """
        where id > @after
        order by id
        limit @rows
        """;

    /// <summary>Created, Invalid, or AlreadyExists (the slug).</summary>
    public async Task<AudienceOutcome<NewsletterProfile>> CreateAsync(NewsletterDraft draft, CancellationToken stop)
    {
        var (profile, problems) = NewsletterRules.Check(draft);
        if (profile is null) return new AudienceOutcome<NewsletterProfile>.Invalid(problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        var id = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(Insert, profile, cancellationToken: stop));
        return id is { } created
            ? new AudienceOutcome<NewsletterProfile>.Created(profile with { Id = created })
            : new AudienceOutcome<NewsletterProfile>.AlreadyExists("slug", $"There already is a newsletter with the slug \"{profile.Slug}\".");
    }

    /// <summary>Gives the newsletter an HTML layout of its own, which was checked, or takes it away; false if there is no such newsletter.</summary>
    public async Task<bool> SetLayoutAsync(long id, string? layout, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteAsync(new CommandDefinition(ChangeLayout, new { id, layout }, cancellationToken: stop)) > 0;
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<NewsletterProfile?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<NewsletterProfile>(
            new CommandDefinition(SelectById, new { id }, cancellationToken: stop));
    }

    /// <summary>Null if there is none of this slug.</summary>
    public async Task<NewsletterProfile?> FindAsync(string slug, CancellationToken stop)
    {
        if (slug.Contains('\0', StringComparison.Ordinal)) return null;
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<NewsletterProfile>(
            new CommandDefinition(SelectBySlug, new { slug }, cancellationToken: stop));
    }

    /// <summary>In the order of their ids.</summary>
    public async Task<Page<NewsletterProfile>> ListAsync(PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<NewsletterProfile>(
            new CommandDefinition(SelectPage, new { after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, profile => profile.Id);
    }

    /// <summary>
    /// Makes the newsletter as the draft says, every field (<see cref="NewsletterDraft.Of"/> helps to change some).
    /// Updated, NotFound or Invalid. The slug may be absent and can't change: it is in links and in the List-Id of what was sent.
    /// </summary>
    public async Task<AudienceOutcome<NewsletterProfile>> UpdateAsync(long id, NewsletterDraft draft, CancellationToken stop)
    {
        if (await GetAsync(id, stop) is not { } present) return new AudienceOutcome<NewsletterProfile>.NotFound();
        if (draft.Slug is not null && draft.Slug != present.Slug)
            return new AudienceOutcome<NewsletterProfile>.Invalid(
                "slug", $"The slug can't change: it is part of links already sent. It is \"{present.Slug}\".");

        var (profile, problems) = NewsletterRules.Check(draft with { Slug = present.Slug });
        if (profile is null) return new AudienceOutcome<NewsletterProfile>.Invalid(problems);
        profile = profile with { Id = id, Layout = present.Layout };
        await using var connection = await database.OpenConnectionAsync(stop);
        var changed = await connection.ExecuteAsync(new CommandDefinition(Change, profile, cancellationToken: stop));
        return changed == 0
            ? new AudienceOutcome<NewsletterProfile>.NotFound()
            : new AudienceOutcome<NewsletterProfile>.Updated(profile);
    }

    private sealed class SettingHandler<T> : SqlMapper.TypeHandler<T>
        where T : class
    {
        private static readonly JsonSerializerOptions Json = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };

        public override T? Parse(object value) => JsonSerializer.Deserialize<T>((string)value, Json);

        public override void SetValue(IDbDataParameter parameter, T? value)
        {
            parameter.DbType = DbType.String;
            parameter.Value = value is null ? DBNull.Value : JsonSerializer.Serialize(value, Json);
        }
    }
}
