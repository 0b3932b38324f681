namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>What an enhanced status code says by itself: RFC 3463 §3, with the codes that IANA lists since.</summary>
internal static class ReasonOfStatus
{
    /// <summary>The reason; null for a code that says nothing.</summary>
    public static string? Of(string status) => status.Length < 5 ? null : status[0] == '4' ? Temporary(status[2..]) ?? Either(status[2..]) : Permanent(status[2..]) ?? Either(status[2..]);

    // Servers that put somebody off for a while mean the sender, not the mailbox.
    private static string? Temporary(string code) => code switch
    {
        "2.1" or "7.1" or "7.2" => "blocked",
        "4.2" or "4.4" => "networkerror",
        "5.3" => "systemerror",
        _ => null,
    };

    private static string? Permanent(string code) => code switch
    {
        "1.0" or "1.1" or "1.3" or "1.5" or "1.351" => BounceReasons.UserUnknown,
        "1.2" or "4.4" or "4.310" => "hostunknown",
        "2.0" or "2.1" => BounceReasons.Filtered,
        "3.0" => "systemerror",
        "4.0" => "networkerror",
        "5.2" or "5.6" => "syntaxerror",
        "5.3" => "toomanyconn",
        "7.0" or "7.1" or "7.2" => "securityerror",
        "7.13" => BounceReasons.Suspend,
        "7.27" => BounceReasons.NotAccept,
        _ => null,
    };

    private static string? Either(string code) => code switch
    {
        "1.6" or "7.17" or "7.18" => "hasmoved",
        "1.7" or "1.8" => "rejected",
        "1.4" or "2.4" => BounceReasons.Filtered,
        "1.9" or "3.3" or "3.5" or "3.6" or "4.3" or "5.4" or "5.5" => "systemerror",
        "1.10" or "3.2" => BounceReasons.NotAccept,
        "2.2" => "mailboxfull",
        "2.3" => "exceedlimit",
        "3.1" or "4.5" => "systemfull",
        "3.4" or "7.16" => "mesgtoobig",
        "4.1" or "4.7" => BounceReasons.Expired,
        "4.6" or "4.8" => "networkerror",
        "7.20" or "7.21" or "7.22" or "7.23" or "7.24" or "7.26" or "7.29" => "authfailure",
        "7.25" => "requireptr",
        "7.28" => "spamdetected",
        "7.30" => "failedstarttls",
        ['6', '.', ..] => "contenterror",
        ['7', '.', >= '1' and <= '9', ..] => "securityerror",
        _ => null,
    };
}
