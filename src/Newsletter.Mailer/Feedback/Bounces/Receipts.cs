namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Receipts of a reader's program (RFC 8098): the message was shown, printed, moved or thrown away. It arrived.</summary>
internal static class Receipts
{
    /// <summary>Null where the mail isn't one, or tells of a failure (RFC 8098 §3.2.6.3).</summary>
    public static BounceReading? Read(ReportMail report)
    {
        if (StatusFields.Parse(report.DeliveryStatus) is not { Count: > 0 } fields || fields[0]["Disposition"] is not { Length: > 0 } disposition)
            return null;
        var said = disposition[(disposition.IndexOf(';', StringComparison.Ordinal) + 1)..].Trim();
        return said.StartsWith("failed", StringComparison.OrdinalIgnoreCase) || said.Contains("/error", StringComparison.OrdinalIgnoreCase)
            ? null
            : new BounceReading
            {
                Kind = BounceKind.Other,
                Reason = BounceReasons.Delivered,
                Recipient = fields[0].Address("Final-Recipient"),
                MessageId = fields[0]["Original-Message-ID"].Trim('<', '>', ' ') is { Length: > 0 } id ? id : ReturnedHeaders.MessageId(report.Returned),
            };
    }
}
