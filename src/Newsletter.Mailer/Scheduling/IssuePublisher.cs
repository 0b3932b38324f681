using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Scheduling;

/// <summary>What became of an edition whose time had come.</summary>
public enum Publishing
{
    /// <summary>Frozen and ready to be sent.</summary>
    Frozen,

    /// <summary>Waits for a person; the edition says why.</summary>
    Held,

    /// <summary>Not scheduled, not due yet, or published by another job.</summary>
    NothingToDo,
}

/// <summary>
/// Freezes a due edition into an issue: rendered and compiled once, its audience snapshot chunk by chunk. May be run again at any point
/// and by two at once: rows say what is left.
/// </summary>
public sealed partial class IssuePublisher(
    ScheduleStore schedule, FreezeStore freeze, NewsletterStore newsletters, KeyRing keys, PublicSite site, SchedulingOptions options, ILogger<IssuePublisher> log, LeaveAddresses? leave = null)
{
    // Partition keys of months look like 202611; those of large issues lie above.
    private const long OwnPartitions = 1_000_000_000_000;

    /// <summary>Publishes the edition if it is due, or resumes a freeze that was cut off.</summary>
    public async Task<Publishing> PublishAsync(long editionId, CancellationToken stop)
    {
        var issue = await freeze.FindFreezingAsync(editionId, stop);
        if (issue is null)
        {
            if (await schedule.FindDueAsync(editionId, TimeSpan.FromMinutes(options.HoldAfterMinutes), stop) is not { } edition)
                return Publishing.NothingToDo;
            if (edition.Forbidden is { } forbidden)
                return await HoldAsync(editionId, forbidden, stop);
            if (edition.IsLate)
                return await HoldAsync(editionId, $"It should have gone out at {edition.SendAt:yyyy-MM-dd HH:mm} UTC and is more than {options.HoldAfterMinutes} minutes late. Publish it now, or schedule it anew.", stop);
            var (made, problem) = await TryMakeIssueAsync(edition, stop);
            if (problem is not null)
                return await HoldAsync(editionId, problem, stop);
            if (made is null)
                return Publishing.NothingToDo;
            issue = made;
        }

        return await FreezeAsync(issue.Value, stop) ? Publishing.Frozen : Publishing.NothingToDo;
    }

    /// <summary>Goes on with the freeze of an issue until its whole audience has rows.</summary>
    /// <returns>False where the freeze is in other hands, or has ended.</returns>
    public async Task<bool> FreezeAsync(long issue, CancellationToken stop)
    {
        // A chunk is whole batches, so that no batch spans two transactions.
        var chunk = Math.Max(1, options.FreezeChunk / options.BatchSize) * options.BatchSize;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            switch (await freeze.FreezeChunkAsync(issue, chunk, options.BatchSize, stop))
            {
                case FreezeStep.Elsewhere:
                    return false;
                case FreezeStep.Done:
                    LogFrozen(issue);
                    return true;
            }
        }
    }

    // A defect of ours that this edition meets: it would be met again every minute, and its author not told.
    private async Task<(long? Issue, string? Problem)> TryMakeIssueAsync(DueEdition edition, CancellationToken stop)
    {
        try
        {
            return await MakeIssueAsync(edition, stop);
        }
        catch (Exception e) when (e is not (OperationCanceledException or DbException or TimeoutException or IOException or OutOfMemoryException))
        {
            LogDefect(e, edition.Id);
            return (null, $"It can't be made into an issue, through a fault of the program and not of yours ({e.GetType().Name}: {e.Message}). The log has the whole of it.");
        }
    }

    private async Task<(long? Issue, string? Problem)> MakeIssueAsync(DueEdition edition, CancellationToken stop)
    {
        var newsletter = await newsletters.GetAsync(edition.NewsletterId, stop)
            ?? throw new InvalidOperationException($"Edition {edition.Id} has no newsletter.");
        var attributes = await AttributesUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var sent = TrimToSeconds(edition.Now);
        var local = LocalTime.InZone(sent, newsletter.TimeZone);
        var segments = await SegmentsUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var pictures = await PicturesUsedBy.EditionAsync(edition.Source, edition.Id, newsletter, schedule, site, stop);
        var readiness = EditionReadiness.Check(edition.Source, newsletter, site.Url, local, attributes, edition.Number, segments, edition.SizeForced, pictures: pictures);
        if (readiness is EditionReadiness.NotReady notReady)
            return (null, "It can't be sent as it stands. " + string.Join(" ", notReady.Problems));

        var (rendered, segment) = (EditionReadiness.Ready)readiness;
        foreach (var asked in rendered.Questions.OfType<VariantQuestion.InSegment>().Select(question => question.Segment).Prepend(segment).OfType<Segment>())
            if (SegmentFilter.TryParse(asked.Filter, out _) is { } problem)
                return (null, $"The segment '{asked.Name}' that it names has a filter that can't be read any more. {problem} Correct the segment, and publish again.");
        var large = await freeze.EstimateAsync(newsletter.Id, edition.Tier, stop, edition.Kind) >= options.OwnPartitionFrom
            && (segment is null || await freeze.EstimateAsync(segment, newsletter, edition.Tier, stop) >= options.OwnPartitionFrom);
        var issue = await freeze.InsertIssueAsync(
            new NewIssue
            {
                EditionId = edition.Id,
                Revision = edition.Revision,
                PartKey = large ? OwnPartitions + edition.Id : int.Parse(sent.ToString("yyyyMM", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
                UnknownPolicy = options.UnknownPolicy,
                LinkKey = keys.ActiveKey,
                SentDate = sent,
                Nonce = IssueMessageId.NewNonce(newsletter.SenderDomain()),
                Questions = FrozenQuestion.Of(rendered.Questions),
                Segment = segment,
                Pictures = [.. pictures.Pictures.Select(picture => picture.Id)],
                Page = edition.Kind == "issue" && segment is null ? rendered.ToWeb() : null,
                MeasuredLinks = rendered.MeasuredLinks,
                Polls = FrozenPoll.Of(rendered.Polls, newsletter.TimeZone),
                Compile = id => Compile(rendered, new IssueHeaders
                {
                    IssueId = id,
                    Date = local,
                    Leave = leave?.Paths,
                    ClickToken = newsletter.Measuring?.Clicks == NewsletterMeasuring.Anonymous ? new ClickToken(id, 0).Sign(keys, keys.ActiveKey) : null,
                }),
            },
            stop);
        return (issue, null);
    }

    private static IEnumerable<IssueContent> Compile(RenderedEdition rendered, IssueHeaders headers)
    {
        foreach (var variant in rendered.Variants)
        {
            yield return new IssueContent(IssueVariant.Of(variant.Mask, isPlain: false), variant.Name, MessageCompiler.Compile(variant, headers), variant.HtmlBytes);
            yield return new IssueContent(IssueVariant.Of(variant.Mask, isPlain: true), variant.Name, MessageCompiler.CompilePlain(variant, headers), 0);
        }
    }

    private async Task<Publishing> HoldAsync(long editionId, string reason, CancellationToken stop)
    {
        if (!await schedule.HoldAsync(editionId, reason, stop))
            return Publishing.NothingToDo;
        LogHeld(editionId, reason);
        return Publishing.Held;
    }

    // A Date header has seconds; what is stored must give the same bytes again.
    private static DateTimeOffset TrimToSeconds(DateTimeOffset time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), time.Offset);

    [LoggerMessage(1, LogLevel.Information, "Issue {IssueId} frozen")]
    private partial void LogFrozen(long issueId);

    [LoggerMessage(3, LogLevel.Error, "Edition {EditionId} can't be made into an issue")]
    private partial void LogDefect(Exception exception, long editionId);

    [LoggerMessage(2, LogLevel.Warning, "Edition {EditionId} held: {Reason}")]
    private partial void LogHeld(long editionId, string reason);
}
