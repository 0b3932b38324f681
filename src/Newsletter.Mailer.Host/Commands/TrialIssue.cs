using System.Diagnostics;
using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>
/// An edition that goes to made-up readers in a database of its own, for demo and rehearse: readers imported, a few of them
/// suppressed or gone, the edition published like any other. What can't be done is said, and answered with null.
/// </summary>
internal sealed class TrialIssue(IServiceProvider rooms, Terminal terminal, int readers)
{
    private const string Everyone = "subscribed_after 2000-01-01";
    private const string Half = """email contains "1@" or email contains "3@" or email contains "5@" or email contains "7@" or email contains "9@" """;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private (long Sending, long Pending, long Rejected)? _paused;

    /// <summary>Makes the newsletter and its readers, and publishes the edition.</summary>
    /// <param name="file">Where the edition was read, for the pictures beside it; null: nowhere.</param>
    /// <param name="source">The edition.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Edition?> PublishAsync(string? file, string source, CancellationToken stop)
    {
        if (Read(source) is not { } document || await MakeNewsletterAsync(document, stop) is not { } newsletter || !await MakeSegmentsAsync(newsletter, document, stop))
            return null;
        if (!await ImportAsync(newsletter, document, stop))
            return null;
        await ThinOutAsync(newsletter, stop);
        return await PublishAsync(newsletter, file, source, stop);
    }

    /// <summary>Shows how the issue gets on until it ends or something stops it.</summary>
    /// <param name="edition">Published.</param>
    /// <param name="seen">Called at each look; what it gives is shown beside the progress.</param>
    /// <param name="stop">Gives up.</param>
    public Task<WatchStep> WatchAsync(Edition edition, Func<WatchStep, Task<string?>>? seen, CancellationToken stop)
    {
        var pause = BetweenLooks;
        return Progress.WatchAsync(terminal, async () =>
        {
            await Task.Delay(pause, stop);
            var began = Stopwatch.GetTimestamp();
            var step = await LookAsync(edition, stop);
            // Looking counts the ledger: of a large one it would take from the sending what is to be measured.
            pause = TimeSpan.FromTicks(Math.Max(BetweenLooks.Ticks, 20 * Stopwatch.GetElapsedTime(began).Ticks));
            return seen is null ? step : step with { Note = await seen(step) };
        });
    }

    private EditionDocument? Read(string source)
    {
        switch (EditionDocument.Parse(source, FrontMatterRules.Edition))
        {
            case EditionParseOutcome.Read(var document):
                return document;
            case EditionParseOutcome.Refused(var errors):
                terminal.Fail("The edition can't be read.");
                foreach (var error in errors)
                    terminal.Error.WriteLine($"  line {error.Line}, column {error.Column}: {error.Message}");
                return null;
            default:
                throw new InvalidOperationException("Reading an edition gave an outcome that isn't known.");
        }
    }

    private async Task<NewsletterProfile?> MakeNewsletterAsync(EditionDocument document, CancellationToken stop)
    {
        var slug = document.Newsletter ?? "demo";
        var sample = SampleEdition.Newsletter;
        var draft = NewsletterDraft.Of(slug == sample.Slug ? sample : sample with { Slug = slug, Name = Words(slug), FromName = null, ReplyTo = null, FromAddress = $"{slug}@newsletters.test" });
        var outcome = await rooms.GetRequiredService<NewsletterStore>().CreateAsync(draft, stop);
        if (outcome is AudienceOutcome<NewsletterProfile>.Created created)
            return created.Value;
        terminal.Fail(outcome is AudienceOutcome<NewsletterProfile>.Invalid invalid
            ? string.Join(" ", invalid.Problems.Select(problem => problem.Problem))
            : "The newsletter could not be made.");
        return null;
    }

    // Made-up readers are all in the segment that the edition is for, as they are of its tier; in those that see a part of it, every other one is.
    private async Task<bool> MakeSegmentsAsync(NewsletterProfile newsletter, EditionDocument document, CancellationToken stop)
    {
        if (document.Segment is { } audience && !await MakeSegmentAsync(newsletter, audience, Everyone, stop))
            return false;
        foreach (var part in PartsOf(newsletter, document))
            if (!await MakeSegmentAsync(newsletter, part, Half, stop))
                return false;
        return true;
    }

    // Looked at without segments, an edition may name any; what else is wrong with it is told when it is scheduled.
    private static IEnumerable<string> PartsOf(NewsletterProfile newsletter, EditionDocument document) =>
        EditionRenderer.Render(new RenderRequest
        {
            Edition = document,
            Newsletter = newsletter,
            PublicUrl = new Uri("https://news.example.com"),
            SentAt = DateTimeOffset.UnixEpoch,
            KnownAttributes = null,
            Segments = null,
        }) is RenderOutcome.Rendered rendered
            ? rendered.Edition.Questions.OfType<VariantQuestion.InSegment>().Select(question => question.Segment.Name)
            : [];

    private async Task<bool> MakeSegmentAsync(NewsletterProfile newsletter, string name, string filter, CancellationToken stop)
    {
        var draft = new SegmentDraft { Newsletter = newsletter.Slug, Name = name, Filter = filter };
        if (await rooms.GetRequiredService<SegmentStore>().CreateAsync(draft, stop) is not AudienceOutcome<Segment>.Invalid(var problems))
            return true;
        terminal.Fail($"The segment '{name}' could not be made up. {problems[0].Problem}");
        return false;
    }

    private async Task<bool> ImportAsync(NewsletterProfile newsletter, EditionDocument document, CancellationToken stop)
    {
        terminal.Error.WriteLine(FormattableString.Invariant($"Importing {readers:N0} made-up readers…"));
        // Of the edition's own tier, or a premium edition would go to nobody.
        var created = await rooms.GetRequiredService<ImportStore>().CreateAsync(newsletter.Slug, document.Tier, stop);
        var id = ((AudienceOutcome<Import>.Created)created).Value.Id;
        var import = rooms.GetRequiredService<SubscriberImport>();
        await using var csv = DemoReaders.Csv(readers, DemoReaders.AttributesIn(document));
        var reason = await import.ReceiveAsync(id, csv, progress: null, stop) is ReceiveOutcome.Refused refused
            ? refused.Reason
            : await import.MergeAsync(id, progress: null, stop) switch
            {
                MergeOutcome.Finished => null,
                MergeOutcome.Failed failed => failed.Reason,
                var other => $"The import ended as {other}.",
            };
        if (reason is not null)
            terminal.Fail($"The made-up readers could not be imported. {reason}");
        return reason is null;
    }

    // About one in a hundred has left, and one in a hundred is suppressed: a receipt without either would show little.
    private async Task ThinOutAsync(NewsletterProfile newsletter, CancellationToken stop)
    {
        var suppressions = rooms.GetRequiredService<SuppressionStore>();
        var subscribers = rooms.GetRequiredService<DeliveryReportStore>();
        var unsubscribe = rooms.GetRequiredService<UnsubscribeStore>();
        var some = Math.Clamp(readers / 100, 1, 100);
        for (var i = 1; i <= some && i * 7 <= readers - 1; i++)
        {
            await suppressions.AddAsync(new SuppressionDraft { Email = DemoReaders.Address(i * 7), Reason = "hard_bounce", Evidence = "550 5.1.1 No such user (made up for the demo)" }, stop);
            if (await subscribers.FindSubscriberAsync(DemoReaders.Address((i * 7) + 1), stop) is { } leaver)
                await unsubscribe.LeaveAsync(newsletter.Id, leaver, issue: 0, by: "page", stop);
        }
    }

    private async Task<Edition?> PublishAsync(NewsletterProfile newsletter, string? file, string source, CancellationToken stop)
    {
        var pictures = await EditionPictures.KeepAsync(rooms, file, source, stop);
        if (pictures.Problems.Count > 0)
            return NotSent(pictures.Problems);
        var change = await rooms.GetRequiredService<EditionDesk>().CreateAsync(newsletter.Slug, source, stop);
        if (change is not EditionChange.Saved { Edition: var edition })
        {
            terminal.Fail($"The edition could not be kept: {change}.");
            return null;
        }

        await pictures.NameInAsync(edition.Id, stop);
        var scheduled = await rooms.GetRequiredService<EditionScheduler>().PublishNowAsync(edition.Id, stop);
        if (scheduled is ScheduleOutcome.NotReady notReady)
            return NotSent(notReady.Problems);
        rooms.GetRequiredService<IJobStarter>().Publish(edition.Id);
        return edition;
    }

    private Edition? NotSent(IEnumerable<string> problems)
    {
        terminal.Fail("The edition can't be sent as it stands.");
        foreach (var problem in problems)
            terminal.Error.WriteLine($"  {problem}");
        return null;
    }

    private async Task<WatchStep> LookAsync(Edition edition, CancellationToken stop)
    {
        var now = await rooms.GetRequiredService<EditionStore>().FindAsync(edition.Id, stop);
        if (now is { State: EditionState.Held })
            return new WatchStep("held", null, $"The edition is held: {now.HeldReason}");
        if (now?.IssueId is not { } issue || await rooms.GetRequiredService<ReceiptStore>().FindAsync(issue, stop) is not { } receipt)
            return new WatchStep("freezing", null, null);
        if (receipt.State is "paused" && !await HasSettledAsync(receipt, stop))
            return new WatchStep("pausing", receipt, null);
        return new WatchStep(receipt.State, receipt, receipt.State is "paused" or "failed" ? $"The issue is {receipt.State}: {receipt.Reason}" : null);
    }

    // A pause is told once what was in flight has come in, and refusals that were not the readers' fault are put back.
    private async Task<bool> HasSettledAsync(Receipt receipt, CancellationToken stop)
    {
        var before = _paused;
        _paused = (receipt.Sending, receipt.Pending, receipt.Rejected);
        if (receipt.Sending == 0 && _paused == before)
            return true;
        await Task.Delay(Settling, stop);
        return false;
    }

    private static string Words(string slug)
    {
        var name = new StringBuilder(slug.Replace('-', ' '));
        name[0] = char.ToUpperInvariant(name[0]);
        return name.ToString();
    }
}
