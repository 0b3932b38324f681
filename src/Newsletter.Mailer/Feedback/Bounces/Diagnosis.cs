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

/// <summary>Decides the reason: words and status weighed against each other, then vague words, then the step and the action.</summary>
internal static class Diagnosis
{
    // Whom to believe where words say one thing and the status another: whichever stands first. A full mailbox is full, whatever else is said;
    // a 5.1.1 is a better guide than a guess at a filter, and any words are better than a 5.7.1, which servers give for everything.
    private static readonly string[] s_belief =
    [
        "mailboxfull", "mesgtoobig", "exceedlimit", BounceReasons.Suspend, "hasmoved", "norelaying", "authfailure", BounceReasons.UserUnknown, BounceReasons.Filtered,
        "requireptr", "notcompliantrfc", "badreputation", "contenterror", "rejected", "hostunknown", "spamdetected", "speeding", "toomanyconn", "blocked",
    ];

    /// <param name="evidence">What the report says.</param>
    /// <param name="without">A rule to do without, to see what it is good for.</param>
    public static string Reason(Evidence evidence, BounceTexts.Rule? without = null)
    {
        if (evidence.Action is "delivered" or "relayed" or "expanded")
            return BounceReasons.Delivered;
        if (Rule(evidence, without) is { } rule)
            return Weigh(rule, evidence);
        return ReasonOfStatus.Of(evidence.Status) ?? BounceTexts.FindVague(evidence.Texts, without)?.Reason ?? ByStep(evidence);
    }

    /// <summary>
    /// The reason that what follows goes by. Where the words say that there is no such mailbox, and nothing says that it was said of a message that had
    /// been read, that is what they mean; <see cref="Reason"/> calls it filtered for want of a step.
    /// </summary>
    public static string Cause(Evidence evidence) =>
        Reason(evidence) is var reason && reason == BounceReasons.Filtered && evidence.Step != RefusedStep.Data
        && evidence.Status is not ("5.2.0" or "5.2.1" or "4.2.0" or "4.2.1") && Rule(evidence, without: null)?.Reason == BounceReasons.UserUnknown
            ? BounceReasons.UserUnknown
            : reason;

    // A server's own reply outranks the report's prose around it, even where only its status or vague words of it are understood.
    private static BounceTexts.Rule? Rule(Evidence evidence, BounceTexts.Rule? without)
    {
        if (evidence.Texts is not [var first, _, ..] || !Conversation.IsRefusal(first))
            return BounceTexts.Find(evidence.Texts, without);
        if ((BounceTexts.FindFirm(evidence.Texts, without) ?? BounceTexts.Find([first], without)) is { } plain)
            return plain;
        return ReasonOfStatus.Of(evidence.Status) is not null ? null : BounceTexts.FindVague([first], without) ?? BounceTexts.Find(evidence.Texts, without);
    }

    private static string Weigh(BounceTexts.Rule rule, Evidence evidence)
    {
        // A program's words are its own; the status beside them is what the reporter made of an exit status.
        if (rule.Weight == RuleWeight.Firm || evidence.OfProgram && rule.Reason == "mailererror")
            return rule.Reason;
        var said = rule.Reason switch
        {
            BounceReasons.UserUnknown => UnknownOrFiltered(evidence),
            BounceReasons.Expired when evidence.OfProgram => "mailererror",
            _ => rule.Reason,
        };
        return ReasonOfStatus.Of(evidence.Status) is { } told && Outweighs(told, said) ? told : said;
    }

    private static bool Outweighs(string told, string said) => (told, said) switch
    {
        (BounceReasons.UserUnknown, "blocked" or "rejected" or BounceReasons.NotAccept) => false,
        ("hostunknown", "networkerror") or ("contenterror", "spamdetected" or "virusdetected") => false,
        ("exceedlimit", "mesgtoobig") => true,
        // These statuses are given for anything, so any words are better.
        ("securityerror" or "systemerror" or "networkerror" or BounceReasons.Expired, _) => false,
        // A mailbox that is not available for whatever reason.
        (BounceReasons.Filtered or BounceReasons.Suspend or "hasmoved" or "norelaying", _) => Belief(said) == s_belief.Length,
        _ => Belief(told) < Belief(said),
    };

    private static int Belief(string reason) => Array.IndexOf(s_belief, reason) is >= 0 and var at ? at : s_belief.Length;

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

    private static string ByStep(Evidence evidence) => evidence switch
    {
        { OfProgram: true } => "mailererror",
        { Action: "delayed" or "expired" } => BounceReasons.Expired,
        { ReplyCode: "421" or "450" or "451" } when evidence.Texts.Count == 0 => BounceReasons.Expired,
        { ReplyCode: "525" } => BounceReasons.Suspend,
        { ReplyCode: "523" or "524" or "538" } => "failedstarttls",
        { ReplyCode: "535" or "530" } => "securityerror",
        { ReplyCode: "556" or "521" } => BounceReasons.NotAccept,
        { ReplyCode: "500" or "501" or "502" or "503" or "504" or "555" } => "syntaxerror",
        { Step: RefusedStep.Connect or RefusedStep.Hello } => "blocked",
        { Step: RefusedStep.MailFrom } => "rejected",
        { ReplyCode.Length: 3 } or { Status.Length: > 0 } => BounceReasons.OnHold,
        _ => BounceReasons.Undefined,
    };
}
