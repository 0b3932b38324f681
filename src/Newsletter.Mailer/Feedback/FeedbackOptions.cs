using System.ComponentModel.DataAnnotations;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Feedback.Webhooks;

namespace Newsletter.Mailer.Feedback;

/// <summary>Section <c>Feedback</c>: what comes back, and what follows from it.</summary>
public sealed class FeedbackOptions : IValidatableObject
{
    /// <summary>Soft bounces, one an issue, after which a mailbox is suppressed. Default 5.</summary>
    [Range(1, 1_000)]
    public int SoftBounces { get; set; } = 5;

    /// <summary>Days in which they count. Default 30.</summary>
    [Range(1, 3_650)]
    public int SoftBounceDays { get; set; } = 30;

    /// <summary>Hours after which an issue that was accepted and has not come back counts as one that arrived: soft bounces before it count no more. Default 120, as long as servers try.</summary>
    [Range(0, 720)]
    public int ArrivedAfterHours { get; set; } = 120;

    /// <summary>Share of complaints among an issue's accepted messages at which it is warned of (of at least 1000 accepted, and at least 5 complaints). Default 0.001.</summary>
    [Range(0.0, 1.0)]
    public double WarnShare { get; set; } = 0.001;

    /// <summary>The share at which an issue that is being sent pauses. Default 0.003.</summary>
    [Range(0.0, 1.0)]
    public double PauseShare { get; set; } = 0.003;

    /// <summary>Mailboxes in which bounces, complaints and mails of readers who leave arrive.</summary>
    public List<MailboxOptions> Mailboxes { get; set; } = [];

    /// <summary>Providers that tell of bounces and complaints themselves.</summary>
    public WebhookOptions Webhooks { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (WarnShare > PauseShare)
            yield return new ValidationResult("Feedback:WarnShare is more than Feedback:PauseShare: an issue would pause before it is warned of.");
        if (Mailboxes.GroupBy(mailbox => mailbox.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
            yield return new ValidationResult($"Feedback:Mailboxes names '{twice}' twice: each mailbox needs a name of its own.");
        foreach (var problem in Webhooks.Validate(validationContext))
            yield return problem;
        foreach (var (mailbox, index) in Mailboxes.Select((mailbox, index) => (mailbox, index)))
        {
            var problems = new List<ValidationResult>();
            Validator.TryValidateObject(mailbox, new ValidationContext(mailbox), problems, validateAllProperties: true);
            foreach (var problem in problems)
                yield return new ValidationResult($"Feedback:Mailboxes:{index}: {problem.ErrorMessage}");
        }
    }
}
