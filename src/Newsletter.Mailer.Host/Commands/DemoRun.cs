using System.Diagnostics;
using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>One demo: readers imported, a few of them suppressed or gone, the edition published like any other, the receipt compared with the inbox.</summary>
internal sealed class DemoRun(IServiceProvider rooms, Terminal terminal, DemoWish wish)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private InboxServer Inbox => rooms.GetRequiredService<OpenRelays>().Inbox!;

    /// <returns>True where the issue finished and its receipt agrees with the inbox.</returns>
    public async Task<bool> RunAsync(string source, CancellationToken stop)
    {
        if (await MakeNewsletterAsync(source, stop) is not { } newsletter)
            return false;
        await ImportAsync(newsletter, stop);
        await ThinOutAsync(newsletter, stop);
        if (await PublishAsync(newsletter, source, stop) is not { } edition)
            return false;

        var watch = Stopwatch.StartNew();
        var receipt = await WatchAsync(edition, stop);
        if (receipt is null)
            return false;
        var report = new DemoReport(receipt, Inbox.Messages.Count, Inbox.Messages.DistinctRecipients, watch.Elapsed);
        report.Write(terminal, wish.Json);
        return report.Agrees;
    }

    private async Task<NewsletterProfile?> MakeNewsletterAsync(string source, CancellationToken stop)
    {
        if (EditionDocument.Parse(source, FrontMatterRules.Edition) is EditionParseOutcome.Refused refused)
        {
            terminal.Fail("The edition can't be read.");
            foreach (var error in refused.Errors)
                terminal.Error.WriteLine($"  line {error.Line}, column {error.Column}: {error.Message}");
            return null;
        }

        var slug = ((EditionParseOutcome.Read)EditionDocument.Parse(source, FrontMatterRules.Edition)).Edition.Newsletter ?? "demo";
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

    private async Task ImportAsync(NewsletterProfile newsletter, CancellationToken stop)
    {
        terminal.Error.WriteLine($"Importing {wish.Subscribers:N0} made-up readers…");
        var created = await rooms.GetRequiredService<ImportStore>().CreateAsync(newsletter.Slug, tier: null, stop);
        var id = ((AudienceOutcome<Import>.Created)created).Value.Id;
        var import = rooms.GetRequiredService<SubscriberImport>();
        await using var csv = DemoReaders.Csv(wish.Subscribers);
        await import.ReceiveAsync(id, csv, progress: null, stop);
        if (await import.MergeAsync(id, progress: null, stop) is not MergeOutcome.Finished)
            throw new InvalidOperationException("The demo's own readers could not be imported.");
    }

    // About one in a hundred has left, and one in a hundred is suppressed: a receipt without either would show little.
    private async Task ThinOutAsync(NewsletterProfile newsletter, CancellationToken stop)
    {
        var suppressions = rooms.GetRequiredService<SuppressionStore>();
        var subscribers = rooms.GetRequiredService<DeliveryReportStore>();
        var unsubscribe = rooms.GetRequiredService<UnsubscribeStore>();
        var some = Math.Clamp(wish.Subscribers / 100, 1, 100);
        for (var i = 1; i <= some && i * 7 <= wish.Subscribers - 1; i++)
        {
            await suppressions.AddAsync(new SuppressionDraft { Email = DemoReaders.Address(i * 7), Reason = "hard_bounce", Evidence = "550 5.1.1 No such user (made up for the demo)" }, stop);
            if (await subscribers.FindSubscriberAsync(DemoReaders.Address((i * 7) + 1), stop) is { } leaver)
                await unsubscribe.LeaveAsync(newsletter.Id, leaver, issue: 0, by: "page", stop);
        }
    }

    private async Task<Edition?> PublishAsync(NewsletterProfile newsletter, string source, CancellationToken stop)
    {
        var change = await rooms.GetRequiredService<EditionDesk>().CreateAsync(newsletter.Slug, source, stop);
        if (change is not EditionChange.Saved { Edition: var edition })
        {
            terminal.Fail($"The edition could not be kept: {change}.");
            return null;
        }

        var scheduled = await rooms.GetRequiredService<EditionScheduler>().PublishNowAsync(edition.Id, stop);
        if (scheduled is ScheduleOutcome.NotReady notReady)
        {
            terminal.Fail("The edition can't be sent as it stands.");
            foreach (var problem in notReady.Problems)
                terminal.Error.WriteLine($"  {problem}");
            return null;
        }

        rooms.GetRequiredService<IJobStarter>().Publish(edition.Id);
        return edition;
    }

    private async Task<Receipt?> WatchAsync(Edition edition, CancellationToken stop)
    {
        var receipts = rooms.GetRequiredService<ReceiptStore>();
        return await Progress.WatchAsync(terminal, async () =>
        {
            await Task.Delay(BetweenLooks, stop);
            var now = await rooms.GetRequiredService<EditionStore>().FindAsync(edition.Id, stop);
            if (now is { State: EditionState.Held })
                return new WatchStep("held", null, $"The edition is held: {now.HeldReason}");
            if (now?.IssueId is not { } issue || await receipts.FindAsync(issue, stop) is not { } receipt)
                return new WatchStep("freezing", null, null);
            return new WatchStep(receipt.State, receipt, receipt.State is "paused" or "failed" ? $"The issue is {receipt.State}: {receipt.Reason}" : null);
        });
    }

    private static string Words(string slug)
    {
        var name = new StringBuilder(slug.Replace('-', ' '));
        name[0] = char.ToUpperInvariant(name[0]);
        return name.ToString();
    }
}
