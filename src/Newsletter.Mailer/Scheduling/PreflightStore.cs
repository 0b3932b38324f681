using Dapper;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Preflight;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>What surrounds an edition: its readers, and the newsletter's other editions.</summary>
public sealed class PreflightStore(NpgsqlDataSource database)
{
    // One pass over the readers, whatever is asked of them. A left join by a whole key costs nothing where no filter looks at it.
    private const string CountReaders = /*lang=sql*/ """
        select count(*) as "Readers",
               count(*) filter (where first_name(b.name, b.attributes) is null) as "FirstName",
               count(*) filter (where coalesce(btrim(b.name), '') = '') as "Name",
               count(*) filter (where coalesce(btrim(b.language), '') = '') as "Language"
        from subscriptions s join subscribers b on b.id = s.subscriber_id
        left join engagement g on g.subscriber_id = s.subscriber_id and g.newsletter_id = s.newsletter_id
        where s.newsletter_id = @newsletter and s.status = 'active' and (@tier::text = 'free' or s.tier = @tier) and (/*filter*/ true)
        """;

    private const string CountWithout = /*lang=sql*/ """
        select count(*)
        from subscriptions s join subscribers b on b.id = s.subscriber_id
        left join engagement g on g.subscriber_id = s.subscriber_id and g.newsletter_id = s.newsletter_id
        where s.newsletter_id = @newsletter and s.status = 'active' and (@tier::text = 'free' or s.tier = @tier) and (/*filter*/ true)
          and coalesce(btrim(b.attributes ->> @attribute::text), '') = ''
        """;

    private const string SelectOthers = /*lang=sql*/ """
        select number as "Number", title as "Title", send_at as "SendAt", state = 'published' as "IsPublished"
        from editions
        where newsletter_id = @newsletter and id <> @edition and send_at is not null and state in ('scheduled', 'published') and kind = 'issue'
        order by send_at desc
        limit 100
        """;

    /// <summary>Its readers, and how many lack what its slots name.</summary>
    /// <param name="newsletter">Whose.</param>
    /// <param name="tier">Of this tier; <c>free</c>: of any.</param>
    /// <param name="segment">Of those, whom the edition goes to; null: all.</param>
    /// <param name="attributes">Attributes that its slots name.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<AudienceFacts> ReadersAsync(long newsletter, string tier, CompiledFilter? segment, IReadOnlyCollection<string> attributes, CancellationToken stop)
    {
        var filter = segment ?? new CompiledFilter("true", new Dictionary<string, object>());
        var parameters = new DynamicParameters(filter.Parameters);
        parameters.AddDynamicParams(new { newsletter, tier });
        await using var connection = await database.OpenConnectionAsync(stop);
        var counts = await connection.QuerySingleAsync<Counts>(new CommandDefinition(filter.Into(CountReaders), parameters, commandTimeout: 300, cancellationToken: stop));
        var without = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["subscriber.first_name"] = counts.FirstName,
            ["subscriber.name"] = counts.Name,
            ["subscriber.language"] = counts.Language,
        };
        foreach (var attribute in attributes)
        {
            parameters.Add("attribute", attribute);
            without[$"subscriber.attributes.{attribute}"] = await connection.QuerySingleAsync<long>(
                new CommandDefinition(filter.Into(CountWithout), parameters, commandTimeout: 300, cancellationToken: stop));
        }

        return new AudienceFacts(counts.Readers, without);
    }

    /// <summary>The newsletter's other editions that have a time, the latest first.</summary>
    public async Task<IReadOnlyList<OtherEdition>> OthersAsync(long newsletter, long edition, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<OtherRow>(new CommandDefinition(SelectOthers, new { newsletter, edition }, cancellationToken: stop));
        return [.. rows.Select(row => new OtherEdition(row.Number, row.Title, row.SendAt, row.IsPublished))];
    }

    private sealed record Counts
    {
        public long Readers { get; init; }

        public long FirstName { get; init; }

        public long Name { get; init; }

        public long Language { get; init; }
    }

    private sealed record OtherRow
    {
        public int? Number { get; init; }

        public required string Title { get; init; }

        public required DateTimeOffset SendAt { get; init; }

        public required bool IsPublished { get; init; }
    }
}
