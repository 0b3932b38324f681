using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Scheduling;

/// <summary>How a kept edition is to be shown.</summary>
/// <param name="Format">Which part of the message, or all of it.</param>
public sealed record PreviewWish(PreviewFormat Format)
{
    /// <summary>As this subscriber would get it now; null: as the variant says.</summary>
    public long? Subscriber { get; init; }

    /// <summary>Name of a variant; null: the subscriber's, else that of the edition's tier.</summary>
    public string? Variant { get; init; }

    /// <summary>A theme in the place of the edition's; null: the edition's.</summary>
    public string? Theme { get; init; }
}

/// <summary>What became of the wish.</summary>
public abstract record EditionPreviewing
{
    private EditionPreviewing()
    {
    }

    /// <summary>What rendering made of it.</summary>
    public sealed record Rendered(PreviewOutcome Outcome) : EditionPreviewing;

    public sealed record NoSuchEdition : EditionPreviewing;

    public sealed record NoSuchSubscriber : EditionPreviewing;
}

/// <summary>Shows a kept edition as its readers would get it now.</summary>
public sealed class PreviewDesk(
    EditionStore editions, NewsletterStore newsletters, SubscriberStore subscribers, SegmentSizeStore sizes, ScheduleStore schedule, PublicSite site, TimeProvider clock)
{
    /// <summary>Renders it as wished.</summary>
    public async Task<EditionPreviewing> ShowAsync(long id, PreviewWish wish, CancellationToken stop)
    {
        if (await editions.FindAsync(id, stop) is not { } edition || await newsletters.GetAsync(edition.NewsletterId, stop) is not { } newsletter)
            return new EditionPreviewing.NoSuchEdition();
        var segments = await SegmentsUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var reader = wish.Subscriber is { } subscriber ? await ReaderAsync(subscriber, newsletter, segments, stop) : null;
        if (reader is null && wish.Subscriber is not null)
            return new EditionPreviewing.NoSuchSubscriber();
        return new EditionPreviewing.Rendered(EditionPreview.Show(new PreviewRequest
        {
            Source = edition.Source,
            Number = edition.Number,
            Format = wish.Format,
            As = JsonSerializer.Serialize(new { tier = edition.Tier }),
            Reader = reader,
            Variant = wish.Variant,
            Theme = wish.Theme,
            Newsletter = newsletter,
            KnownAttributes = await AttributesUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop),
            Segments = segments,
            Pictures = await PicturesUsedBy.EditionAsync(edition.Source, id, newsletter, schedule, site, stop),
            PublicUrl = site.Url,
            SentAt = LocalTime.InZone(edition.SendAt ?? clock.GetUtcNow(), newsletter.TimeZone),
        }));
    }

    // One who isn't subscribed to the newsletter is shown what a free reader sees.
    private async Task<Recipient?> ReaderAsync(long subscriber, NewsletterProfile newsletter, IReadOnlyList<Segment> segments, CancellationToken stop)
    {
        if (await subscribers.GetAsync(subscriber, stop) is not { } found)
            return null;
        return new Recipient
        {
            Address = found.Address,
            // The preview's own.
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
        if (segments.Count == 0 || await sizes.ContextAsync(newsletter.Slug, stop) is not { } context)
            return within;
        foreach (var segment in segments)
            if (SegmentFilter.TryParse(segment.Filter, out var filter) is null && await sizes.IsTrueOfAsync(filter!, context, subscriber, stop))
                within.Add(segment.Slug);
        return within;
    }
}
