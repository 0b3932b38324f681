using System.Text;
using MimeKit;

namespace Newsletter.Mailer.Inbox;

/// <summary>A kept message as a page shows it.</summary>
public sealed record InboxMessageView
{
    /// <summary>The decoded Subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The From header, decoded.</summary>
    public required string From { get; init; }

    /// <summary>The To header, decoded.</summary>
    public required string To { get; init; }

    /// <summary>The Date header; null when it is missing or no date.</summary>
    public required DateTimeOffset? Date { get; init; }

    /// <summary>The HTML part as its author wrote it, untrusted; pictures it carries are put in as data URIs. Null when there is none.</summary>
    public required string? Html { get; init; }

    /// <summary>The text part; null when there is none.</summary>
    public required string? Text { get; init; }

    /// <summary>The raw message as text, at most <see cref="MaxSourceBytes"/> of it.</summary>
    public required string Source { get; init; }

    /// <summary>Whether <see cref="Source"/> is all of it.</summary>
    public required bool SourceIsWhole { get; init; }

    /// <summary>The attachments' names, or types where they have none.</summary>
    public required IReadOnlyList<string> Attachments { get; init; }

    /// <summary>How much of the source is shown: 1 MiB.</summary>
    public const int MaxSourceBytes = 1024 * 1024;

    private const int MaxPictureBytes = 2 * 1024 * 1024;

    /// <summary>Parses a message; what is no MIME still gives its source.</summary>
    public static InboxMessageView Parse(byte[] bytes)
    {
        var source = bytes.AsSpan(0, Math.Min(bytes.Length, MaxSourceBytes));
        using var message = Load(bytes);
        return new InboxMessageView
        {
            Subject = message?.Subject ?? "",
            From = message?.From.ToString() ?? "",
            To = message?.To.ToString() ?? "",
            Date = message is null || message.Date == DateTimeOffset.MinValue ? null : message.Date,
            Html = message?.HtmlBody is { } html ? WithPictures(html, message) : null,
            Text = message?.TextBody,
            Source = Decode(source),
            SourceIsWhole = source.Length == bytes.Length,
            Attachments = message is null ? [] : [.. message.Attachments.Select(Name)],
        };
    }

    private static MimeMessage? Load(byte[] bytes)
    {
        try
        {
            return MimeMessage.Load(new MemoryStream(bytes, writable: false));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>UTF-8 where it is, else one character a byte, so that nothing is hidden.</summary>
    private static string Decode(ReadOnlySpan<byte> bytes) =>
        System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Encoding.Latin1.GetString(bytes);

    private static string Name(MimeEntity attachment) =>
        attachment.ContentDisposition?.FileName ?? attachment.ContentType.Name ?? attachment.ContentType.MimeType;

    private static string WithPictures(string html, MimeMessage message)
    {
        foreach (var part in message.BodyParts.OfType<MimePart>())
        {
            var reference = $"cid:{part.ContentId}";
            if (string.IsNullOrEmpty(part.ContentId) || part.ContentType.MediaType != "image" || part.Content is null
                || !html.Contains(reference, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            using var picture = new MemoryStream();
            part.Content.DecodeTo(picture);
            if (picture.Length <= MaxPictureBytes)
                html = html.Replace(reference, $"data:{part.ContentType.MimeType};base64,{Convert.ToBase64String(picture.ToArray())}", StringComparison.OrdinalIgnoreCase);
        }

        return html;
    }
}
