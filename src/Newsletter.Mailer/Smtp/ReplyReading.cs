using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailKit.Net.Smtp;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>From what MailKit gives of a reply (code, and lines without it) to ours.</summary>
internal static partial class ReplyReading
{
    private const int MaxText = 500;

    public static SmtpReply Read(SmtpCommandException refusal) => Read((int)refusal.StatusCode, refusal.Message);

    /// <param name="code">Three digits.</param>
    /// <param name="lines">The reply's lines parted by LF, each without its code.</param>
    public static SmtpReply Read(int code, string lines)
    {
        string? status = null;
        var text = new StringBuilder(Math.Min(lines.Length, MaxText) + 8);
        foreach (var line in lines.AsSpan().EnumerateLines())
        {
            var rest = line.Trim();
            // RFC 2034 §4: each line repeats the status.
            if (TryReadStatus(rest, out var found, out var after) && (status is null || status == found))
            {
                status = found;
                rest = after;
            }

            Append(text, rest);
        }

        // qmail and its kin write it in brackets at the end of the text.
        if (status is null && BracketedStatus().Match(lines) is { Success: true } bracketed)
            status = bracketed.Groups["status"].Value;
        return new SmtpReply(code, status, text.ToString());
    }

    /// <summary>One line, without control characters, at most 500 characters.</summary>
    public static string OneLine(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, MaxText) + 8);
        foreach (var part in text.AsSpan().EnumerateLines())
            Append(line, part.Trim());
        return line.ToString();
    }

    private static bool TryReadStatus(ReadOnlySpan<char> line, out string? status, out ReadOnlySpan<char> after)
    {
        foreach (var match in EnhancedStatus().EnumerateMatches(line))
        {
            status = line[..match.Length].Trim().TrimStart('#').ToString();
            after = line[match.Length..].TrimStart();
            return true;
        }

        status = null;
        after = line;
        return false;
    }

    private static void Append(StringBuilder text, ReadOnlySpan<char> line)
    {
        if (line.IsEmpty || text.Length >= MaxText)
            return;
        if (text.Length > 0)
            text.Append(' ');
        foreach (var rune in line.EnumerateRunes())
        {
            if (text.Length + rune.Utf16SequenceLength > MaxText)
                return;
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format)
                continue;
            if (rune.IsBmp)
                text.Append((char)rune.Value);
            else
                text.Append(rune.ToString());
        }
    }

    /// <summary>RFC 3463 §2; some write it as <c>#5.1.1</c>.</summary>
    [GeneratedRegex(@"^#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$|-|:)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EnhancedStatus();

    [GeneratedRegex(@"\(#(?<status>[245]\.[0-9]{1,3}\.[0-9]{1,3})\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BracketedStatus();
}
