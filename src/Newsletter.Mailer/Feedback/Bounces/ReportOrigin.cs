using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Whether a mail comes from a server rather than a person.</summary>
/// <param name="IsServer">A server's report, by its form or its sender.</param>
/// <param name="TellsFailure">A server's, or one whose subject is a report's.</param>
/// <param name="MayBe">The same, or it has no return path: a server, or an automatic answer.</param>
/// <param name="IsConversation">A person answers: what it quotes of servers is not told by one.</param>
internal sealed partial record ReportOrigin(bool IsServer, bool TellsFailure, bool MayBe, bool IsConversation)
{
    public static ReportOrigin Of(ReportMail report)
    {
        var from = report.Header("From");
        var isReport = report.Mail.Body is MimeKit.MultipartReport || report.DeliveryStatus.Length > 0;
        var server = isReport || Daemon().IsMatch(from) || report.Header("X-Failed-Recipients").Length > 0;
        var subject = report.Mail.Subject ?? "";
        var answers = !server && Answer().IsMatch(subject);
        var fails = server || Failure().IsMatch(subject) && !answers;
        return new ReportOrigin(server, fails, fails || Daemon().IsMatch(report.Header("Return-Path")), answers);
    }

    [GeneratedRegex(@"mailer[-_ ]?daemon|post[-_]?master@|mail (delivery|administrator|system)|mail[-_]?admin|maildelivery|mdaemon@|<>\s*$|delivery (subsystem|service|agent)|\bbounce(s|d)?@|system administrator|microsoft exchange|mailrouter|mail router|majordomo", ReportPattern.AnyCase)]
    private static partial Regex Daemon();

    [GeneratedRegex(@"undeliver(ed|able)|returned mail|mail (delivery )?(failed|failure|system error|delivery|error|could not)|delivery (status|failure|failed|error|problem|has failed|report|notification)|failure notice|could not (be delivered|send message)|not delivered|non[- ]?deliver|returning (your )?mail|(message|mail) (delivery )?(failure|delayed|status|undelivered)|nondeliverable|unzustellbar|non remis|postmaster notify|errors? from|warning: (message|could not|delayed)|bounced|user unknown|unknown user|delivery delayed|unable to deliver|rejected mail|mail not delivered|sorry, your message|不達|エラー|配信", ReportPattern.AnyCase)]
    private static partial Regex Failure();

    [GeneratedRegex(@"^\s*(re|aw|sv|antw|rif|res|odp|vs|ynt|回复|回覆|答复)\s*(\[\d+\])?\s*[:：]", ReportPattern.AnyCase)]
    private static partial Regex Answer();
}

/// <summary>Whether words tell of a failure, though nothing else shows that a server wrote them.</summary>
internal static partial class FailureWords
{
    public static bool Tell(ReportText text) => Array.Exists(text.Lines, line => Failed().IsMatch(line));

    /// <summary>It is still tried (RFC 3464 §2.3.3, <c>delayed</c>, in a server's own words).</summary>
    public static bool TellDelay(ReportText text) => Array.Exists(text.Lines, line => Delayed().IsMatch(line)) && !Array.Exists(text.Lines, line => GivenUp().IsMatch(line));

    [GeneratedRegex(@"has not yet been delivered|delivery attempts will continue|will (keep|continue) (trying|to try|to attempt)|you do not need to resend|warning message only|no action is required on your part", ReportPattern.AnyCase)]
    private static partial Regex Delayed();

    [GeneratedRegex(@"giv(en|ing) up|could not be delivered|has been returned|permanent", ReportPattern.AnyCase)]
    private static partial Regex GivenUp();

    [GeneratedRegex(@"^\s*(error( message)? (below|follows)|.{0,20}\b(could not|was not able to|unable to|wasn't able to|couldn't|can ?not|failed to) (be )?deliver(ed)? .{0,40}(to|address|recipient|message)|remote host said|delivery failed|550[ -](\d\.|.{0,80}(unknown|unavailable|rejected|denied|refused|blocked|not |no |n't |user|mailbox|recipient|address|relay|spam|action))|5\.\d\.\d |smtp error from|user unknown|.{0,40}did not reach the following recipient)", ReportPattern.AnyCase)]
    private static partial Regex Failed();
}
