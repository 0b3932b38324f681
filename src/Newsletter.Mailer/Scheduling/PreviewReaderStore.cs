using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Rendering;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>A subscriber as the reader of an edition that isn't frozen: with the tier and the segments that they have now.</summary>
public sealed class PreviewReaderStore(NpgsqlDataSource database, SubscriberStore subscribers)
{
    private const string SelectIsIn = /*lang=sql*/ """
        select exists (
            select from subscriptions s
            join subscribers b on b.id = s.subscriber_id
            left join engagement g on g.subscriber_id = s.subscriber_id and g.newsletter_id = s.newsletter_id
            where s.newsletter_id = @newsletter and s.subscriber_id = @subscriber and (/*filter*/ true))
        """;

    /// <summary>Null where there is no such subscriber. One who isn't subscribed to the newsletter is shown what a free reader sees.</summary>
    public async Task<Recipient?> FindAsync(long subscriber, NewsletterProfile newsletter, IReadOnlyList<Segment> segments, CancellationToken stop)
    {
        if (await subscribers.GetAsync(subscriber, stop) is not { } found)
            return null;
        return new Recipient
        {
            Address = found.Address,
            MessageId = "",
            UnsubscribeUrl = "",
            Name = found.Name,
            FirstName = found.FirstName,
            Tier = found.Subscriptions.Any(subscription => subscription.NewsletterId == newsletter.Id && subscription.Tier == SubscriptionTier.Premium) ? "premium" : "free",
            Language = found.Language,
            Attributes = AttributeText.Of(found.Attributes),
            Segments = await SegmentsAsync(subscriber, newsletter, segments, stop),
        };
    }

    private async Task<IReadOnlyCollection<string>> SegmentsAsync(long subscriber, NewsletterProfile newsletter, IReadOnlyList<Segment> segments, CancellationToken stop)
    {
        var within = new List<string>();
        if (segments.Count == 0 || await new SegmentSizeStore(database).ContextAsync(newsletter.Slug, stop) is not { } context)
            return within;
        await using var connection = await database.OpenConnectionAsync(stop);
        foreach (var segment in segments)
        {
            if (SegmentFilter.TryParse(segment.Filter, out var filter) is not null)
                continue;
            var compiled = FilterCompiler.Compile(filter!, context);
            var parameters = new DynamicParameters(compiled.Parameters);
            parameters.AddDynamicParams(new { newsletter = newsletter.Id, subscriber });
            if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(compiled.Into(SelectIsIn), parameters, cancellationToken: stop)))
                within.Add(segment.Slug);
        }

        return within;
    }
}
