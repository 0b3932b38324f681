using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Looks at a kept edition with everything that is known around it.</summary>
public sealed class PreflightDesk(
    EditionStore editions, NewsletterStore newsletters, ScheduleStore schedule, PreflightStore facts, DkimKeyStore keys, AddressBook addresses, PublicSite site, TimeProvider clock)
{
    private const string Attribute = "subscriber.attributes.";

    /// <summary>The list of findings; null where there is no such edition.</summary>
    /// <param name="id">The edition.</param>
    /// <param name="asksOthers">Whether links and images are asked for over the network; else only what is known of them is said.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<PreflightReport?> CheckAsync(long id, bool asksOthers, CancellationToken stop)
    {
        if (await editions.FindAsync(id, stop) is not { } edition || await newsletters.GetAsync(edition.NewsletterId, stop) is not { } newsletter)
            return null;
        var zone = LocalTime.FindZone(newsletter.TimeZone) ?? TimeZoneInfo.Utc;
        var attributes = await AttributesUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var segments = await SegmentsUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var report = EditionPreflight.Check(new PreflightRequest
        {
            Source = edition.Source,
            Now = TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone),
            Newsletter = newsletter,
            PublicUrl = site.Url,
            // What has gone out isn't late.
            SendAt = edition is { State: EditionState.Scheduled, SendAt: { } at } ? TimeZoneInfo.ConvertTime(at, zone) : null,
            Number = edition.Number,
            KnownAttributes = attributes,
            Segments = segments,
            Pictures = await PicturesUsedBy.EditionAsync(edition.Source, id, newsletter, schedule, site, stop),
            SizeForced = edition.SizeForcedRevision == edition.Revision,
            Audience = await facts.ReadersAsync(newsletter.Id, edition.Tier, SegmentOf(edition, newsletter, segments), [.. attributes.Where(name => edition.Source.Contains(Attribute + name, StringComparison.Ordinal))], stop),
            Others = await facts.OthersAsync(newsletter.Id, id, stop),
            SignedDomains = [.. (await keys.ListAsync(stop)).Where(key => key.State == "active").Select(key => key.Domain).Distinct(StringComparer.OrdinalIgnoreCase)],
        });
        return report.With(asksOthers ? await addresses.LookAsync(report.Addresses, stop) : await addresses.KnownAsync(report.Addresses, stop));
    }

    // One that isn't there, or can't be read, is an error of its own: until it is corrected, all of the tier are counted.
    private CompiledFilter? SegmentOf(Edition edition, NewsletterProfile newsletter, IReadOnlyList<Segment> segments) =>
        EditionDocument.Parse(edition.Source, FrontMatterRules.Edition) is EditionParseOutcome.Read { Edition.Segment: { } named }
        && segments.FirstOrDefault(segment => segment.IsCalled(named)) is { } segment
        && SegmentFilter.TryParse(segment.Filter, out var filter) is null
            ? FilterCompiler.Compile(filter!, new FilterContext(newsletter.Id, newsletter.TimeZone, clock.GetUtcNow()))
            : null;
}
