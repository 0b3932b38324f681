using System.Globalization;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Looks on while an issue is sent: how fast, how much memory, and when all had been tried once.</summary>
internal sealed class SendingMeter(ReceivedMessages arrived, TimeProvider clock)
{
    private long _count;
    private long _at = clock.GetTimestamp();

    /// <summary>The most memory of this process at any look, in bytes.</summary>
    public long PeakMemory { get; private set; }

    /// <summary>When nobody was left but those who had been put off or wait to be sent to again; null: that was never seen.</summary>
    public DateTimeOffset? FirstPassOver { get; private set; }

    /// <returns>What to show beside the progress.</returns>
    public string? See(WatchStep step)
    {
        PeakMemory = Math.Max(PeakMemory, Environment.WorkingSet);
        if (step is not { State: "sending", Receipt: { } receipt })
            return null;
        if (receipt.Pending + receipt.Sending == 0)
            FirstPassOver ??= clock.GetUtcNow();
        return Words(receipt);
    }

    private string Words(Receipt receipt)
    {
        var (count, now) = (arrived.Count, clock.GetTimestamp());
        var rate = (count - _count) / Math.Max(0.001, clock.GetElapsedTime(_at, now).TotalSeconds);
        (_count, _at) = (count, now);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{rate:N0} messages a second{(receipt.Deferred > 0 ? $", {receipt.Deferred:N0} put off" : "")}{(receipt.Unknown > 0 ? $", {receipt.Unknown:N0} unknown" : "")}");
    }
}
