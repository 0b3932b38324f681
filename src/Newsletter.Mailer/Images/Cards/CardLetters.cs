using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using NetVips;

namespace Newsletter.Mailer.Images.Cards;

/// <summary>
/// Which characters the installed fonts have. Nobody can be asked: whatever has no glyph is drawn as a box with its number in it. So each is drawn
/// once and held against such a box.
/// </summary>
internal static class CardLetters
{
    private const string Font = "sans-serif 32";

    /// <summary>Thickness of the box's frame that is compared, pixels; the number stands inside.</summary>
    private const int Frame = 2;

    private const int MostKept = 20_000;

    private static readonly ConcurrentDictionary<Rune, bool> Known = new();

    // Numbers that no character has: one of four digits, one of six.
    private static readonly Lazy<byte[]> SmallBox = new(() => Outline("\u0378")!);
    private static readonly Lazy<byte[]> LargeBox = new(() => Outline("\U0003FFF0")!);

    /// <summary>
    /// The text without the signs (emoji, mostly) that no font has; null, and the first of them, where letters, digits or their marks are among
    /// them: a word with holes is none.
    /// </summary>
    public static string? Writable(string text, out Rune missing)
    {
        missing = default;
        if (text.EnumerateRunes().All(IsThere))
            return text;
        var kept = new StringBuilder();
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
        {
            var element = elements.GetTextElement();
            var absent = element.EnumerateRunes().Where(rune => !IsThere(rune)).ToList();
            if (absent.Count == 0)
                kept.Append(element);
            else if (absent.Find(IsNeeded) is { Value: > 0 } needed)
                missing = missing == default ? needed : missing;
            else if (!absent.Contains(element.EnumerateRunes().First()))
                kept.Append(string.Concat(element.EnumerateRunes().Except(absent)));
        }

        return missing == default ? CardText.Clean(kept.ToString()) : null;
    }

    private static bool IsNeeded(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || Rune.IsNumber(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool IsThere(Rune rune)
    {
        if (IsInvisible(rune))
            return true;
        if (Known.Count > MostKept)
            Known.Clear();
        return Known.GetOrAdd(rune, static rune => Outline(rune.ToString()) is not { } drawn || !drawn.AsSpan().SequenceEqual((rune.IsBmp ? SmallBox : LargeBox).Value));
    }

    // Spaces, joiners and what chooses between the looks of a character.
    private static bool IsInvisible(Rune rune) => Rune.IsWhiteSpace(rune) || rune.Value is >= 0xFE00 and <= 0xFE0F or >= 0xE0000 and <= 0xE0FFF
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.Control;

    /// <summary>Size and frame of a drawn character; null where nothing is to be seen of it.</summary>
    private static byte[]? Outline(string character)
    {
        if (!CardType.TryText(CardText.Escaped(character), Font, out var drawn))
            return null;
        using (drawn)
        {
            var (width, height, pixels) = (drawn.Width, drawn.Height, drawn.WriteToMemory<byte>());
            return [.. BitConverter.GetBytes(width), .. BitConverter.GetBytes(height), .. pixels.Where((_, at) => IsFrame(at % width, width) || IsFrame(at / width, height))];
        }
    }

    private static bool IsFrame(int at, int size) => at < Frame || at >= size - Frame;
}
