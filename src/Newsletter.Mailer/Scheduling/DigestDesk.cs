using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Scheduling;

/// <summary>
/// Has each newsletter's digest made once a month, whenever it is asked: what is decided stays so, a crash leaves a month as it was before, and of
/// two at once one decides.
/// </summary>
public sealed partial class DigestDesk(DigestStore digests, NewsletterStore newsletters, PublicSite site, SchedulingOptions options, ILogger<DigestDesk> log)
{
    /// <summary>How late it still goes out by itself: a night without a worker. A copy of the database that lay about for longer may have been outrun by the original.</summary>
    internal TimeSpan Late { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Decides every month that is due.</summary>
    /// <returns>Editions that are to be published now. Those that nobody publishes the sweep finds.</returns>
    public async Task<IReadOnlyList<long>> MakeDueAsync(CancellationToken stop)
    {
        var made = new List<long>();
        var defects = new List<Exception>();
        foreach (var clock in await digests.ClocksAsync(stop))
        {
            try
            {
                if (DueOf(clock) is { } due && await MakeAsync(due, stop) is { } edition)
                    made.Add(edition);
            }
            // The others are to have theirs whatever is wrong with one; it is tried again, and said, every time.
            catch (Exception e) when (e is not (OperationCanceledException or System.Data.Common.DbException or OutOfMemoryException))
            {
                LogDefect(e, clock.NewsletterId);
                defects.Add(e);
            }
        }

        return defects.Count == 0 || made.Count > 0 ? made : throw new AggregateException("Digests can't be made.", defects);
    }

    /// <summary>The digest that comes next, as it would be now; null where there is no such newsletter.</summary>
    public async Task<NextDigest?> NextAsync(long newsletterId, CancellationToken stop)
    {
        if (await FindAsync(newsletterId, stop) is not var (newsletter, due))
            return null;
        return new NextDigest
        {
            Month = due.Month,
            DueAt = due.DueAt,
            Enabled = newsletter.Digests,
            Readers = await digests.ReadersAsync(newsletterId, stop),
            Issues = await digests.UntoldAsync(due, stop),
        };
    }

    /// <summary>Its document as it would be now, and its newsletter; the document is null where there is nothing to tell of yet.</summary>
    public async Task<(NewsletterProfile Newsletter, string? Source)?> WriteNextAsync(long newsletterId, CancellationToken stop)
    {
        if (await FindAsync(newsletterId, stop) is not var (newsletter, due))
            return null;
        var entries = await digests.UntoldAsync(due, stop);
        return (newsletter, entries.Count == 0 ? null : DigestWriter.Write(newsletter, due.Month, entries, site).Source);
    }

    private async Task<long?> MakeAsync(DueDigest due, CancellationToken stop)
    {
        var newsletter = await newsletters.GetAsync(due.NewsletterId, stop) ?? throw new InvalidOperationException($"There is no newsletter {due.NewsletterId}.");
        var held = due.Now - due.DueAt > Late
            ? $"This digest should have been made at {due.DueAt:yyyy-MM-dd HH:mm} UTC, more than a day ago. Publish it now, or unschedule and delete it."
            : null;
        var edition = await digests.DecideAsync(newsletter, due, held, (entries, slug) => DigestWriter.Write(newsletter, due.Month, entries, site, slug), stop);
        if (edition is null)
            return null;
        LogMade(edition.Value, due.NewsletterId);
        return held is null ? edition : null;
    }

    private DueDigest? DueOf(DigestClock clock)
    {
        var zone = LocalTime.FindZone(clock.TimeZone) ?? TimeZoneInfo.Utc;
        var month = DigestCalendar.LastDue(clock.Now, zone, options.DigestHour);
        var due = Due(clock, month, zone);
        // Who wasn't there yet had nothing to tell.
        return clock.LastMonth >= month || clock.CreatedAt > due.DueAt ? null : due;
    }

    private async Task<(NewsletterProfile Newsletter, DueDigest Due)?> FindAsync(long newsletterId, CancellationToken stop)
    {
        if (await newsletters.GetAsync(newsletterId, stop) is not { } newsletter)
            return null;
        var clock = await digests.ClockAsync(newsletterId, stop);
        var zone = LocalTime.FindZone(newsletter.TimeZone) ?? TimeZoneInfo.Utc;
        var month = DigestCalendar.LastDue(clock.Now, zone, options.DigestHour);
        return (newsletter, DueOf(clock) ?? Due(clock, month.AddMonths(1), zone));
    }

    private DueDigest Due(DigestClock clock, DateOnly month, TimeZoneInfo zone) => new(
        clock.NewsletterId, month, DigestCalendar.DueAt(month, zone, options.DigestHour), DigestCalendar.Began(month, zone), clock.Now);

    [LoggerMessage(1, LogLevel.Information, "Edition {EditionId} is the month's digest of newsletter {NewsletterId}")]
    private partial void LogMade(long editionId, long newsletterId);

    [LoggerMessage(2, LogLevel.Error, "The digest of newsletter {NewsletterId} can't be made")]
    private partial void LogDefect(Exception exception, long newsletterId);
}
