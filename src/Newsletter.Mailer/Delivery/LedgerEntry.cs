namespace Newsletter.Mailer.Delivery;

/// <summary>Names one delivery under one claim.</summary>
public readonly record struct DeliveryKey(long PartKey, long IssueId, int Seq, int BatchNo, long Fence);

/// <summary>What the ledger is to say of a delivery that was being sent.</summary>
public sealed record LedgerEntry
{
    public required DeliveryKey Key { get; init; }

    /// <summary>A value of delivery_status; <c>pending</c> puts it back untouched.</summary>
    public required string Status { get; init; }

    public int? RelayId { get; init; }

    public SmtpReply? Reply { get; init; }

    public string? QueueId { get; init; }

    /// <summary>1 where the attempt counts on the recipient.</summary>
    public int CountedAttempts { get; init; }

    public int DotFaults { get; init; }

    /// <summary>Until the next attempt; null where there is none.</summary>
    public TimeSpan? RetryIn { get; init; }

    /// <summary>It failed for good, and whom that speaks of; the reply is the evidence. Null where it didn't, or nobody's server said so.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Nothing is sent to the address any more.</summary>
    public bool Suppress => Failure is { Kind: FailureKind.Hard };
}
