using System.Globalization;
using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>How many columns a text takes in a fixed-width font (after UAX #11): two for Chinese, Japanese, Korean and emoji, none for marks.</summary>
internal static class DisplayWidth
{
    // What a reader's value takes is unknown when lines are broken; a first name is about this long.
    private const int SlotWidth = 8;

    public static int Of(string text)
    {
        var width = 0;
        for (var i = 0; i < text.Length;)
        {
            if (SlotTable.BeginsToken(text[i]))
            {
                width += text[i] == SlotTable.OpenTag ? 0 : SlotWidth;
                i = text.IndexOf(SlotTable.Close, i) + 1;
                continue;
            }

            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var units);
            width += Of(rune);
            i += units;
        }

        return width;
    }

    public static int Of(Rune rune)
    {
        if (rune.Value < 0x300)
            return 1;
        if (rune.IsBmp && FlowMark.IsMark((char)rune.Value))
            return 0;
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            ? 0
            : IsWide(rune) ? 2 : 1;
    }

    /// <summary>Whether a line may break beside the character without a space.</summary>
    public static bool IsWide(Rune rune) => rune.Value is
        (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF)
        or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6)
        or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD);
}
