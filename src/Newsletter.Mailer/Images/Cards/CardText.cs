using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Images.Cards;

/// <summary>An author's words on their way into a picture.</summary>
internal static partial class CardText
{
    public const string Ellipsis = "…";

    /// <summary>More than fits into any card.</summary>
    private const int MostElements = 240;

    private const int MostUnits = 8 * MostElements;

    /// <summary>Marks on one letter: any language's, and no tower of them.</summary>
    private const int MostMarks = 4;

    /// <summary>One line of whole characters, not too long to be worked on.</summary>
    public static string Clean(string text)
    {
        var kept = new StringBuilder();
        var marks = 0;
        // One that is not a character (half a pair) is enumerated as U+FFFD. The joiners stay: scripts and emoji are written with them.
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, MostUnits)).EnumerateRunes())
            if (Rune.IsWhiteSpace(rune))
                kept.Append(' ');
            else if (rune != Rune.ReplacementChar && !IsNone(rune) && (marks = IsMark(rune) ? marks + 1 : 0) <= MostMarks)
                kept.Append(rune.ToString());
        var clean = Blanks().Replace(kept.ToString(), " ").Trim().Normalize();
        return text.Length > MostUnits || Length(clean) > MostElements ? Start(clean, MostElements).TrimEnd() + Ellipsis : clean;
    }

    /// <summary>The first so many of what a reader takes for characters.</summary>
    public static string Start(string text, int elements)
    {
        var starts = StringInfo.ParseCombiningCharacters(text);
        return starts.Length <= elements ? text : text[..starts[elements]];
    }

    /// <summary>How many of what a reader takes for characters there are.</summary>
    public static int Length(string text) => StringInfo.ParseCombiningCharacters(text).Length;

    /// <summary>As Pango's markup has it: what an author wrote is text and never a tag.</summary>
    public static string Escaped(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("\"", "&quot;", StringComparison.Ordinal).Replace("'", "&apos;", StringComparison.Ordinal);

    /// <summary>Whether the first letter is of a script that is written from right to left (UAX #9, rules P2 and P3, as Pango has them).</summary>
    public static bool IsRightToLeft(string text) => text.EnumerateRunes().FirstOrDefault(Rune.IsLetter).Value is
        (>= 0x0590 and <= 0x08FF) or (>= 0xFB1D and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFF) or (>= 0x10800 and <= 0x10FFF) or (>= 0x1E800 and <= 0x1EFFF);

    /// <summary>From line to line, as a multiple of the type's size: more where scripts have marks above and below.</summary>
    public static double LineHeight(string text) =>
        text.EnumerateRunes().All(rune => rune.Value is < 0x0530 or (>= 0x1E00 and <= 0x2BFF) or (>= 0x1F000 and <= 0x1FAFF)) ? 1.16
        : text.EnumerateRunes().Any(rune => rune.Value is >= 0x0600 and <= 0x1DFF) ? 1.5
        : 1.32;

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark;

    // What encloses a character (a key's edge around a digit) is drawn over it by fonts that know only one of both.
    private static bool IsNone(Rune rune) => rune.Value is not (0x200C or 0x200D) && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.EnclosingMark or UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || (rune.Value & 0xFFFE) == 0xFFFE || rune.Value is >= 0xFDD0 and <= 0xFDEF;

    [GeneratedRegex(" {2,}", RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();
}
