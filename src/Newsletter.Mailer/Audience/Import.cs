namespace Newsletter.Mailer.Audience;

/// <summary>A file of subscribers for one newsletter, and what became of its rows.</summary>
/// <remarks>
/// Once finished, <c>Rows = Invalid + Duplicates + Suppressed + Created + Updated + Unchanged</c> and
/// <c>Created + Updated + Unchanged = Subscribed + AlreadySubscribed + KeptUnsubscribed + KeptPending + Unsubscribed + Pending</c>.
/// </remarks>
public sealed record Import
{
    public required long Id { get; init; }

    /// <summary>Slug of the newsletter.</summary>
    public required string Newsletter { get; init; }

    /// <summary>Tier of the subscriptions it makes where the file doesn't say; those that exist keep theirs then.</summary>
    public required SubscriptionTier Tier { get; init; }

    /// <summary>Whose export the file was taken for; auto until its header is read.</summary>
    public ImportSource Source { get; init; }

    /// <summary>What all its rows are, whatever each says: <c>pending</c> or <c>unsubscribed</c>; null: what each says.</summary>
    public string? Status { get; init; }

    /// <summary>What each column becomes, in the order of the file; empty until its header is read.</summary>
    public IReadOnlyList<ImportColumn> Mapping { get; init; } = [];

    /// <summary>Its counts say what it would do; nothing was done.</summary>
    public bool DryRun { get; init; }

    public required ImportState State { get; init; }

    /// <summary>Why it failed, in a sentence; null unless it did.</summary>
    public string? Reason { get; init; }

    /// <summary>Bytes read.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows read, not counting the header and rows with nothing in them.</summary>
    public long Rows { get; init; }

    /// <summary>Rows that were wrong; the first <see cref="ImportStore.MaxProblems"/> are listed as <see cref="ImportProblem"/>.</summary>
    public long Invalid { get; init; }

    /// <summary>Rows whose address came again further down: the last one counts.</summary>
    public long Duplicates { get; init; }

    /// <summary>Rows left out because their address or domain is suppressed, or the file says that it bounced, complained or was blocked.</summary>
    public long Suppressed { get; init; }

    /// <summary>Subscribers there were not before.</summary>
    public long Created { get; init; }

    /// <summary>Subscribers whose name or attributes changed.</summary>
    public long Updated { get; init; }

    /// <summary>Subscribers who were there just so.</summary>
    public long Unchanged { get; init; }

    /// <summary>New subscriptions.</summary>
    public long Subscribed { get; init; }

    /// <summary>Active before.</summary>
    public long AlreadySubscribed { get; init; }

    /// <summary>Had unsubscribed, and stay so.</summary>
    public long KeptUnsubscribed { get; init; }

    /// <summary>Were asked to confirm and have not, and stay so.</summary>
    public long KeptPending { get; init; }

    /// <summary>Became unsubscribed, because the file says that they left: new subscriptions and ones that were active or pending.</summary>
    public long Unsubscribed { get; init; }

    /// <summary>New subscriptions that wait to be confirmed, because the file says so.</summary>
    public long Pending { get; init; }

    /// <summary>New suppressions, of rows that bounced, complained or were blocked.</summary>
    public long Suppressions { get; init; }

    /// <summary>Readers who left by a row that is itself left out (suppressed, or wrong elsewhere). Beside the sums: the row is counted as what it is.</summary>
    public long AlsoUnsubscribed { get; init; }

    /// <summary>Good rows waiting to be merged, or merged.</summary>
    public long Staged { get; init; }

    /// <summary>Of these, how many are merged.</summary>
    public long Merged { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ReceivedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>In the database and in JSON these are the lower-case words.</summary>
public enum ImportState
{
    /// <summary>The file is being read.</summary>
    Receiving,

    /// <summary>The file is read; its rows are becoming subscribers.</summary>
    Merging,

    /// <summary>Every good row is in.</summary>
    Finished,

    /// <summary>It came to an end for the reason given. What was merged before stays; the same file can be sent again.</summary>
    Failed,
}

/// <summary>A row that was left out, but for what it says against mailing its reader.</summary>
public sealed record ImportProblem
{
    public long Id { get; init; }

    /// <summary>Where the row begins, counted from 1, the header's line included.</summary>
    public required long Line { get; init; }

    /// <summary>The column as the header names it; null where it is the whole row.</summary>
    public string? Column { get; init; }

    /// <summary>A sentence. Never the value: this list outlives an erased reader.</summary>
    public required string Reason { get; init; }
}

/// <summary>How far an import is.</summary>
/// <param name="State">Receiving or merging.</param>
/// <param name="Rows">Rows read, or merged.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Invalid">Wrong rows so far.</param>
/// <param name="Total">Rows to merge; null while it is being received, because the file's length in rows is unknown.</param>
public sealed record ImportProgress(ImportState State, long Rows, long Bytes, long Invalid, long? Total);

/// <summary>What became of receiving a file.</summary>
public abstract record ReceiveOutcome
{
    private ReceiveOutcome()
    {
    }

    /// <summary>It is read, and waits to be merged.</summary>
    public sealed record Received(Import Import) : ReceiveOutcome;

    /// <summary>It can't be imported as a whole; the import has failed for this reason and nothing of the file is kept.</summary>
    public sealed record Refused(string Reason) : ReceiveOutcome;

    /// <summary>There is no such import, or it has had its file already.</summary>
    public sealed record NotReceiving : ReceiveOutcome;
}

/// <summary>What became of merging what was received.</summary>
public abstract record MergeOutcome
{
    private MergeOutcome()
    {
    }

    /// <summary>It is finished, by this call or before it.</summary>
    public sealed record Finished(Import Import) : MergeOutcome;

    /// <summary>It has failed, by this call or before it.</summary>
    public sealed record Failed(string Reason) : MergeOutcome;

    /// <summary>Another call is at it, here or on another machine.</summary>
    public sealed record Busy : MergeOutcome;

    /// <summary>There is no such import, or its file isn't received yet.</summary>
    public sealed record NotReceived : MergeOutcome;
}
