using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Audience;

/// <summary>Section <c>Audience:SignUps</c>: how readers sign up by themselves, and what is done against abuse of it.</summary>
public sealed class SignUpOptions : IValidatableObject
{
    /// <summary>Confirmations an address gets in 24 hours. Not to be set: list bombing counts in single mails.</summary>
    public const int MailsADay = 1;

    /// <summary>Confirmations an address gets in 180 days without confirming any.</summary>
    public const int MailsInHalfAYear = 3;

    /// <summary>How long filling in the form takes at least, in seconds; whoever is faster is asked to press the button again. Default 2.</summary>
    [Range(0, 60)]
    public double MinFillSeconds { get; set; } = 2;

    /// <summary>How long a form that was shown can be sent, in hours. Default 24.</summary>
    [Range(1, 168)]
    public int FormHours { get; set; } = 24;

    /// <summary>How long the link of a confirmation works, in days. Default 7.</summary>
    [Range(1, 30)]
    public int ConfirmDays { get; set; } = 7;

    /// <summary>Sign-ups an hour from one network (IPv4 /24, IPv6 /48). Default 30.</summary>
    [Range(1, 100_000)]
    public int NetworkPerHour { get; set; } = 30;

    /// <summary>Sign-ups a minute from all networks together; more is a surge. Default 300.</summary>
    [Range(1, 100_000)]
    public int SurgePerMinute { get; set; } = 300;

    /// <summary>How long nobody can sign up after a surge began, in minutes. Default 10.</summary>
    [Range(1, 1440)]
    public int BreakMinutes { get; set; } = 10;

    /// <summary>Origins of other sites whose scripts may sign readers up, such as https://www.example.com. Default: none.</summary>
    public IList<string> Origins { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in Origins.Where(origin => !IsOrigin(origin)))
            yield return new ValidationResult($"Audience:SignUps:Origins has '{origin}'; each must be like https://www.example.com: a scheme and a host, nothing more.", [nameof(Origins)]);
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("https" or "http") && url.GetLeftPart(UriPartial.Authority) == text;
}
