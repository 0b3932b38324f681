using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Preflight;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Says when an edition goes out. It is rendered at once, so that what is wrong with it is said now and not at the send time.</summary>
public sealed class EditionScheduler(ScheduleStore schedule, EditionStore editions, NewsletterStore newsletters, PublicSite site, TimeProvider clock)
{
    private static readonly TimeSpan Soonest = TimeSpan.FromMinutes(-1);
    private const int OccurrencesLookedAt = 1_000;

    /// <summary>Schedules for a wall-clock time (<c>2026-03-27T08:00</c>) in an IANA zone; the newsletter's zone where none is given.</summary>
    public async Task<ScheduleOutcome> ScheduleAsync(long id, string? at, string? zone, CancellationToken stop, bool sizeForced = false)
    {
        if (await FindAsync(id, stop) is not var (edition, newsletter))
            return new ScheduleOutcome.NoSuchEdition();
        if (!LocalTime.TryParse(at, out var local))
            return new ScheduleOutcome.Invalid("at", $"'{at}' is no local time: write for instance 2026-03-27T08:00, without an offset; the zone goes into \"zone\".");
        if (LocalTime.FindZone(zone ?? newsletter.TimeZone) is not { } found)
            return new ScheduleOutcome.Invalid("zone", $"'{zone ?? newsletter.TimeZone}' is no IANA time zone: write for instance Europe/Berlin or America/New_York.");

        var when = LocalTime.Resolve(local, found);
        var now = clock.GetUtcNow();
        if (when.Instant - now < Soonest)
            return new ScheduleOutcome.Invalid("at", $"{when.Local:yyyy-MM-dd HH:mm} in {when.Zone} is in the past (it is {TimeZoneInfo.ConvertTime(now, found):yyyy-MM-dd HH:mm} there now). To send it at once, publish it.");
        if (await RefusalAsync(edition, newsletter, when.Instant, sizeForced, stop) is { } refusal)
            return refusal;
        return await schedule.ScheduleAsync(id, edition.Revision, when, stop, sizeForced) ? new ScheduleOutcome.Scheduled(when) : new ScheduleOutcome.ChangedMeanwhile();
    }

    /// <summary>Schedules for the next time of the newsletter's cadence that no other edition has.</summary>
    public async Task<ScheduleOutcome> ScheduleNextAsync(long id, CancellationToken stop, bool sizeForced = false)
    {
        if (await FindAsync(id, stop) is not var (edition, newsletter))
            return new ScheduleOutcome.NoSuchEdition();
        if (newsletter.Cadence is null)
            return new ScheduleOutcome.Invalid("slot", $"The newsletter '{newsletter.Slug}' has no cadence, so it has no next slot: give it one, for instance \"fridays 08:00\", or schedule with \"at\" and \"zone\".");
        if (Cadence.TryParse(newsletter.Cadence, out var cadence) is { } problem)
            return new ScheduleOutcome.Invalid("slot", problem);
        if (LocalTime.FindZone(newsletter.TimeZone) is not { } zone)
            return new ScheduleOutcome.Invalid("slot", $"The newsletter's time_zone '{newsletter.TimeZone}' is no IANA time zone.");

        var occurrences = cadence!.After(clock.GetUtcNow(), zone).Take(OccurrencesLookedAt)
            .Select(instant => LocalTime.At(instant, cadence.AskedFor(instant, zone), zone))
            .ToList();
        if (occurrences.Count == 0)
            return new ScheduleOutcome.Invalid("slot", $"The cadence '{newsletter.Cadence}' never comes: correct it.");
        if (await RefusalAsync(edition, newsletter, occurrences[0].Instant, sizeForced, stop) is { } refusal)
            return refusal;
        return await schedule.ScheduleNextAsync(id, edition.Revision, newsletter.Id, occurrences, stop, sizeForced);
    }

    /// <summary>Sends an edition at once, whatever it was scheduled for.</summary>
    public async Task<ScheduleOutcome> PublishNowAsync(long id, CancellationToken stop, bool sizeForced = false)
    {
        if (await FindAsync(id, stop) is not var (edition, newsletter))
            return new ScheduleOutcome.NoSuchEdition();
        if (await RefusalAsync(edition, newsletter, clock.GetUtcNow(), sizeForced, stop) is { } refusal)
            return refusal;
        var zone = LocalTime.FindZone(newsletter.TimeZone) ?? TimeZoneInfo.Utc;
        return await schedule.ScheduleNowAsync(id, edition.Revision, TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone).DateTime, zone.Id, stop, sizeForced)
            ? new ScheduleOutcome.PublishingNow()
            : new ScheduleOutcome.ChangedMeanwhile();
    }

    /// <summary>Back to draft, from scheduled or held.</summary>
    public async Task<ScheduleOutcome> UnscheduleAsync(long id, CancellationToken stop)
    {
        if (await schedule.UnscheduleAsync(id, stop))
            return new ScheduleOutcome.Unscheduled();
        return await editions.FindAsync(id, stop) is { } edition ? new ScheduleOutcome.WrongState(edition.State) : new ScheduleOutcome.NoSuchEdition();
    }

    private async Task<(Edition Edition, NewsletterProfile Newsletter)?> FindAsync(long id, CancellationToken stop) =>
        await editions.FindAsync(id, stop) is { } edition && await newsletters.GetAsync(edition.NewsletterId, stop) is { } newsletter
            ? (edition, newsletter)
            : null;

    private async Task<ScheduleOutcome?> RefusalAsync(Edition edition, NewsletterProfile newsletter, DateTimeOffset sentAt, bool sizeForced, CancellationToken stop)
    {
        if (edition.State == EditionState.Published)
            return new ScheduleOutcome.WrongState(edition.State);
        var attributes = await AttributesUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var segments = await SegmentsUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var pictures = await PicturesUsedBy.EditionAsync(edition.Source, edition.Id, newsletter, schedule, site, stop);
        return EditionReadiness.Check(edition.Source, newsletter, site.Url, sentAt, attributes, edition.Number, segments, sizeForced || edition.SizeForcedRevision == edition.Revision, pictures: pictures) is EditionReadiness.NotReady notReady
            ? new ScheduleOutcome.NotReady(notReady.Problems)
            : null;
    }
}
