using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Section <c>Scheduling</c>: how editions become issues.</summary>
public sealed class SchedulingOptions : IValidatableObject
{
    /// <summary>Minutes past its time after which an edition waits for a person instead of going out by itself. Default 60.</summary>
    [Range(1, 10_080)]
    public int HoldAfterMinutes { get; set; } = 60;

    /// <summary>Members of an audience frozen in one transaction. Default 50000.</summary>
    [Range(100, 1_000_000)]
    public int FreezeChunk { get; set; } = 50_000;

    /// <summary>Audience from which an issue has a ledger partition of its own; smaller ones share a month's. Default 100000.</summary>
    [Range(1, 100_000_000)]
    public int OwnPartitionFrom { get; set; } = 100_000;

    /// <summary>Hour of the first day of a month, 0 to 23 by the newsletter's clock, at which the digest of the month before is made. Default 8.</summary>
    [Range(0, 23)]
    public int DigestHour { get; set; } = 8;

    /// <summary>What becomes of a delivery whose reply was lost after the message was sent: <c>resend</c> once, or <c>leave</c>. Default resend.</summary>
    [RegularExpression("resend|leave")]
    public string UnknownPolicy { get; set; } = "resend";

    /// <summary>
    /// Group → recipient domains that share a pace (<c>example.*</c>: whatever the ending). A group named here replaces the built-in one
    /// of that name; built in are google, microsoft, yahoo and apple, and everyone else is in other. Default: those.
    /// </summary>
    public Dictionary<string, string[]> ThrottleGroups { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Deliveries in a batch: <c>Delivery:BatchSize</c>, told by whoever wires the rooms.</summary>
    internal int BatchSize { get; private set; } = 500;

    /// <summary>Cuts batches of this many deliveries.</summary>
    public void UseBatchesOf(int size) => BatchSize = size;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Scheduling.ThrottleGroups.Problems(ThrottleGroups).Select(problem => new ValidationResult(problem));
}
