using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Feedback reports (RFC 5965), and the mails of providers that complain in words.</summary>
internal static partial class Complaints
{
    private static readonly string[] s_recipientFields = ["Original-Rcpt-To", "Removal-Recipient", "Redacted-Address"];

    // Where the report doesn't say who complains, the message that came back was written to somebody.
    private static readonly string[] s_returnedHeaders = ["X-HmXmrOriginalRecipient", "X-Original-To", "Delivered-To", "To"];

    public static IReadOnlyList<BounceReading> Read(ReportMail report)
    {
        var fields = report.FeedbackReport.Length > 0 ? Fields(report.FeedbackReport) : Fields("");
        var type = fields["Feedback-Type"].FirstOrDefault() ?? "";
        if (report.FeedbackReport.Length == 0 && !InWords(report))
            return [];
        var text = ReportText.Of(report.Text);
        var returned = report.Returned ?? ReturnedHeaders.Parse(text.Returned);
        var recipients = s_recipientFields.SelectMany(name => fields[name]).SelectMany(Addresses.In)
            .Distinct(StringComparer.OrdinalIgnoreCase).Take(200).ToList();
        if (recipients.Count == 0)
            recipients.Add(s_returnedHeaders.Select(name => ReturnedHeaders.FirstAddress(returned, name)).FirstOrDefault(address => address.Length > 0) ?? "");
        return [.. recipients.Select(recipient => new BounceReading
        {
            // RFC 6591: a failed authentication is no reader's wish. RFC 6430: this reader found it among the unwanted, and wants it.
            Kind = type.ToLowerInvariant() is "auth-failure" or "not-spam" ? BounceKind.Other : BounceKind.Complaint,
            Reason = BounceReasons.Feedback,
            Recipient = recipient,
            MessageId = ReturnedHeaders.MessageId(returned),
        })];
    }

    private static ILookup<string, string> Fields(string text) => text.Split('\n')
        .Select(line => (Line: line, Colon: line.IndexOf(':', StringComparison.Ordinal)))
        .Where(at => at.Colon is > 0 and < 60 && at.Line[0] is not (' ' or '\t'))
        .ToLookup(at => at.Line[..at.Colon].Trim(), at => at.Line[(at.Colon + 1)..].Trim(), StringComparer.OrdinalIgnoreCase);

    // Microsoft's junk mail reports: no RFC 5965 in them, the message attached with its reader in a header of their own.
    private static bool InWords(ReportMail report) =>
        report.Returned?.Contains("X-HmXmrOriginalRecipient") == true && report.DeliveryStatus.Length == 0
        || Subject().IsMatch(report.Mail.Subject ?? "") && Words().IsMatch(report.Text);

    [GeneratedRegex(@"complaint about message from|abuse report|spam (report|complaint)|feedback report|email feedback", ReportPattern.AnyCase)]
    private static partial Regex Subject();

    [GeneratedRegex(@"(abuse|spam|complaint|feedback) (report|message)? ?(for|about|from|of) (an? |the )?(email|e-mail|mail|message)|this is an? (email )?(abuse|spam|feedback)", ReportPattern.AnyCase)]
    private static partial Regex Words();
}
