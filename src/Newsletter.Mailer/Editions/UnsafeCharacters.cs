using System.Text;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// Characters that must not reach a header, a line of text or a reader's eye: controls (header injection, RFC 5322 §2.2),
/// bidirectional controls (text that reads otherwise than it is), noncharacters and halves of a surrogate pair.
/// </summary>
internal static class UnsafeCharacters
{
    /// <summary>Index of the first such character, or -1.</summary>
    public static int IndexIn(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
                continue;
            }

            if (IsUnsafe(text[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Whether one UTF-16 unit, not part of a surrogate pair, is such a character.</summary>
    public static bool IsUnsafe(char c) =>
        char.IsControl(c) || char.IsSurrogate(c) || TextRules.IsBidirectional(c) || TextRules.IsNonCharacter(c) || c is '\u2028' or '\u2029';

    /// <summary>How a person can find the character, for instance <c>U+202E</c>.</summary>
    public static string Name(char c) => $"U+{(int)c:X4}";

    /// <summary>The text without such characters; line breaks and tabs become one space each.</summary>
    public static string Strip(string text)
    {
        if (IndexIn(text) < 0)
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                kept.Append(text[i]).Append(text[++i]);
            }
            else if (!IsUnsafe(text[i]))
            {
                kept.Append(text[i]);
            }
            else if (text[i] is '\r' or '\n' or '\t' or '\u2028' or '\u2029' && !(text[i] == '\n' && i > 0 && text[i - 1] == '\r'))
            {
                kept.Append(' ');
            }
        }

        return kept.ToString();
    }
}
