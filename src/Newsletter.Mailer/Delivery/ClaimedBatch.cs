namespace Newsletter.Mailer.Delivery;

/// <summary>A batch under our lease.</summary>
public sealed record ClaimedBatch
{
    public required long IssueId { get; init; }

    public required int BatchNo { get; init; }

    public required string Kind { get; init; }

    /// <summary>Every write about this batch is made under this fence; a later claim raises it.</summary>
    public required long Fence { get; init; }

    /// <summary>The lease of another owner had expired: what was in flight there is unknown.</summary>
    public required bool TakenOver { get; init; }

    public required long PartKey { get; init; }

    public required int FirstSeq { get; init; }

    public required int LastSeq { get; init; }

    /// <summary>Recipients of one provider, who share a pace.</summary>
    public string ThrottleGroup { get; init; } = Scheduling.ThrottleGroups.Other;

    /// <summary>Envelope sender, as the newsletter has it now: a person who corrects it and resumes need not start anything again.</summary>
    public required string Sender { get; init; }

    /// <summary>What is left to send of it.</summary>
    public IReadOnlyList<PendingDelivery> Deliveries { get; init; } = [];
}

/// <summary>One delivery to be sent, with all that its message needs of its reader.</summary>
public sealed record PendingDelivery
{
    public required int Seq { get; init; }

    public required long SubscriberId { get; init; }

    public required short Variant { get; init; }

    public required short Attempts { get; init; }

    /// <summary>Times it was sent again after its fate had become unknown, this time included.</summary>
    public required short Resends { get; init; }

    public required short DotFaults { get; init; }

    public required string Address { get; init; }

    public string? Name { get; init; }

    public string? FirstName { get; init; }

    public required string Tier { get; init; }

    public string? Language { get; init; }

    /// <summary>JSON object, as stored.</summary>
    public required string Attributes { get; init; }

    /// <summary>Age of its first deferral; null for one never deferred.</summary>
    public TimeSpan? DeferredFor { get; init; }
}
