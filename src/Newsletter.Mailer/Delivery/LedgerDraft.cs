namespace Newsletter.Mailer.Delivery;

/// <summary>What one commit is to say about one batch, and what became of it.</summary>
internal sealed class LedgerDraft(DeliveryKey of)
{
    private readonly List<(LedgerEntry Entry, long? DetailId)> _outcomes = [];
    private readonly List<int> _next = [];
    private List<LedgerLine>? _lines;

    public long PartKey => of.PartKey;

    public long IssueId => of.IssueId;

    public int BatchNo => of.BatchNo;

    public long Fence => of.Fence;

    /// <summary>The lease is ours, at least as long as the commit lasted.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>What was to be sent next may be sent.</summary>
    public bool MayBegin { get; private set; }

    /// <summary>It stands in the journal.</summary>
    public bool IsKept => IsHeld && (MayBegin || _outcomes.Count > 0);

    /// <summary>Nothing but an acceptance.</summary>
    // A code that no column takes goes the way on which that is met.
    public static bool IsPlainOutcome(LedgerEntry entry) =>
        entry is { Status: "accepted", CountedAttempts: 1, DotFaults: 0, RetryIn: null, Failure: null } && entry.Reply is not { Code: > short.MaxValue };

    /// <summary>By batch and in their order: a lock that another statement takes in the same order is never waited for in a circle.</summary>
    public static List<LedgerDraft> Of(LedgerWrite write, long?[] details)
    {
        var drafts = new List<LedgerDraft>();
        for (var at = 0; at < write.Outcomes.Count; at++)
            DraftOf(write.Outcomes[at].Key)._outcomes.Add((write.Outcomes[at], details[at]));
        foreach (var key in write.Next)
            DraftOf(key)._next.Add(key.Seq);
        drafts.Sort((a, b) => (a.IssueId, a.BatchNo).CompareTo((b.IssueId, b.BatchNo)));
        return drafts;

        LedgerDraft DraftOf(DeliveryKey key)
        {
            if (drafts.Find(draft => draft.IsOf(key)) is { } known)
                return known;
            var draft = new LedgerDraft(key);
            drafts.Add(draft);
            return draft;
        }
    }

    public bool IsOf(DeliveryKey key) => (key.IssueId, key.BatchNo, key.Fence) == (IssueId, BatchNo, Fence);

    public void Held(bool mayBegin) => (IsHeld, MayBegin) = (true, mayBegin && _next.Count > 0);

    /// <summary>For where the lease is ours and nothing may be begun; null: there is nothing to say then.</summary>
    public byte[]? OutcomesOnly() => _outcomes.Count == 0 ? null : LedgerLine.Write(Lines(withNext: false));

    public byte[] Everything() => LedgerLine.Write(Lines(withNext: true));

    public LedgerPage ToPage(long writeNo) =>
        new() { PartKey = PartKey, IssueId = IssueId, BatchNo = BatchNo, Fence = Fence, WriteNo = writeNo, Lines = Lines(MayBegin) };

    /// <summary>Outcomes that a line in the journal is not enough for, or that can have none.</summary>
    public IEnumerable<(LedgerEntry Entry, long? DetailId)> ToEnter() => IsHeld ? _outcomes.Where(outcome => !IsPlainOutcome(outcome.Entry)) : _outcomes;

    // Outcomes first, then what is begun.
    private List<LedgerLine> Lines(bool withNext)
    {
        _lines ??= [.. _outcomes.Select(Line), .. _next.Select(seq => new LedgerLine(seq, LedgerMark.Begun))];
        return withNext ? _lines : _lines.GetRange(0, _outcomes.Count);
    }

    private static LedgerLine Line((LedgerEntry Entry, long? DetailId) outcome) => outcome.Entry is var entry && IsPlainOutcome(entry)
        ? new LedgerLine(entry.Key.Seq, LedgerMark.Accepted, (short?)entry.RelayId, (short?)entry.Reply?.Code, outcome.DetailId, SmtpText.QueueId(entry.QueueId))
        : new LedgerLine(entry.Key.Seq, LedgerMark.Entered);
}
