using System.Buffers;
using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// Which characters no text from outside may hold. Control characters would break headers, SMTP lines and PostgreSQL (NUL);
/// bidirectional ones make a text read otherwise than it is; noncharacters (Unicode 23.7) can't even be normalised.
/// </summary>
internal static class TextRules
{
    private static readonly string Never = string.Concat(
        Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code).Where(c => IsBidirectional(c) || IsNonCharacter(c) || c is '\u2028' or '\u2029'));

    private static readonly SearchValues<char> OnOneLine = SearchValues.Create(string.Concat(Controls()) + Never);

    private static readonly SearchValues<char> OnManyLines = SearchValues.Create(
        string.Concat(Controls().Where(c => c is not ('\n' or '\r' or '\t'))) + Never);

    /// <summary>What is wrong with a text of one line, for instance "holds a line break at character 3"; null if nothing.</summary>
    public static string? FindInLine(ReadOnlySpan<char> text) => Find(text, OnOneLine);

    /// <summary>The same for a text that may have several lines and tabs.</summary>
    public static string? FindInText(ReadOnlySpan<char> text) => Find(text, OnManyLines);

    /// <summary>
    /// What can be kept of a text that somebody wrote on a page, who is not to be kept from anything by a letter: without what no text may hold, cut to a
    /// length; null where nothing is left.
    /// </summary>
    public static string? Kept(string? text, int longest)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var kept = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var rune in text.ReplaceLineEndings("\n").Trim().EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > longest)
                break;
            // Half a character is read as U+FFFD.
            if (rune != Rune.ReplacementChar && !(rune.IsBmp && OnManyLines.Contains((char)rune.Value)))
                kept.Append(rune);
        }

        return kept.ToString().Trim() is { Length: > 0 } said ? said : null;
    }

    /// <summary>The Unicode property Bidi_Control.</summary>
    public static bool IsBidirectional(char c) =>
        c is '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>Noncharacters of the basic plane (Unicode 23.7).</summary>
    public static bool IsNonCharacter(char c) => c is (>= '\uFDD0' and <= '\uFDEF') or >= '\uFFFE';

    /// <summary>How to speak of a character that may be invisible.</summary>
    public static string Describe(Rune rune) => rune.Value switch
    {
        ' ' => "a space",
        '\t' => "a tab",
        '\r' or '\n' => "a line break",
        0 => "a NUL character",
        '\uFFFD' => "U+FFFD, the sign of a text read in the wrong encoding",
        var value when value <= char.MaxValue && IsBidirectional((char)value) => $"a bidirectional control character (U+{value:X4})",
        var value => Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control => $"a control character (U+{value:X4})",
            UnicodeCategory.Format => $"an invisible character (U+{value:X4})",
            UnicodeCategory.SpaceSeparator => $"a space (U+{value:X4})",
            UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => $"a line break (U+{value:X4})",
            UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark => $"the character U+{value:X4}",
            _ => $"\"{rune}\"",
        },
    };

    private static string? Find(ReadOnlySpan<char> text, SearchValues<char> forbidden)
    {
        var index = text.IndexOfAny(forbidden);
        if (index >= 0) return $"holds {Describe(new Rune(text[index]))} at character {index + 1}";
        var lone = FindLoneSurrogate(text);
        return lone < 0 ? null : $"holds half a character (a lone surrogate) at character {lone + 1}";
    }

    // PostgreSQL takes UTF-8 only, and half a surrogate pair has none.
    private static int FindLoneSurrogate(ReadOnlySpan<char> text)
    {
        var start = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        while (start >= 0 && start < text.Length)
        {
            if (!char.IsSurrogate(text[start])) start++;
            else if (start + 1 < text.Length && char.IsSurrogatePair(text[start], text[start + 1])) start += 2;
            else return start;
        }

        return -1;
    }

    private static IEnumerable<char> Controls() =>
        Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(code => (char)code);
}
