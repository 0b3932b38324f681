using System.Diagnostics;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>One demo: an edition sent to made-up readers, the receipt compared with the inbox.</summary>
internal sealed class DemoRun(IServiceProvider rooms, Terminal terminal, DemoWish wish)
{
    /// <returns>True where the issue finished and its receipt agrees with the inbox.</returns>
    public async Task<bool> RunAsync(string source, CancellationToken stop)
    {
        var issue = new TrialIssue(rooms, terminal, wish.Subscribers);
        if (await issue.PublishAsync(wish.Edition?.FullName, source, stop) is not { } edition)
            return false;

        var watch = Stopwatch.StartNew();
        if (await issue.WatchAsync(edition, seen: null, stop) is not { Problem: null, Receipt: { } receipt })
            return false;
        var arrived = rooms.GetRequiredService<OpenRelays>().Inbox!.Messages;
        var report = new DemoReport(receipt, arrived.Count, arrived.DistinctRecipients, watch.Elapsed);
        report.Write(terminal, wish.Json);
        return report.Agrees;
    }
}
