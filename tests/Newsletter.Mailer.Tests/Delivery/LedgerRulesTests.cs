using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The error table: outcome in, ledger entry out.</summary>
public sealed class LedgerRulesTests
{
    private const int RelayId = 3;
    private static readonly DeliveryKey Key = new(202611, 1, 7, 2, 5);
    private static readonly SmtpReply Reply = new(450, "4.2.1", "Later");

    [Fact]
    public void AcceptedCountsAndKeepsTheQueueId()
    {
        var entry = Enter(new SendOutcome.Accepted(new SmtpReply(250, "2.0.0", "Ok: queued as 4711"), "4711"));

        Assert.Equal(("accepted", 1, "4711", RelayId, null), (entry.Status, entry.CountedAttempts, entry.QueueId, entry.RelayId, entry.RetryIn));
        Assert.Equal(Key, entry.Key);
    }

    [Theory]
    [InlineData(FailureKind.Hard, true)]
    [InlineData(FailureKind.Soft, false)]
    [InlineData(FailureKind.Sender, false)]
    [InlineData(FailureKind.Message, false)]
    [InlineData(null, false)]
    public void OnlyAHardFailureSuppresses(FailureKind? kind, bool suppresses)
    {
        var entry = Enter(new SendOutcome.Rejected(new SmtpReply(550, null, "No"), RejectedAt.Recipient) { Failure = kind is { } told ? new Failure(told, "x") : null });

        Assert.Equal(("rejected", 1, suppresses), (entry.Status, entry.CountedAttempts, entry.Suppress));
    }

    [Theory]
    [InlineData(0, 0.0, 4)]
    [InlineData(0, 0.5, 5)]
    [InlineData(0, 1.0, 6)]
    [InlineData(1, 0.5, 15)]
    [InlineData(2, 0.5, 60)]
    [InlineData(3, 0.0, 96)]
    [InlineData(4, 0.5, 240)]
    [InlineData(40, 1.0, 288)]
    public void DeferredWaitsLongerEachTimeWithinTwentyPerCent(short attempts, double chance, double minutes)
    {
        var entry = Enter(new SendOutcome.Deferred(Reply, Throttled: false), Delivery() with { Attempts = attempts }, chance: chance);

        Assert.Equal(("deferred", 1), (entry.Status, entry.CountedAttempts));
        Assert.Equal(minutes, entry.RetryIn!.Value.TotalMinutes, precision: 6);
    }

    [Theory]
    [InlineData(23.9, "deferred")]
    [InlineData(24.0, "expired")]
    [InlineData(100, "expired")]
    public void DeferredForADayExpires(double hours, string status)
    {
        var entry = Enter(new SendOutcome.Deferred(Reply, Throttled: false), Delivery() with { DeferredFor = TimeSpan.FromHours(hours) });

        Assert.Equal((status, 1, status == "expired"), (entry.Status, entry.CountedAttempts, entry.RetryIn is null));
        Assert.Equal(Reply, entry.Reply);
    }

    [Theory]
    [InlineData(true, 0, true)]
    [InlineData(true, 1, false)]
    [InlineData(false, 0, false)]
    public void UnknownIsSentOnceMoreWhereThePolicySaysSo(bool resend, short resends, bool again)
    {
        var entry = Enter(new SendOutcome.Unknown("No reply."), Delivery() with { Resends = resends }, resend);

        Assert.Equal(("unknown", 1, 0), (entry.Status, entry.CountedAttempts, entry.Reply!.Code));
        Assert.Equal(again ? TimeSpan.FromSeconds(60) : null, entry.RetryIn);
    }

    [Theory]
    [InlineData(0, "pending", 0)]
    [InlineData(1, "pending", 0)]
    [InlineData(2, "deferred", 1)]
    [InlineData(5, "deferred", 1)]
    public void ARelaysFaultAtTheDotCountsFromTheThird(short dotFaults, string status, int attempts)
    {
        var entry = Enter(new SendOutcome.RelayFault("421", AtEndOfData: true), Delivery() with { DotFaults = dotFaults });

        Assert.Equal((status, attempts, 1), (entry.Status, entry.CountedAttempts, entry.DotFaults));
    }

    [Fact]
    public void OtherFaultsOfRelayAndSenderCostTheReaderNothing()
    {
        foreach (var outcome in new SendOutcome[]
        {
            new SendOutcome.RelayFault("lost", AtEndOfData: false),
            new SendOutcome.SenderRefused(new SmtpReply(553, null, "No")),
            new SendOutcome.CredentialsRefused(new SmtpReply(535, null, "No")),
        })
        {
            var entry = Enter(outcome, Delivery() with { DotFaults = 9 });
            Assert.Equal(("pending", 0, 0, false, null), (entry.Status, entry.CountedAttempts, entry.DotFaults, entry.Suppress, entry.RetryIn));
        }
    }

    private static LedgerEntry Enter(SendOutcome outcome, PendingDelivery? delivery = null, bool resend = true, double chance = 0.5) =>
        new LedgerRules(new DeliveryOptions(), new Chance(chance)).Enter(Key, delivery ?? Delivery(), outcome, RelayId, resend);

    private static PendingDelivery Delivery() => new()
    {
        Seq = 7,
        SubscriberId = 8,
        Variant = 0,
        Attempts = 0,
        Resends = 0,
        DotFaults = 0,
        Address = "ana@example.net",
        Tier = "free",
        Attributes = "{}",
    };

    private sealed class Chance(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
