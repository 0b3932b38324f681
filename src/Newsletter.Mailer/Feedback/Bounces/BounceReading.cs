namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>What a mail that came back means for a reader.</summary>
public enum BounceKind
{
    /// <summary>The address will never take mail: no such mailbox or domain, moved away, takes no mail at all.</summary>
    Hard,

    /// <summary>This message was not taken, or not yet; another one may be.</summary>
    Soft,

    /// <summary>The reader, or the reader's provider, calls the message unwanted (RFC 5965).</summary>
    Complaint,

    /// <summary>An answer that no person wrote (RFC 3834): the message did arrive.</summary>
    AutoReply,

    /// <summary>A report of something else: delivered, relayed, failed authentication.</summary>
    Other,
}

/// <summary>What one report says of one recipient.</summary>
public sealed record BounceReading
{
    public required BounceKind Kind { get; init; }

    /// <summary>Why, in one word: see <see cref="BounceReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>Enhanced status code (RFC 3463), such as <c>5.1.1</c>; empty where the report has none.</summary>
    public string Status { get; init; } = "";

    /// <summary>SMTP reply code, three digits; empty where the report has none.</summary>
    public string ReplyCode { get; init; } = "";

    /// <summary>The address that the report speaks of (RFC 3464 Final-Recipient), as written there; empty where it names none.</summary>
    public string Recipient { get; init; } = "";

    /// <summary>The address as the sender gave it (RFC 3464 Original-Recipient, RFC 3461 ORCPT); empty where the report doesn't say.</summary>
    public string OriginalRecipient { get; init; } = "";

    /// <summary>The reason that what follows goes by: see <see cref="Diagnosis.Cause"/>. <see cref="Reason"/> itself, where no words were weighed.</summary>
    internal string Cause { get => field ?? Reason; init; }

    /// <summary>Message-ID of the message that came back, without angle brackets; empty where the report doesn't have it.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>What the server said, the plainest of it on one line, addresses replaced; empty where it said nothing.</summary>
    public string Text { get; init; } = "";

    /// <summary>RFC 3464 Action: <c>failed</c>, <c>delayed</c>, <c>delivered</c>, <c>relayed</c> or <c>expanded</c>; empty where the report doesn't say. A delay is no bounce yet.</summary>
    public string Action { get; init; } = "";
}

/// <summary>The reasons there are, and which of them are the address's own end.</summary>
public static class BounceReasons
{
    public const string Delivered = "delivered";
    public const string Expired = "expired";
    public const string Feedback = "feedback";
    public const string Filtered = "filtered";
    public const string NotAccept = "notaccept";
    public const string OnHold = "onhold";
    public const string Suspend = "suspend";
    public const string Undefined = "undefined";
    public const string UserUnknown = "userunknown";
    public const string Vacation = "vacation";

    /// <summary>Every reason that a reading can have.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "authfailure", "badreputation", "blocked", "contenterror", Delivered, "exceedlimit", Expired, "failedstarttls", Feedback, Filtered, "hasmoved",
        "hostunknown", "mailboxfull", "mailererror", "mesgtoobig", "networkerror", "norelaying", NotAccept, "notcompliantrfc", OnHold,
        "policyviolation", "rejected", "requireptr", "securityerror", "spamdetected", "speeding", Suspend, "syntaxerror", "systemerror", "systemfull",
        "toomanyconn", Undefined, UserUnknown, Vacation, "virusdetected",
    ];

    /// <summary>Hard or soft. A host that takes no mail may be one that takes none for now: its 4xx is soft.</summary>
    internal static BounceKind KindOf(string reason, string status, string replyCode) => reason switch
    {
        UserUnknown or "hostunknown" or "hasmoved" => BounceKind.Hard,
        NotAccept => replyCode.StartsWith('4') || (status.StartsWith('4') && status != "4.0.0") ? BounceKind.Soft : BounceKind.Hard,
        Delivered => BounceKind.Other,
        Vacation => BounceKind.AutoReply,
        _ => BounceKind.Soft,
    };
}
