namespace Newsletter.Mailer.Audience;

/// <summary>Whether a sign-up gets its mail, and which.</summary>
public sealed record ConfirmationDecision
{
    /// <summary>It gets none: the address is suppressed, said that it wasn't them, or had enough of them.</summary>
    public static ConfirmationDecision None { get; } = new();

    public bool IsSent { get; init; }

    /// <summary>The address reads the newsletter already: there is nothing to confirm.</summary>
    public bool IsSubscribed { get; init; }

    /// <summary>The reader's own language, else the form's.</summary>
    public string Language { get; init; } = "en";
}

/// <summary>What a confirmation's button did.</summary>
public enum ConfirmResult
{
    /// <summary>Subscribed from now on.</summary>
    Confirmed,

    /// <summary>It was settled before; the sign-up's state says how.</summary>
    Seen,

    /// <summary>The link is too old.</summary>
    Expired,

    /// <summary>The address is suppressed: only a person changes that.</summary>
    Blocked,

    /// <summary>There is no such sign-up, or no longer.</summary>
    Unknown,
}

/// <summary>What a confirmation's button did, and the welcome mail to start a job for; null where there is none.</summary>
public sealed record ConfirmOutcome(ConfirmResult Result, long? WelcomeOutboxId)
{
    internal static ConfirmOutcome Seen { get; } = new(ConfirmResult.Seen, null);

    internal static ConfirmOutcome Expired { get; } = new(ConfirmResult.Expired, null);

    internal static ConfirmOutcome Blocked { get; } = new(ConfirmResult.Blocked, null);

    internal static ConfirmOutcome Unknown { get; } = new(ConfirmResult.Unknown, null);
}
