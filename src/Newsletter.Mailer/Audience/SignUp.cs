using System.Net;

namespace Newsletter.Mailer.Audience;

/// <summary>A sign-up that was let in.</summary>
public sealed record SignUp
{
    public required long NewsletterId { get; init; }

    public required EmailAddress Address { get; init; }

    /// <summary>Language of the form, and of the mail that follows.</summary>
    public required string Language { get; init; }

    /// <summary><c>page</c>, <c>embed</c>, <c>api</c>, or <c>again</c> where an expired link was asked for anew.</summary>
    public required string Form { get; init; }

    /// <summary>What the form said that the reader agrees to, word for word.</summary>
    public required string Wording { get; init; }

    /// <summary>Where the request came from; null where unknown.</summary>
    public IPAddress? From { get; init; }
}

/// <summary>What became of a sign-up. None of these depends on whether the address is known here.</summary>
public abstract record SignUpOutcome
{
    private SignUpOutcome()
    {
    }

    /// <summary>In the outbox: a job is to be started for it.</summary>
    public sealed record Taken(long OutboxId) : SignUpOutcome;

    /// <summary>A machine filled in what people don't see. It is told what everybody is told, and nothing happens.</summary>
    public sealed record Trapped : SignUpOutcome;

    /// <summary>There is no form with it that we signed and that is fresh: it is to be shown.</summary>
    public sealed record NoForm : SignUpOutcome;

    /// <summary>It came faster than a person fills it in.</summary>
    public sealed record TooSoon : SignUpOutcome;

    /// <summary>The address can't be one; the sentence says why, in English.</summary>
    public sealed record BadAddress(string Problem) : SignUpOutcome;

    /// <summary>This network had its share.</summary>
    public sealed record TooMany(TimeSpan RetryAfter) : SignUpOutcome;

    /// <summary>So many come from everywhere that nobody is let in for a while.</summary>
    public sealed record Surge(TimeSpan RetryAfter) : SignUpOutcome;
}
