namespace Newsletter.Mailer.Delivery;

/// <summary>One delivery in work: what to send, for which issue, under which lease.</summary>
internal sealed record WorkItem(LeasedWork Work, PendingDelivery Delivery)
{
    public SendingIssue Issue => Work.Issue;

    public DeliveryKey Key => new(Work.Batch.PartKey, Work.Batch.IssueId, Delivery.Seq, Work.Batch.BatchNo, Work.Batch.Fence);

    /// <summary>Times a relay failed under it in this lease.</summary>
    public int Faults { get; init; }
}

/// <summary>A leased batch in work: what of it is left, what is in flight, who must not be mailed any more, and whether the lease still holds.</summary>
internal sealed class LeasedWork
{
    private readonly HashSet<int> _gone = [];
    private readonly HashSet<int> _excluded = [];
    private readonly HashSet<int> _begun = [];
    private readonly HashSet<int> _inFlight = [];
    private readonly Lock _gate = new();
    private int _left;
    private bool _closed;
    private volatile bool _laidDown;
    private volatile bool _stopped;
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

    /// <summary>Relays failed under something of it again and again: nobody should try it again at once.</summary>
    public bool RelayFailed => _relayFailed;

    public IEnumerable<WorkItem> Items => Batch.Deliveries.Select(delivery => new WorkItem(this, delivery));

    /// <summary>An intent was refused: the issue was paused, or the lease is gone. What is left will hardly fare better.</summary>
    public bool WasStopped => _stopped;

    public void Stopped() => _stopped = true;

    /// <summary>The issue was paused or cancelled, or seems to be: what still comes in of it comes after that.</summary>
    public bool IsLaidDown => _laidDown || _stopped;

    public void Lose() => _lost = true;

    /// <summary>Places of what nobody has begun to send.</summary>
    public int[] NotBegun()
    {
        lock (_gate)
            return [.. Batch.Deliveries.Select(delivery => delivery.Seq).Where(seq => !_begun.Contains(seq) && !_gone.Contains(seq))];
    }

    /// <summary>They must not be mailed any more; those of them that nobody had begun, and nobody will.</summary>
    public int[] Exclude(IReadOnlyCollection<int> seqs)
    {
        lock (_gate)
        {
            int[] excluded = [.. seqs.Where(seq => !_begun.Contains(seq))];
            _gone.UnionWith(excluded);
            return excluded;
        }
    }

    /// <summary>The ledger says so too: nothing of them is left to do.</summary>
    public void Excluded(IEnumerable<int> seqs)
    {
        lock (_gate)
            _excluded.UnionWith(seqs);
    }

    public bool IsExcluded(WorkItem item)
    {
        lock (_gate)
            return _excluded.Contains(item.Delivery.Seq);
    }

    public bool MayBeSent(WorkItem item)
    {
        lock (_gate)
            return !_lost && !_laidDown && !_gone.Contains(item.Delivery.Seq);
    }

    /// <summary>From here until it is done, left or tried again, the item is in flight: the batch is not let go under it.</summary>
    /// <returns>False where the batch was laid down meanwhile, or the reader has left.</returns>
    public bool TryBegin(WorkItem item)
    {
        lock (_gate)
            return !_laidDown && !_gone.Contains(item.Delivery.Seq) && _begun.Add(item.Delivery.Seq) && _inFlight.Add(item.Delivery.Seq);
    }

    /// <summary>The item is not in flight any more and may be handed out once more; false where it has to be left.</summary>
    public bool MayBeTriedAgain(WorkItem item)
    {
        lock (_gate)
            return !_lost && !_laidDown && _begun.Remove(item.Delivery.Seq) && _inFlight.Remove(item.Delivery.Seq);
    }

    /// <summary>Nothing more of it is begun: the issue was paused or cancelled.</summary>
    /// <returns>True where nothing is in flight and the batch is to be given back now; else with the last message in flight.</returns>
    public bool LayDown()
    {
        lock (_gate)
        {
            _laidDown = _incomplete = true;
            return TryClose();
        }
    }

    /// <summary>The item needs nothing more.</summary>
    /// <returns>True where it was the last of the batch.</returns>
    public bool Done(WorkItem item)
    {
        lock (_gate)
        {
            _inFlight.Remove(item.Delivery.Seq);
            _left--;
            return TryClose();
        }
    }

    /// <summary>The item could not be sent now and stays pending.</summary>
    /// <param name="item">What was not sent.</param>
    /// <param name="relayFailed">Relays failed under it as often as is tried in one lease.</param>
    /// <returns>True where it was the last of the batch.</returns>
    public bool Leave(WorkItem item, bool relayFailed)
    {
        _incomplete = true;
        _relayFailed |= relayFailed;
        return Done(item);
    }

    // Once only: what is still queued of a batch that was let go comes by later.
    private bool TryClose()
    {
        if (_closed || (_left > 0 && !(_laidDown && _inFlight.Count == 0)))
            return false;
        return _closed = true;
    }
}
