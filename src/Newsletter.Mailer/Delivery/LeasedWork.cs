using System.Collections.Concurrent;

namespace Newsletter.Mailer.Delivery;

/// <summary>One delivery in work: what to send, for which issue, under which lease.</summary>
internal sealed record WorkItem(LeasedWork Work, PendingDelivery Delivery)
{
    public SendingIssue Issue => Work.Issue;

    public DeliveryKey Key => new(Work.Batch.PartKey, Work.Batch.IssueId, Delivery.Seq, Work.Batch.BatchNo, Work.Batch.Fence);

    /// <summary>Times a relay failed under it in this lease.</summary>
    public int Faults { get; init; }
}

/// <summary>A leased batch in work: what of it is left, who must not be mailed any more, and whether the lease still holds.</summary>
internal sealed class LeasedWork
{
    private readonly ConcurrentDictionary<int, bool> _gone = new();
    private int _left;
    private volatile bool _lost;
    private volatile bool _incomplete;
    private volatile bool _relayFailed;

    public LeasedWork(ClaimedBatch batch, SendingIssue issue)
    {
        (Batch, Issue, _left) = (batch, issue, batch.Deliveries.Count);
    }

    public ClaimedBatch Batch { get; }

    public SendingIssue Issue { get; }

    /// <summary>False once another owner has the batch, or might.</summary>
    public bool IsOurs => !_lost;

    /// <summary>Something of it was not sent: it must be given back, not closed.</summary>
    public bool IsIncomplete => _incomplete;

    public IEnumerable<WorkItem> Items => Batch.Deliveries.Select(delivery => new WorkItem(this, delivery));

    public void Lose() => _lost = true;

    public void Exclude(IEnumerable<int> seqs)
    {
        foreach (var seq in seqs)
            _gone[seq] = true;
    }

    public bool MayBeSent(WorkItem item) => !_lost && !_gone.ContainsKey(item.Delivery.Seq);

    /// <summary>The item needs nothing more.</summary>
    /// <returns>True where it was the last of the batch.</returns>
    public bool Done() => Interlocked.Decrement(ref _left) == 0;

    /// <summary>Relays failed under something of it again and again: nobody should try it again at once.</summary>
    public bool RelayFailed => _relayFailed;

    /// <summary>The item could not be sent now and stays pending.</summary>
    /// <param name="relayFailed">Relays failed under it as often as is tried in one lease.</param>
    public bool Leave(bool relayFailed)
    {
        _incomplete = true;
        _relayFailed |= relayFailed;
        return Done();
    }
}
