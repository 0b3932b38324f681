using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Answers that no person wrote (RFC 3834): out of office, received, on holiday. The message arrived.</summary>
internal static class AutoReplies
{
    /// <summary>How subjects begin, and one that no other pattern knows: from the resource <c>automatic-subjects.txt</c>, which says how it is written.</summary>
    public static IReadOnlyList<PatternLine> Subjects { get; } = PatternFile.Read("automatic-subjects.txt");

    private static readonly Regex s_subject = SubjectOf(Subjects);

    /// <summary>Null where the mail isn't one.</summary>
    public static BounceReading? Read(ReportMail report) =>
        IsReply(report.Header("Auto-Submitted")) || MarkedOtherwise(report) || s_subject.IsMatch(report.Mail.Subject ?? "") ? Reading(report) : null;

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
        IsReply(report.Header("Auto-Submitted")) && report.DeliveryStatus.Length == 0 && report.Returned is null && s_subject.IsMatch(report.Mail.Subject ?? "");

    /// <summary>What tells a subject by these patterns.</summary>
    internal static Regex SubjectOf(IEnumerable<PatternLine> patterns) =>
        new($@"^\s*(re: ?)?({string.Join('|', patterns.Select(line => line.Pattern))})", ReportPattern.AnyCase);

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
}
