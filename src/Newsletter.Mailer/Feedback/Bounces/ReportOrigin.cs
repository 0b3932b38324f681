using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Whether a mail comes from a server rather than a person.</summary>
/// <param name="IsServer">A server's report, by its form or its sender.</param>
/// <param name="MayBe">It has no return path or a subject of reports: a server, or an automatic answer.</param>
internal sealed partial record ReportOrigin(bool IsServer, bool MayBe)
{
    public static ReportOrigin Of(ReportMail report)
    {
        var from = report.Header("From");
        var isReport = report.Mail.Body is MimeKit.MultipartReport || report.DeliveryStatus.Length > 0;
        var server = isReport || Daemon().IsMatch(from) || report.Header("X-Failed-Recipients").Length > 0;
        return new ReportOrigin(server, server || Failure().IsMatch(report.Mail.Subject ?? "") || Daemon().IsMatch(report.Header("Return-Path")));
    }

    [GeneratedRegex(@"mailer[-_ ]?daemon|post[-_]?master@|mail (delivery|administrator|system)|mail[-_]?admin|maildelivery|mdaemon@|<>\s*$|delivery (subsystem|service|agent)|\bbounce(s|d)?@|system administrator|microsoft exchange|mailrouter|mail router|majordomo", ReportPattern.AnyCase)]
    private static partial Regex Daemon();

    [GeneratedRegex(@"undeliver(ed|able)|returned mail|mail (delivery )?(failed|failure|system error|delivery|error|could not)|delivery (status|failure|failed|error|problem|has failed|report|notification)|failure notice|could not (be delivered|send message)|not delivered|non[- ]?deliver|returning (your )?mail|(message|mail) (delivery )?(failure|delayed|status|undelivered)|nondeliverable|unzustellbar|non remis|postmaster notify|errors? from|warning: (message|could not|delayed)|bounced|user unknown|unknown user|delivery delayed|unable to deliver|rejected mail|mail not delivered|sorry, your message|不達|エラー|配信", ReportPattern.AnyCase)]
    private static partial Regex Failure();
}

/// <summary>Whether words tell of a failure, though nothing else shows that a server wrote them.</summary>
internal static partial class FailureWords
{
    public static bool Tell(ReportText text) => Array.Exists(text.Lines, line => Failed().IsMatch(line));

    [GeneratedRegex(@"^\s*(error( message)? (below|follows)|.{0,20}\b(could not|was not able to|unable to|wasn't able to|couldn't|can ?not|failed to) (be )?deliver(ed)? .{0,40}(to|address|recipient|message)|remote host said|delivery failed|550[ -]|5\.\d\.\d |smtp error from|user unknown|.{0,40}did not reach the following recipient)", ReportPattern.AnyCase)]
    private static partial Regex Failed();
}
