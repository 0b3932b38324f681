using System.Diagnostics;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>One rehearsal: an edition sent to made-up readers through faults, and everything that can be learnt from it.</summary>
internal sealed class RehearseRun(IServiceProvider rooms, InboxServer inbox, Terminal terminal, RehearseWish wish, RehearsalSetup setup)
{
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly SendingMeter _meter = new(inbox.Messages, TimeProvider.System);
    private long _swept = Stopwatch.GetTimestamp();
    private TimeSpan _pause = BetweenSweeps;

    /// <returns>Null where the edition could not be sent at all, which is then said.</returns>
    public async Task<Rehearsal?> RunAsync(string source, long? audience, CancellationToken stop)
    {
        var issue = new TrialIssue(rooms, terminal, wish.Subscribers);
        if (await issue.PublishAsync(wish.Edition, source, stop) is not { } edition)
            return null;

        var began = Stopwatch.GetTimestamp();
        var last = await issue.WatchAsync(edition, step => SeeAsync(step, stop), stop);
        var took = Stopwatch.GetElapsedTime(began);
        if (last.Receipt is not { } receipt)
            return null;
        terminal.Error.WriteLine("Holding the ledger against the inbox…");
        receipt = await SettleAsync(receipt, stop);
        var arrivals = Arrivals.Read(inbox.Messages, wish.Subscribers, _meter.FirstPassOver);
        return new Rehearsal
        {
            Wish = wish,
            Setup = setup,
            Receipt = receipt,
            Problem = last.Problem,
            Took = took,
            Arrivals = arrivals,
            Recipients = inbox.Messages.DistinctRecipients,
            Comparison = await LedgerComparison.MakeAsync(rooms.GetRequiredService<DeliveryReportStore>(), receipt.Issue, arrivals, stop),
            Altered = inbox.Messages.Repeated().Count(copies => !copies.HashesAgree),
            Faults = FaultsMet.Of(inbox, setup.Plan),
            CopiesExplained = FaultsMet.Copies(inbox, setup.Plan),
            RefusalsExplained = FaultsMet.Refusals(inbox, setup.Plan),
            Forecast = audience is { } readers ? Forecast.Of(readers, arrivals.Rate, setup.Caps) : null,
            PeakMemory = _meter.PeakMemory,
        };
    }

    private async Task<string?> SeeAsync(WatchStep step, CancellationToken stop)
    {
        var words = _meter.See(step);
        if (step is { State: "sending", Receipt: { } receipt } && (receipt.Deferred > 0 || receipt.Pending + receipt.Sending == 0))
            await SweepAsync(stop);
        return words;
    }

    // The service sweeps once a minute. Where a wait of five minutes passes in a second, that would be an age.
    private async Task SweepAsync(CancellationToken stop)
    {
        if (Stopwatch.GetElapsedTime(_swept) < _pause)
            return;
        var began = Stopwatch.GetTimestamp();
        if (await rooms.GetRequiredService<DeliverySweep>().RunAsync(stop))
            rooms.GetRequiredService<IJobStarter>().TopUpSenders();
        _swept = Stopwatch.GetTimestamp();
        _pause = TimeSpan.FromTicks(Math.Max(BetweenSweeps.Ticks, 10 * Stopwatch.GetElapsedTime(began).Ticks));
    }

    // What was in flight when an issue stopped is still being answered.
    private async Task<Receipt> SettleAsync(Receipt receipt, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (receipt.Sending > 0 && Stopwatch.GetElapsedTime(began) < Patience)
        {
            await Task.Delay(BetweenSweeps, stop);
            receipt = await rooms.GetRequiredService<ReceiptStore>().FindAsync(receipt.Issue, stop) ?? receipt;
        }

        return receipt;
    }
}
