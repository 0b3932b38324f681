using System.Text;
using MimeKit;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>A mail that came back, laid flat: its own headers, what it says to people, its fields for machines, and the message it returns.</summary>
internal sealed class ReportMail
{
    /// <summary>Returned messages can be large; the report stands before them.</summary>
    public const int MostBytes = 2 * 1024 * 1024;

    private const int MostDepth = 12;
    private const int MostParts = 100;
    private const int MostText = 64 * 1024;

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _status = new();
    private readonly StringBuilder _feedback = new();
    private int _parts;

    private ReportMail(MimeMessage mail) => Mail = mail;

    public MimeMessage Mail { get; }

    /// <summary>What the report says to people, in lines parted by \n.</summary>
    public string Text => _text.ToString();

    /// <summary>The fields of RFC 3464, as they stand; empty where there is no such part.</summary>
    public string DeliveryStatus => _status.ToString();

    /// <summary>The fields of RFC 5965; empty where there is no such part.</summary>
    public string FeedbackReport => _feedback.ToString();

    /// <summary>Headers of the message that came back; null where no part has them.</summary>
    public HeaderList? Returned { get; private set; }

    /// <summary>Null for what is no mail at all.</summary>
    public static ReportMail? Parse(byte[] bytes)
    {
        var options = ParserOptions.Default.Clone();
        options.MaxMimeDepth = MostDepth;
        using var stream = new MemoryStream(WithLineFeeds(bytes), writable: false);
        try
        {
            var report = new ReportMail(MimeMessage.Load(options, stream));
            if (report.Mail.Body is { } body)
                report.Take(body, 0);
            return report;
        }
        catch (FormatException)
        {
            // MimeKit: no header at all.
            return null;
        }
    }

    /// <summary>A header of the mail itself, trimmed; empty where it isn't there.</summary>
    public string Header(string name) => Mail.Headers[name]?.Trim() ?? "";

    // Old Macs end lines in CR alone, and some mailboxes are kept so.
    private static byte[] WithLineFeeds(byte[] bytes)
    {
        var head = bytes.AsSpan(0, Math.Min(bytes.Length, MostBytes));
        if (head.Contains((byte)'\n') || !head.Contains((byte)'\r'))
            return head.ToArray();
        var copy = head.ToArray();
        copy.AsSpan().Replace((byte)'\r', (byte)'\n');
        return copy;
    }

    private void Take(MimeEntity entity, int depth)
    {
        if (depth > MostDepth || ++_parts > MostParts)
            return;
        switch (entity)
        {
            case Multipart multipart:
                TakeAll(multipart, depth);
                break;
            case MessagePart { Message: { } returned }:
                Returned ??= returned.Headers;
                break;
            case MimePart part:
                Take(part);
                break;
        }
    }

    // A server that broke its own boundaries leaves everything in the preamble or the epilogue.
    private void TakeAll(Multipart multipart, int depth)
    {
        if (multipart.Count == 0)
            Add(_text, $"{multipart.Preamble}\n{multipart.Epilogue}");
        // The same words twice, plain before HTML: one is enough.
        var plainIsThere = multipart is MultipartAlternative && multipart.OfType<TextPart>().Any(part => part.IsPlain && part.Text.AsSpan().Trim().Length > 0);
        foreach (var child in multipart)
        {
            if (!(plainIsThere && child is TextPart { IsHtml: true }))
                Take(child, depth + 1);
        }
    }

    private void Take(MimePart part)
    {
        switch (part.ContentType.MimeType.ToLowerInvariant())
        {
            case "message/delivery-status" or "message/global-delivery-status" or "message/disposition-notification" or "text/delivery-status":
                Add(_status, Decoded(part));
                break;
            case "message/feedback-report" or "text/feedback-report":
                Add(_feedback, Decoded(part));
                break;
            case "text/rfc822-headers" or "message/global-headers" or "text/rfc822" or "message/rfc822" or "message/partial":
                Returned ??= ReturnedHeaders.Parse(Decoded(part));
                break;
            case "text/html":
                Add(_text, HtmlWords.Of(Decoded(part)));
                break;
            case var type when type.StartsWith("text/", StringComparison.Ordinal) || type.StartsWith("multipart/", StringComparison.Ordinal) || part is not { IsAttachment: true } && type == "application/octet-stream":
                Add(_text, Decoded(part));
                break;
        }
    }

    private static void Add(StringBuilder to, string text)
    {
        if (to.Length >= MostText)
            return;
        to.Append(text.AsSpan(0, Math.Min(text.Length, MostText - to.Length))).Append("\n\n");
    }

    private static string Decoded(MimePart part)
    {
        if (part is TextPart text)
            return Lines(text.Text);
        if (part.Content is null)
            return "";
        using var bytes = new MemoryStream();
        part.Content.DecodeTo(bytes);
        return Lines(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private static string Lines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
}
