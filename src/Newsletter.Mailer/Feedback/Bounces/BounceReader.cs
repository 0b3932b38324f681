using MimeKit;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>
/// Reads what comes back: reports of RFC 3464, complaints of RFC 5965, automatic answers (RFC 3834), and the many ways in which servers
/// tell of a failure in words alone. Pure: no network, no clock. Never throws for what a mail may hold; only its first 2 MiB are looked at.
/// </summary>
public static class BounceReader
{
    private static readonly string[] s_recipientFields = ["Final-Recipient", "X-Actual-Recipient", "Original-Recipient"];

    /// <summary>One reading a recipient, in the mail's order; none where the mail is no bounce, complaint or automatic answer.</summary>
    /// <param name="mail">A whole message (RFC 5322), as it arrived.</param>
    public static IReadOnlyList<BounceReading> Read(byte[] mail) => ReportMail.Parse(mail) is { } report ? Read(report) : [];

    /// <summary>The same of a mail that is parsed.</summary>
    internal static IReadOnlyList<BounceReading> Read(ReportMail report)
    {
        if (Complaints.Read(report) is { Count: > 0 } complaints)
            return complaints;
        var text = ReportText.Of(report.Text);
        var origin = ReportOrigin.Of(report);
        if ((!origin.IsServer || AutoReplies.IsNote(report)) && AutoReplies.Read(report) is { } reply)
            return [reply];
        if (Receipts.Read(report) is { } receipt)
            return [receipt];
        var tellsInWords = FailureWords.Tell(text);
        var fields = StatusFields.Parse(report.DeliveryStatus.Length > 0 ? report.DeliveryStatus : Embedded(text, report));
        var readings = fields.Exists(recipient => recipient.NamesRecipient)
            ? Machine(report, text, fields)
            : origin.MayBe || tellsInWords && !origin.IsConversation ? Words(report, text, fields) : [];
        if (readings.Count == 0)
            return AutoReplies.Read(report) is { } answer ? [answer] : [];
        var tellsNothing = !origin.TellsFailure && !tellsInWords && report.Returned is null && readings.TrueForAll(reading => reading is { Status: "", ReplyCode: "" });
        return tellsNothing && AutoReplies.ReadMarked(report) is { } note ? [note] : readings;
    }

    // Servers with broken MIME, and mailers that forward a report as text, leave the fields among the words.
    private static string Embedded(ReportText text, ReportMail report)
    {
        if (Array.Exists(text.Lines, line => line.StartsWith("Final-Recipient:", StringComparison.OrdinalIgnoreCase)))
            return string.Join('\n', text.Lines.SkipWhile(line => !line.StartsWith("Reporting-MTA:", StringComparison.OrdinalIgnoreCase) && !line.StartsWith("Final-Recipient:", StringComparison.OrdinalIgnoreCase) && !line.StartsWith("Action:", StringComparison.OrdinalIgnoreCase)));
        return report.Text.Contains("\nFinal-Recipient:", StringComparison.OrdinalIgnoreCase) ? report.Text : "";
    }

    private static List<BounceReading> Machine(ReportMail report, ReportText text, List<StatusFields> fields)
    {
        var named = fields.ConvertAll(Recipient);
        var readings = new List<BounceReading>(fields.Count);
        for (var i = 0; i < fields.Count && readings.Count < 200; i++)
        {
            if (named.FindIndex(address => address.Equals(named[i], StringComparison.OrdinalIgnoreCase)) < i)
                continue;
            var evidence = EvidenceGathering.Of(fields[i], text, named[i], named);
            readings.Add(Reading(report, text, evidence) with { Recipient = named[i], OriginalRecipient = fields[i].Address("Original-Recipient") });
        }

        return readings;
    }

    private static string Recipient(StatusFields fields) =>
        s_recipientFields.Select(fields.Address).FirstOrDefault(address => address.Length > 0) ?? "";

    private static List<BounceReading> Words(ReportMail report, ReportText text, List<StatusFields> fields)
    {
        var recipients = text.Recipients(address => IsReporter(report, address));
        if (report.Header("X-Failed-Recipients") is { Length: > 0 } failed)
            recipients = [.. Addresses.In(failed).Distinct(StringComparer.OrdinalIgnoreCase).Take(200)];
        if (recipients.Count == 0)
            recipients = [ReturnedHeaders.FirstAddress(report.Returned ?? ReturnedHeaders.Parse(text.Returned), "To")];
        var readings = new List<BounceReading>();
        foreach (var recipient in recipients)
        {
            var evidence = EvidenceGathering.Of(fields.FirstOrDefault() ?? new StatusFields(), text, recipient, recipients);
            readings.Add(Reading(report, text, evidence with { Action = evidence.Action.Length == 0 && FailureWords.TellDelay(text) ? "delayed" : evidence.Action }) with { Recipient = recipient });
        }

        return readings;
    }

    private static BounceReading Reading(ReportMail report, ReportText text, Evidence evidence)
    {
        var reason = Diagnosis.Reason(evidence);
        return new BounceReading
        {
            Kind = BounceReasons.KindOf(reason, evidence.Status, evidence.ReplyCode),
            Reason = reason,
            Status = evidence.Status,
            ReplyCode = evidence.ReplyCode,
            Action = evidence.Action,
            Cause = Diagnosis.Cause(evidence),
            Text = evidence.Texts.Count > 0 ? evidence.Texts[0] : "",
            MessageId = MessageId(report, text),
        };
    }

    private static string MessageId(ReportMail report, ReportText text)
    {
        var id = ReturnedHeaders.MessageId(report.Returned);
        return id.Length > 0 ? id : ReturnedHeaders.MessageId(ReturnedHeaders.Parse(text.Returned));
    }

    // The report's own sender and addressee are named in its words ("contact postmaster@…"), and are not whom it speaks of.
    private static bool IsReporter(ReportMail report, string address) =>
        address.StartsWith("postmaster@", StringComparison.OrdinalIgnoreCase) || address.StartsWith("mailer-daemon@", StringComparison.OrdinalIgnoreCase)
        || address.StartsWith("support@", StringComparison.OrdinalIgnoreCase) || address.StartsWith("abuse@", StringComparison.OrdinalIgnoreCase)
        || Named(report.Mail.From, address) || Named(report.Mail.To, address);

    private static bool Named(InternetAddressList list, string address) =>
        list.Mailboxes.Any(mailbox => address.Equals(mailbox.Address, StringComparison.OrdinalIgnoreCase));
}
