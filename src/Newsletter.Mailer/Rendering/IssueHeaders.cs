using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Rendering;

/// <summary>What the headers of an issue say beyond its edition; all of it fixed at the freeze.</summary>
public sealed record IssueHeaders
{
    /// <summary>Row id of the issue.</summary>
    public required long IssueId { get; init; }

    /// <summary>The Date header, frozen so that every copy of a message is the same.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Where mails of readers who leave are read; null: nowhere, and List-Unsubscribe has no mailto (RFC 2369).</summary>
    public ReturnPaths? Leave { get; init; }

    /// <summary>What measured links lead by where nobody is to know who followed them, the same for all; null: each reader brings a token.</summary>
    public string? ClickToken { get; init; }

    /// <summary>Feedback-ID for Gmail's feedback loop; made of the issue and the newsletter where absent.</summary>
    public string? FeedbackId { get; init; }
}

/// <summary>Mail to one person that is no issue: a confirmation, a welcome, a magic link. Every text is final, with no slots.</summary>
public sealed record PersonalMail
{
    /// <summary>The publication it comes from.</summary>
    public required NewsletterProfile Newsletter { get; init; }

    /// <summary>The subject, one line.</summary>
    public required string Subject { get; init; }

    /// <summary>The text part.</summary>
    public required string Text { get; init; }

    /// <summary>The HTML part: a whole document, trusted as it is.</summary>
    public required string Html { get; init; }

    /// <summary>The Date header.</summary>
    public required DateTimeOffset Date { get; init; }
}
