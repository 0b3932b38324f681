using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>The ledger of an issue held against what arrived, reader by reader.</summary>
internal sealed class LedgerComparison
{
    private const int Page = 5_000;
    private const int Examples = 5;

    /// <summary>Readers whose message counts as accepted and did not arrive.</summary>
    public long Lost { get; private set; }

    /// <summary>The first of them.</summary>
    public List<string> LostExamples { get; } = [];

    /// <summary>Readers who are not to get it (left, suppressed, cancelled, failed) and did.</summary>
    public long Wronged { get; private set; }

    /// <summary>The first of them.</summary>
    public List<string> WrongedExamples { get; } = [];

    /// <summary>Readers who got it although the relay never said that it took it: unknown, put off, rejected.</summary>
    public long Unsaid { get; private set; }

    /// <summary>The most often that one reader was put off.</summary>
    public int Deferrals { get; private set; }

    /// <summary>Readers who were put off at least once.</summary>
    public long PutOff { get; private set; }

    /// <summary>Readers sent to again because their fate was unknown.</summary>
    public long Resent { get; private set; }

    /// <summary>Goes through the whole ledger.</summary>
    public static async Task<LedgerComparison> MakeAsync(DeliveryReportStore ledger, long issue, Arrivals arrivals, CancellationToken stop)
    {
        var comparison = new LedgerComparison();
        var after = 0;
        while (await ledger.ListAsync(issue, status: null, subscriber: null, after, Page, stop) is { Count: > 0 } page)
        {
            foreach (var delivery in page)
                comparison.Hold(delivery, arrivals.To(delivery.Address));
            after = page[^1].Seq;
        }

        return comparison;
    }

    private void Hold(DeliveryReport delivery, int copies)
    {
        // The last attempt is the one that ended it; those before were put off, unless they were resends.
        var deferrals = Math.Max(0, delivery.Attempts - delivery.Resends - (delivery.Status is "accepted" or "rejected" or "unknown" ? 1 : 0));
        (Deferrals, PutOff, Resent) = (Math.Max(Deferrals, deferrals), PutOff + Math.Sign(deferrals), Resent + Math.Sign(delivery.Resends));
        switch (delivery.Status)
        {
            case "accepted" when copies == 0:
                Lost++;
                Note(LostExamples, delivery);
                break;
            case "skipped" or "cancelled" or "failed" when copies > 0:
                Wronged++;
                Note(WrongedExamples, delivery);
                break;
            case "unknown" or "rejected" or "expired" or "deferred" when copies > 0:
                Unsaid++;
                break;
        }
    }

    private static void Note(List<string> examples, DeliveryReport delivery)
    {
        if (examples.Count < Examples)
            examples.Add(delivery.Address ?? $"subscriber {delivery.SubscriberId}");
    }
}
