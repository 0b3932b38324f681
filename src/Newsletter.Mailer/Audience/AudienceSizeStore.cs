using Dapper;
using Newsletter.Mailer.Audience.Segments;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>How many readers an edition would have.</summary>
public sealed class AudienceSizeStore(NpgsqlDataSource database)
{
    // A database whose schema is older than segments can answer this one.
    private const string CountActive = /*lang=sql*/ """
        select count(*) from subscriptions s where s.newsletter_id = @newsletter and s.status = 'active' and (@tier = 'free' or s.tier = @tier)
        """;

    /// <summary>
    /// Active subscriptions that an edition of the tier and segment would go to, suppressed readers included. Found, or Invalid (<c>newsletter</c>, <c>segment</c>).
    /// </summary>
    /// <param name="newsletter">Slug.</param>
    /// <param name="tier"><c>free</c> (everyone) or <c>premium</c>.</param>
    /// <param name="segment">Slug or name; null: everyone of the tier.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<AudienceOutcome<long>> FindAsync(string newsletter, string tier, string? segment, CancellationToken stop)
    {
        var (context, filter, problem) = await new SegmentChoiceStore(database).FindAsync(newsletter, segment, filter: null, stop);
        if (problem is not null) return new AudienceOutcome<long>.Invalid([problem]);
        if (filter is not null) return new AudienceOutcome<long>.Found((await new SegmentSizeStore(database).CountAsync(filter, context!, stop, tier)).Audience);
        await using var connection = await database.OpenConnectionAsync(stop);
        return new AudienceOutcome<long>.Found(await connection.ExecuteScalarAsync<long>(
            new CommandDefinition(CountActive, new { newsletter = context!.NewsletterId, tier }, commandTimeout: 300, cancellationToken: stop)));
    }
}
