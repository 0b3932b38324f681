using System.ComponentModel.DataAnnotations;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Delivery;

/// <summary>Section <c>Delivery</c>: how issues are sent.</summary>
public sealed class DeliveryOptions : IValidatableObject
{
    /// <summary>Deliveries claimed together. Default 500.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 500;

    /// <summary>Seconds a claim lasts without renewal; after a crash nobody else sends the batch sooner. Default 30.</summary>
    [Range(5, 600)]
    public int LeaseSeconds { get; set; } = 30;

    /// <summary>Seconds between renewals of a claim, and between looks at who has left meanwhile. Default 10.</summary>
    [Range(1, 200)]
    public int RenewSeconds { get; set; } = 10;

    /// <summary>Seconds after which a sending job hands over to a fresh one. Default 60.</summary>
    [Range(1, 600)]
    public int HandOverSeconds { get; set; } = 60;

    /// <summary>Sending jobs at once in one worker process. Default 2.</summary>
    [Range(1, 32)]
    public int Senders { get; set; } = 2;

    /// <summary>Minutes to wait after each deferral, the last repeated; ±20 %. Default 5, 15, 60, 120, 240.</summary>
    [MinLength(1)]
    public double[] RetryMinutes { get; set; } = [5, 15, 60, 120, 240];

    /// <summary>Hours after its first deferral at which a delivery expires. Default 24.</summary>
    [Range(0, 240)]
    public double MaxAgeHours { get; set; } = 24;

    /// <summary>Seconds until a delivery whose reply was lost is sent once more (policy <c>resend</c>). Default 60.</summary>
    [Range(0, 86_400)]
    public int ResendUnknownSeconds { get; set; } = 60;

    /// <summary>Share of the audience that may end unknown before the issue pauses (of at least 20 unknown). Default 0.01.</summary>
    [Range(0.0, 1.0)]
    public double UnknownShare { get; set; } = 0.01;

    /// <summary>Share of the attempts that may be rejected before the issue pauses (of at least 100 rejected). Default 0.2.</summary>
    [Range(0.0, 1.0)]
    public double RejectedShare { get; set; } = 0.2;

    /// <summary>Policy or sender rejections in a row, of one kind, that count as the sender's fault and pause the issue. Default 20.</summary>
    [Range(2, 10_000)]
    public int RefusalsInARow { get; set; } = 20;

    /// <summary>Seconds without any usable relay after which issues pause. Default 120.</summary>
    [Range(1, 86_400)]
    public int PauseWithoutRelaySeconds { get; set; } = 120;

    /// <summary>Connections kept for mail to one person, beside those of issues. Default 2.</summary>
    [Range(1, 64)]
    public int PersonalConnections { get; set; } = 2;

    /// <summary>
    /// Where undeliverable mail comes back to. Every delivery has an address of its own, a token behind a plus sign before the @, so the mailbox must
    /// take <c>bounce+anything@domain</c>. At most 10 characters before the @. Default: none, and bounces go to the newsletter's own address.
    /// </summary>
    public string? BounceAddress { get; set; }

    /// <summary>Where mail goes. In production at least one.</summary>
    public List<RelayOptions> Relays { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BounceAddress is not null && ReturnPaths.TryCreate(BounceAddress, out _) is { } unfit)
            yield return new ValidationResult($"Delivery:BounceAddress: {unfit}");
        if (RenewSeconds * 2 >= LeaseSeconds)
            yield return new ValidationResult("Delivery:RenewSeconds must be less than half of Delivery:LeaseSeconds, so that one failed renewal does not lose the claim.");
        if (RetryMinutes.Any(minutes => minutes is not (>= 0 and <= 10_080)))
            yield return new ValidationResult("Delivery:RetryMinutes holds minutes from 0 to 10080.");
        if (Relays.GroupBy(relay => relay.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
            yield return new ValidationResult($"Delivery:Relays names '{twice}' twice: each relay needs a name of its own.");
        foreach (var (relay, index) in Relays.Select((relay, index) => (relay, index)))
        {
            var problems = new List<ValidationResult>();
            Validator.TryValidateObject(relay, new ValidationContext(relay), problems, validateAllProperties: true);
            foreach (var problem in problems)
                yield return new ValidationResult($"Delivery:Relays:{index}: {problem.ErrorMessage}");
        }
    }
}
