using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Answers that no person wrote (RFC 3834): out of office, received, on holiday. The message arrived.</summary>
internal static partial class AutoReplies
{
    /// <summary>Null where the mail isn't one.</summary>
    public static BounceReading? Read(ReportMail report) =>
        IsReply(report.Header("Auto-Submitted")) || MarkedOtherwise(report) || Subject().IsMatch(report.Mail.Subject ?? "") ? Reading(report) : null;

    /// <summary>
    /// The same of a mail that marks itself as automatic, whatever its language, where nothing else in it shows a server's report: Exchange writes its
    /// users' notes as <c>auto-generated</c>, without a return path and under a subject in their language.
    /// </summary>
    public static BounceReading? ReadMarked(ReportMail report) =>
        report.Header("Auto-Submitted") is { Length: > 0 } submitted && !submitted.StartsWith("no", StringComparison.OrdinalIgnoreCase)
        || report.Header("X-Auto-Response-Suppress").Length > 0
            ? Reading(report)
            : null;

    /// <summary>A person's note by every sign of one, though a postmaster's address sent it.</summary>
    public static bool IsNote(ReportMail report) =>
        IsReply(report.Header("Auto-Submitted")) && report.DeliveryStatus.Length == 0 && report.Returned is null && Subject().IsMatch(report.Mail.Subject ?? "");

    private static bool IsReply(string submitted) => submitted.StartsWith("auto-replied", StringComparison.OrdinalIgnoreCase);

    private static BounceReading Reading(ReportMail report) => new()
    {
        Kind = BounceKind.AutoReply,
        Reason = BounceReasons.Vacation,
        Recipient = report.Mail.From.Mailboxes.FirstOrDefault()?.Address ?? Addresses.First(report.Header("Return-Path")),
        MessageId = report.Mail.InReplyTo ?? ReturnedHeaders.MessageId(report.Returned),
    };

    private static bool MarkedOtherwise(ReportMail report) =>
        report.Header("X-Autoreply").Length > 0 || report.Header("X-Autorespond").Length > 0 || report.Header("X-Autoresponse").Length > 0 || report.Header("X-Apple-Action") == "OOF/AUTO_REPLY"
        || report.Header("X-Delivery-Agent").StartsWith("TMDA", StringComparison.OrdinalIgnoreCase)
        || report.Header("Precedence").Equals("auto_reply", StringComparison.OrdinalIgnoreCase);

    // Exchange's prefix in the languages it knows, and what others write.
    [GeneratedRegex(
        @"^\s*(re: ?)?(auto(matic)?[- :]?(re(ply|sponse|sponder)|antwort|matische)?\b ?:|\[auto-?(reply|response)\]|out of (the )?office|ooo:|vacation|on (vacation|holiday|leave)|away from|i('m| am) (away|out)|abwesen|réponse automatique|absence|abwesenheit|respuesta autom|risposta automatica|automatisch|autoreply|auto(matic)? ?re(ply|sponse)|自動(返信|応答|回[覆复])|自动(回复|答复)|不在"
        + @"|auto(matisk(t)?)? ?svar|fraværs|frånvaro|automaattinen vastaus|poissa|automatikus válasz|automatická odpov|odpowiedź automatyczna|autoodpowiedź|resposta automática|răspuns automat|otomatik yanıt|автоматич\w* (ответ|відповідь|отговор)|автоответ|αυτόματη απάντηση|자동 ?(회신|응답)|תשובה אוטומטית|מענה אוטומטי|رد تلقائي|trả lời tự động|automatski odgovor|samodejni odgovor|automatinis atsakymas|automātiska atbilde|automaatvastus|ตอบกลับอัตโนมัติ"
        + @"|please confirm (your )?(message|e-?mail|that you)|.{1,60}\b(is|am) (currently )?out of (the )?office\b)",
        ReportPattern.AnyCase)]
    private static partial Regex Subject();
}
