namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Everything a report says about one recipient, for the reason to be found in.</summary>
internal sealed record Evidence
{
    /// <summary>What servers said, the plainest first: each one line, white space one space, never empty.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    public string Status { get; init; } = "";

    public string ReplyCode { get; init; } = "";

    public string Action { get; init; } = "";

    public RefusedStep Step { get; init; }

    /// <summary>The diagnostic is a local program's exit status (RFC 3464 §2.3.6, type <c>x-unix</c>).</summary>
    public bool OfProgram { get; init; }
}

/// <summary>Decides the reason: words first, the status where words say nothing, then the step and the action.</summary>
internal static class Diagnosis
{
    /// <param name="evidence">What the report says.</param>
    /// <param name="without">A rule to do without, to see what it is good for.</param>
    public static string Reason(Evidence evidence, BounceTexts.Rule? without = null)
    {
        if (evidence.Action is "delivered" or "relayed" or "expanded")
            return BounceReasons.Delivered;
        return BounceTexts.Find(evidence.Texts, without) is { } rule ? Weigh(rule, evidence) : ByStatus(evidence.Status) ?? ByStep(evidence);
    }

    /// <summary>Words and status may contradict each other.</summary>
    private static string Weigh(BounceTexts.Rule rule, Evidence evidence)
    {
        if (rule.Firm)
            return rule.Reason;
        return rule.Reason switch
        {
            BounceReasons.UserUnknown => UnknownOrFiltered(evidence),
            "mesgtoobig" when evidence.Status.EndsWith(".2.3", StringComparison.Ordinal) => "exceedlimit",
            BounceReasons.Expired when evidence.OfProgram => "mailererror",
            // Words that fit nearly anything: a status that says something is better.
            "policyviolation" or "systemerror" or "securityerror" or "syntaxerror" or BounceReasons.Expired
                when ByStatus(evidence.Status) is { } told && told is not ("securityerror" or "systemerror" or "syntaxerror" or BounceReasons.Filtered or "networkerror") => told,
            _ => rule.Reason,
        };
    }

    /// <summary>
    /// Filters answer "user unknown" once they have read the message, so that a sender they don't want gives up: mobile carriers above all.
    /// It is believed at RCPT, with a status of addresses (x.1.x), and of a mailbox that the reporter itself looked for; not of a remote
    /// server's reply that answered something else or nothing we are told of.
    /// </summary>
    private static string UnknownOrFiltered(Evidence evidence) => evidence switch
    {
        { Step: RefusedStep.RcptTo } or { Status: ['4' or '5', '.', '1', '.', ..] } => BounceReasons.UserUnknown,
        { Status: "5.2.0" or "5.2.1" or "4.2.0" or "4.2.1" } or { Step: not RefusedStep.Untold } or { ReplyCode.Length: > 0 } => BounceReasons.Filtered,
        _ => BounceReasons.UserUnknown,
    };

    /// <summary>RFC 3463 §3, with the codes that IANA lists since; null for what says nothing.</summary>
    internal static string? ByStatus(string status) => status.Length < 5 ? null : status[2..] switch
    {
        "1.1" or "1.3" or "1.4" or "1.5" or "1.351" => BounceReasons.UserUnknown,
        "1.2" or "4.310" => "hostunknown",
        "1.6" or "7.17" or "7.18" => "hasmoved",
        "1.7" or "1.8" or "7.2" or "7.27" => "rejected",
        "1.10" or "3.2" => BounceReasons.NotAccept,
        "2.1" when status[0] == '5' => BounceReasons.Suspend,
        "7.13" or "7.14" => BounceReasons.Suspend,
        "2.0" or "2.1" or "2.4" => BounceReasons.Filtered,
        "2.2" => "mailboxfull",
        "2.3" => "exceedlimit",
        "3.1" => "systemfull",
        "3.4" => "mesgtoobig",
        "3.0" or "3.3" or "3.5" or "3.6" => "systemerror",
        "4.4" => "hostunknown",
        "4.1" or "4.7" or "4.2" => BounceReasons.Expired,
        "4.0" or "4.3" or "4.6" => "networkerror",
        "4.5" => "systemfull",
        "5.3" => "toomanyconn",
        "5.1" or "5.2" or "5.4" or "5.5" or "5.6" => "syntaxerror",
        "6.0" or "6.1" or "6.2" or "6.3" or "6.4" or "6.5" or "6.6" or "6.7" or "6.8" or "6.10" => "contenterror",
        "6.9" or "6.11" => "notcompliantrfc",
        "7.20" or "7.21" or "7.22" or "7.23" or "7.24" or "7.26" or "7.30" or "7.29" or "7.28" when status[0] == '5' => "authfailure",
        "7.25" => "requireptr",
        "7.10" => "failedstarttls",
        "7.9" or "7.38" => "policyviolation",
        "7.0" or "7.1" or "7.3" or "7.4" or "7.5" or "7.6" or "7.7" or "7.8" => "securityerror",
        _ => null,
    };

    private static string ByStep(Evidence evidence) => evidence switch
    {
        { OfProgram: true } => "mailererror",
        { Action: "delayed" or "expired" } => BounceReasons.Expired,
        { ReplyCode: "421" or "450" or "451" } when evidence.Texts.Count == 0 => BounceReasons.Expired,
        { ReplyCode: "552" } => "mailboxfull",
        { ReplyCode: "535" or "530" or "538" } => "securityerror",
        { ReplyCode: "556" or "521" } => BounceReasons.NotAccept,
        { ReplyCode: "500" or "501" or "502" or "503" or "504" } => "syntaxerror",
        { Step: RefusedStep.Connect or RefusedStep.Hello } => "blocked",
        { Step: RefusedStep.MailFrom } => "rejected",
        { ReplyCode.Length: 3 } or { Status.Length: > 0 } => BounceReasons.OnHold,
        _ => BounceReasons.Undefined,
    };
}
