using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class LeasedWorkTests
{
    private readonly LeasedWork _work = Leased.Work(issue: 1, places: 3);

    private WorkItem this[int place] => _work.Items.ElementAt(place - 1);

    [Fact]
    public void ItIsClosedWithItsLastItem()
    {
        Assert.True(_work.TryBegin(this[1]));

        Assert.False(_work.Done(this[1]));
        Assert.False(_work.Leave(this[2], relayFailed: true));
        Assert.True(_work.Done(this[3]));

        Assert.True(_work.IsIncomplete && _work.RelayFailed);
    }

    [Fact]
    public void LaidDownWithNothingInFlightItIsClosedAtOnceAndOnlyOnce()
    {
        Assert.True(_work.LayDown());

        Assert.False(_work.LayDown());
        Assert.False(_work.MayBeSent(this[1]));
        Assert.False(_work.TryBegin(this[1]));
        Assert.All(_work.Items, item => Assert.False(_work.Leave(item, relayFailed: false)));
        Assert.True(_work.IsIncomplete);
    }

    [Fact]
    public void LaidDownItIsClosedWithTheLastMessageInFlight()
    {
        Assert.True(_work.TryBegin(this[1]) && _work.TryBegin(this[2]));

        Assert.False(_work.LayDown());
        Assert.False(_work.Done(this[1]));
        Assert.False(_work.MayBeTriedAgain(this[2]));
        Assert.True(_work.Leave(this[2], relayFailed: false));
        Assert.False(_work.Done(this[3]));
    }

    [Fact]
    public void WhatIsTriedAgainIsNotInFlightMeanwhile()
    {
        Assert.True(_work.TryBegin(this[1]) && _work.MayBeTriedAgain(this[1]));

        Assert.True(_work.LayDown());
    }

    [Fact]
    public void WhoeverWasBegunIsNotExcludedAndWhoeverIsExcludedIsNotBegun()
    {
        Assert.True(_work.TryBegin(this[1]));

        Assert.Equal([2, 3], _work.NotBegun());
        Assert.Equal([2], _work.Exclude([1, 2]));

        Assert.False(_work.TryBegin(this[2]));
        Assert.False(_work.MayBeSent(this[2]));
        Assert.Equal([3], _work.NotBegun());
    }

    // The database was away when the ledger was to be told: who is not left out there is for whoever claims the batch next.
    [Fact]
    public void OnlyWhomTheLedgerLeavesOutTooIsSettled()
    {
        _work.Exclude([1, 2]);
        _work.Excluded([1]);

        Assert.Equal((true, false), (_work.IsExcluded(this[1]), _work.IsExcluded(this[2])));
    }
}

internal static class Leased
{
    /// <summary>A batch of an issue with these places, first to last.</summary>
    public static LeasedWork Work(long issue, int places) => new(
        new ClaimedBatch
        {
            IssueId = issue,
            BatchNo = 1,
            Kind = "first",
            Fence = 1,
            TakenOver = false,
            PartKey = 1,
            FirstSeq = 1,
            LastSeq = places,
            Sender = "tea@example.com",
            Deliveries = [.. Enumerable.Range(1, places).Select(seq => new PendingDelivery
            {
                Seq = seq,
                SubscriberId = seq,
                Variant = 0,
                Attempts = 0,
                Resends = 0,
                DotFaults = 0,
                Address = "reader@example.net",
                Tier = "free",
                Attributes = "{}",
            })],
        },
        new SendingIssue
        {
            Id = issue,
            PartKey = 1,
            NewsletterId = 1,
            LinkKey = "k1",
            Nonce = "n@example.com",
            ResendUnknown = true,
            Variants = new Dictionary<short, Newsletter.Mailer.Rendering.CompiledMessage>(),
        });
}
