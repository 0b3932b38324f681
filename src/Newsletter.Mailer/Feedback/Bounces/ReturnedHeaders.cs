using System.Text;
using MimeKit;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>The headers of a message that came back, read from text.</summary>
internal static class ReturnedHeaders
{
    /// <summary>Null where there is no header to be found.</summary>
    public static HeaderList? Parse(string text)
    {
        var start = text.TrimStart('\n', ' ', '\t');
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(start + "\n\n"), writable: false);
        try
        {
            return HeaderList.Load(stream) is { Count: > 0 } headers ? headers : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The first Message-ID of a list of headers, without angle brackets.</summary>
    public static string MessageId(HeaderList? headers) => headers?[HeaderId.MessageId]?.Trim().Trim('<', '>', ' ') ?? "";

    /// <summary>The first address of a header; empty where there is none.</summary>
    public static string FirstAddress(HeaderList? headers, string name)
    {
        if (headers?[name] is not { } value || !InternetAddressList.TryParse(value, out var list))
            return "";
        return list.Mailboxes.FirstOrDefault()?.Address ?? "";
    }
}
