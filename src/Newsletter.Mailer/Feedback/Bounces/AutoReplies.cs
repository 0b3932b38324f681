using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Answers that no person wrote (RFC 3834): out of office, received, on holiday. The message arrived.</summary>
internal static partial class AutoReplies
{
    /// <summary>Null where the mail isn't one.</summary>
    public static BounceReading? Read(ReportMail report)
    {
        var submitted = report.Header("Auto-Submitted");
        var replied = submitted.StartsWith("auto-replied", StringComparison.OrdinalIgnoreCase)
            || submitted.StartsWith("auto-generated", StringComparison.OrdinalIgnoreCase) && Subject().IsMatch(report.Mail.Subject ?? "");
        if (!replied && !MarkedOtherwise(report) && !Subject().IsMatch(report.Mail.Subject ?? ""))
            return null;
        return new BounceReading
        {
            Kind = BounceKind.AutoReply,
            Reason = BounceReasons.Vacation,
            Recipient = report.Mail.From.Mailboxes.FirstOrDefault()?.Address ?? Addresses.First(report.Header("Return-Path")),
            MessageId = report.Mail.InReplyTo ?? ReturnedHeaders.MessageId(report.Returned),
        };
    }

    private static bool MarkedOtherwise(ReportMail report) =>
        report.Header("X-Autoreply").Length > 0 || report.Header("X-Autorespond").Length > 0 || report.Header("X-Autoresponse").Length > 0 || report.Header("X-Apple-Action") == "OOF/AUTO_REPLY"
        || report.Header("X-Auto-Response-Suppress").Contains("oof", StringComparison.OrdinalIgnoreCase) && Subject().IsMatch(report.Mail.Subject ?? "")
        || report.Header("Precedence").Equals("auto_reply", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^\s*(re: ?)?(auto(matic)?[- :]?(re(ply|sponse|sponder)|antwort|matische)?\b ?:|out of (the )?office|ooo:|vacation|on (vacation|holiday|leave)|away from|i('m| am) (away|out)|abwesen|réponse automatique|absence|abwesenheit|respuesta autom|risposta automatica|automatisch|autoreply|auto(matic)? ?re(ply|sponse)|自動(返信|応答)|不在)", ReportPattern.AnyCase)]
    private static partial Regex Subject();
}
