using System.Text.RegularExpressions;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>What servers write where their codes don't say it: data, taken from the replies of widely used servers.</summary>
internal static partial class ReplyTexts
{
    private static readonly string[] Greylisting = ["greylist", "graylist", "grey-list", "gray-list"];

    /// <summary>In this order: a text that speaks of the sender or of policy must never suppress a reader.</summary>
    private static readonly (RejectionVerdict Verdict, string[] Texts)[] Verdicts =
    [
        (RejectionVerdict.Sender, ["sender address", "sender domain", "sender rejected", "sender denied", "sender verify", "invalid sender", "mail from"]),
        (RejectionVerdict.Policy,
        [
            "spam", "policy", "blocked", "blacklist", "blocklist", "denylist", "black list", "block list", "reputation", "spf", "dkim", "dmarc",
            "relay access denied", "relaying denied", "relay not permitted", "unable to relay", "not authorized", "not allowed", "virus", "content rejected",
        ]),
        (RejectionVerdict.MailboxFull, ["mailbox full", "mailbox is full", "inbox is full", "over quota", "overquota", "quota exceeded", "exceeded storage", "mailbox size limit"]),
        (RejectionVerdict.UnknownMailbox,
        [
            "user unknown", "unknown user", "no such user", "user not found", "user does not exist", "user doesn't exist", "no such mailbox",
            "mailbox not found", "mailbox does not exist", "mailbox doesn't exist", "no mailbox here by that name", "unknown mailbox",
            "no such recipient", "recipient unknown", "unknown recipient", "recipient not found", "recipient does not exist", "invalid recipient",
            "invalid mailbox", "no such address", "address unknown", "unknown address", "address does not exist", "no such person",
            "account does not exist", "account that you tried to reach does not exist", "this user doesn't have a", "unknown or illegal alias",
            "account has been disabled", "account is disabled", "account that you tried to reach is disabled", "unrouteable address",
        ]),
    ];

    /// <summary>4.7.x or a known text. Greylisting asks for patience with this recipient, not for a slower pace, whatever its code.</summary>
    public static bool IsThrottling(SmtpReply reply) =>
        !Says(reply.Text, Greylisting)
        && (reply.EnhancedStatus?.StartsWith("4.7.", StringComparison.Ordinal) == true || ThrottlingTexts.Include(reply.Text));

    public static RejectionVerdict Verdict(string text) =>
        Array.Find(Verdicts, v => Says(text, v.Texts)).Verdict;

    /// <summary>The relay's own name for the message, where its reply to the end of a message has one in a known place.</summary>
    public static string? QueueId(string text)
    {
        var match = KnownQueueId().Match(text);
        return match.Success ? match.Groups["id"].Value.TrimEnd('.') : null;
    }

    private static bool Says(string text, string[] phrases) =>
        Array.Exists(phrases, phrase => text.Contains(phrase, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex(
        """
        \bqueued\ as\ (?<id>[^\s;,()<>]{1,100})             # Postfix and those who answer like it
        | \bInternalId=(?<id>\d{1,40})                      # Exchange
        | \bids?=(?<id>[^\s;,()<>\]]{1,100})                # Exim, KumoMTA
        | \bqp\ (?<id>\d{1,20})                             # qmail
        | \bMessage\ Queued\ \((?<id>[^\s()]{1,100})\)      # Haraka
        | ^(?<id>[^\s;,()<>]{1,100})\ Message\ accepted\ for\ delivery  # Sendmail
        | ^OK\s+\d+\s+(?<id>\S{1,100})\ -\ gsmtp            # Gmail
        | ^Ok\s(?<id>[0-9a-f]{16}-[0-9a-f-]{10,80})$        # Amazon SES
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex KnownQueueId();
}
