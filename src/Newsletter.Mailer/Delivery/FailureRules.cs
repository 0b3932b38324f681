namespace Newsletter.Mailer.Delivery;

/// <summary>Whom a failure speaks of, and so what follows from it.</summary>
public enum FailureKind
{
    /// <summary>The mailbox takes no mail any more: it is suppressed.</summary>
    Hard,

    /// <summary>The mailbox, or the way to it, for now: counted, and suppressed when it goes on.</summary>
    Soft,

    /// <summary>Its owner calls the mail unwanted: suppressed and unsubscribed.</summary>
    Complaint,

    /// <summary>Policy or reputation. Never the reader's fault: an alarm of the relay.</summary>
    Sender,

    /// <summary>What was written: too big, malformed, infected. Says nothing of the reader; kept as it is.</summary>
    Message,
}

/// <summary>A failure as the rules see it.</summary>
/// <param name="Kind">Whom it speaks of.</param>
/// <param name="Reason">In one word, one of those the README lists.</param>
public sealed record Failure(FailureKind Kind, string Reason);

/// <summary>The one place that decides whom a failure speaks of, whether a relay's reply tells it, a report that comes back, or a webhook. Pure.</summary>
public static class FailureRules
{
    /// <param name="reason">One of the reasons that the README lists.</param>
    /// <param name="status">Enhanced status; null or empty where there was none.</param>
    /// <param name="permanent">Nobody tries again: 5xx, or a report of a failure for good.</param>
    public static Failure Of(string reason, string? status, bool permanent = true) =>
        new(IsOurs(status) ? FailureKind.Sender : IsOfCommand(reason, status) ? FailureKind.Message : KindOf(reason, permanent), reason);

    /// <summary>Put off until it was too old. Whoever asked for a slower pace, or for another sender, spoke of us.</summary>
    public static Failure OfExpired(SmtpReply reply) =>
        Of(reply.EnhancedStatus is "4.2.2" ? "mailboxfull" : "expired", reply.EnhancedStatus, permanent: false);

    // 5.7.x speaks of policy, 5.1.7 and 5.1.8 of the sender's address, whatever the words beside them.
    private static bool IsOurs(string? status) =>
        status is { Length: >= 5 } && (status.AsSpan(1).StartsWith(".7.", StringComparison.Ordinal) || status.AsSpan(1) is ".1.7" or ".1.8");

    // x.5.x: what was sent was not understood. It says nothing of the mailbox, unless words do.
    private static bool IsOfCommand(string reason, string? status) =>
        status is { Length: >= 5 } && status.AsSpan(1).StartsWith(".5.", StringComparison.Ordinal) && reason is "onhold" or "undefined" or "systemerror";

    private static FailureKind KindOf(string reason, bool permanent) => reason switch
    {
        "feedback" => FailureKind.Complaint,
        "userunknown" or "hostunknown" or "hasmoved" or "notaccept" => permanent ? FailureKind.Hard : FailureKind.Soft,
        "authfailure" or "badreputation" or "blocked" or "norelaying" or "policyviolation" or "rejected" or "requireptr" or "securityerror"
            or "spamdetected" or "speeding" or "toomanyconn" => FailureKind.Sender,
        "contenterror" or "mesgtoobig" or "notcompliantrfc" or "virusdetected" or "syntaxerror" => FailureKind.Message,
        _ => FailureKind.Soft,
    };
}

/// <summary>Kinds as they are kept and shown.</summary>
public static class FailureKinds
{
    public static string Word(this FailureKind kind) => kind switch
    {
        FailureKind.Hard => "hard",
        FailureKind.Soft => "soft",
        FailureKind.Complaint => "complaint",
        FailureKind.Sender => "sender",
        _ => "message",
    };
}
