using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>Section <c>Feedback:Webhooks</c>: whose webhooks are taken at <c>/webhooks/{provider}</c>. One without a secret is not there (404).</summary>
public sealed class WebhookOptions : IValidatableObject
{
    private const int ShortestSecret = 16;

    /// <summary>Amazon SNS topics that SES events come by, as ARNs; others are refused. Default: none.</summary>
    public List<string> SesTopics { get; set; } = [];

    /// <summary>SendGrid's verification key of the signed event webhook, in base64. Default: none.</summary>
    public string? SendGridPublicKey { get; set; }

    /// <summary>Of your choosing: the password of Basic authentication, or <c>?key=</c>, in the URL given to Postmark. Default: none.</summary>
    public string? PostmarkSecret { get; set; }

    /// <summary>Mailgun's HTTP webhook signing key. Default: none.</summary>
    public string? MailgunSigningKey { get; set; }

    /// <summary>Of your choosing: the password of SparkPost's Basic authentication. Default: none.</summary>
    public string? SparkPostSecret { get; set; }

    /// <summary>Of your choosing: signs the generic webhook. Default: none.</summary>
    public string? GenericSecret { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var topic in SesTopics.Where(topic => !topic.StartsWith("arn:aws", StringComparison.Ordinal)))
            yield return new ValidationResult($"Feedback:Webhooks:SesTopics has '{topic}': an ARN looks like arn:aws:sns:eu-central-1:123456789012:bounces.");
        if (SendGridPublicKey is { Length: > 0 } key && !SendGridWebhook.IsKey(key))
            yield return new ValidationResult("Feedback:Webhooks:SendGridPublicKey is no public key in base64: copy the verification key of the signed event webhook.");
        foreach (var (name, secret) in new[] { ("PostmarkSecret", PostmarkSecret), ("SparkPostSecret", SparkPostSecret), ("GenericSecret", GenericSecret) })
            if (secret is { Length: > 0 and < ShortestSecret })
                yield return new ValidationResult($"Feedback:Webhooks:{name} has {secret.Length} characters: {ShortestSecret} at least, as of 'openssl rand -hex 24'.");
    }
}
