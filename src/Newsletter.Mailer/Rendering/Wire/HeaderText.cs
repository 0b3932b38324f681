using System.Buffers.Text;
using System.Text;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>
/// Text as headers can carry it: as it is where it is short ASCII, else as RFC 2047 encoded words of at most 75 characters,
/// split between characters, on lines of at most 76. (MimeKit makes encoded words longer than RFC 2047 §2 allows.)
/// </summary>
internal static class HeaderText
{
    private const int MaxLine = 76;
    private const string QuotedWord = "=?utf-8?q?";
    private const string Base64Word = "=?utf-8?b?";

    /// <summary>The value of an unstructured field such as Subject, everything after <c>Name:</c>, folded, with its closing CRLF.</summary>
    public static string Unstructured(string name, string text)
    {
        var folded = new StringBuilder(text.Length + 16);
        if (IsPlain(text) && TryFold(text, name.Length + 1, folded))
            return folded.Append("\r\n").ToString();

        folded.Clear();
        AppendWords(text, name.Length + 1, folded, inPhrase: false);
        return folded.Append("\r\n").ToString();
    }

    /// <summary>The value of From, Reply-To or To: a display name where there is one, and the address, which begins a new line where it must.</summary>
    public static string Mailbox(string field, string? name, string address)
    {
        var folded = new StringBuilder();
        if (string.IsNullOrWhiteSpace(name))
            return folded.Append(' ').Append(address).Append("\r\n").ToString();

        AppendPhrase(name.Trim(), field.Length + 1, folded);
        var lineStart = folded.ToString().LastIndexOf('\n') + 1;
        var used = folded.Length - lineStart + (lineStart == 0 ? field.Length + 1 : 0);
        folded.Append(used + address.Length + 3 > MaxLine ? "\r\n <" : " <").Append(address).Append('>');
        return folded.Append("\r\n").ToString();
    }

    /// <summary>A phrase followed by something in angle brackets, as in List-Id (RFC 2919 §2).</summary>
    public static string PhraseAndBrackets(string field, string phrase, string bracketed) => Mailbox(field, phrase, bracketed);

    // RFC 5322 §3.2.5: atoms, a quoted string, or encoded words.
    private static void AppendPhrase(string phrase, int column, StringBuilder folded)
    {
        if (!IsPlain(phrase) || column + phrase.Length + 3 > MaxLine)
            AppendWords(phrase, column, folded, inPhrase: true);
        else if (phrase.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '\'' or '_' or '/' or '!' or '+' or '='))
            folded.Append(' ').Append(phrase);
        else
            folded.Append(" \"").Append(phrase.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
    }

    // Blanks at either end or in a row would not survive every parser, and "=?" would be read as an encoded word.
    private static bool IsPlain(string text) =>
        Ascii.IsValid(text) && !text.Contains("=?", StringComparison.Ordinal) && !text.Contains("  ", StringComparison.Ordinal)
        && !text.StartsWith(' ') && !text.EndsWith(' ');

    private static bool TryFold(string text, int column, StringBuilder folded)
    {
        foreach (var word in text.Split(' '))
        {
            if (word.Length > MaxLine - 2)
                return false;
            if (column > 1 && column + 1 + word.Length > MaxLine)
            {
                folded.Append("\r\n");
                column = 0;
            }

            folded.Append(' ').Append(word);
            column += 1 + word.Length;
        }

        return true;
    }

    private static void AppendWords(string text, int column, StringBuilder folded, bool inPhrase)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var encoded = bytes.Sum(b => IsSafe(b, inPhrase) ? 1 : 3);
        var useBase64 = encoded > (bytes.Length * 4 / 3) + 2;
        for (var at = 0; at < bytes.Length;)
        {
            var room = MaxLine - column - 1 - QuotedWord.Length - 2;
            var taken = Take(bytes.AsSpan(at), room, useBase64, inPhrase);
            if (taken == 0)
            {
                folded.Append("\r\n");
                column = 0;
                continue;
            }

            var start = folded.Length;
            folded.Append(' ').Append(useBase64 ? Base64Word : QuotedWord);
            AppendEncoded(bytes.AsSpan(at, taken), useBase64, inPhrase, folded);
            folded.Append("?=");
            column += folded.Length - start;
            at += taken;
        }
    }

    // As many whole characters as fit: a word must not end inside one (RFC 2047 §5).
    private static int Take(ReadOnlySpan<byte> bytes, int room, bool useBase64, bool inPhrase)
    {
        var taken = 0;
        var width = 0;
        while (taken < bytes.Length)
        {
            Rune.DecodeFromUtf8(bytes[taken..], out _, out var length);
            foreach (var b in bytes.Slice(taken, length))
                width += IsSafe(b, inPhrase) ? 1 : 3;
            if ((useBase64 ? Base64.GetMaxEncodedToUtf8Length(taken + length) : width) > room)
                break;
            taken += length;
        }

        return taken;
    }

    private static void AppendEncoded(ReadOnlySpan<byte> bytes, bool useBase64, bool inPhrase, StringBuilder folded)
    {
        if (useBase64)
        {
            folded.Append(Convert.ToBase64String(bytes));
            return;
        }

        foreach (var b in bytes)
        {
            if (b == (byte)' ')
                folded.Append('_');
            else if (IsSafe(b, inPhrase))
                folded.Append((char)b);
            else
                folded.Append('=').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    // RFC 2047 §5 (3): in a phrase only letters, digits and ! * + - / may stand for themselves; a blank is written as _.
    private static bool IsSafe(byte b, bool inPhrase) =>
        char.IsAsciiLetterOrDigit((char)b) || b is (byte)' ' or (byte)'!' or (byte)'*' or (byte)'+' or (byte)'-' or (byte)'/'
        || (!inPhrase && b is (byte)',' or (byte)'.' or (byte)':' or (byte)';' or (byte)'\'' or (byte)'#' or (byte)'%' or (byte)'&' or (byte)'(' or (byte)')');
}
