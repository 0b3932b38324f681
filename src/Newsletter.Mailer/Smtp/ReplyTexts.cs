using System.Text.RegularExpressions;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>What servers write where their codes don't say it: data, taken from the replies of widely used servers.</summary>
internal static partial class ReplyTexts
{
    private static readonly string[] Greylisting = ["greylist", "graylist", "grey-list", "gray-list"];

    /// <summary>4.7.x or a known text. Greylisting asks for patience with this recipient, not for a slower pace, whatever its code.</summary>
    public static bool IsThrottling(SmtpReply reply) =>
        !Says(reply.Text, Greylisting)
        && (reply.EnhancedStatus?.StartsWith("4.7.", StringComparison.Ordinal) == true || ThrottlingTexts.Include(reply.Text));

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
