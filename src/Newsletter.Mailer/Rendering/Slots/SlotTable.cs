using System.Text;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>A slot or a tag as its author wrote it, braces included.</summary>
internal sealed record SlotSource(string Text, SourcePosition At)
{
    /// <summary>A tag, between <c>{%</c> and <c>%}</c>.</summary>
    public bool IsTag => Text.StartsWith("{%", StringComparison.Ordinal);
}

/// <summary>
/// Stands in for slots while Markdown, sanitiser and layout work on the text around them: each becomes a token of noncharacters
/// (U+FDD0…U+FDEF, never valid in text that is exchanged), which nothing in between takes for markup.
/// </summary>
internal sealed class SlotTable
{
    /// <summary>Begins a token whose place isn't known yet.</summary>
    public const char Open = '\uFDD0';

    /// <summary>Ends a token.</summary>
    public const char Close = '\uFDD1';

    /// <summary>Takes the place of what is dropped (an HTML comment), so that columns stay true.</summary>
    public const char Filler = '\uFDD2';

    /// <summary>A brace that is text.</summary>
    public const char Brace = '\uFDD3';

    /// <summary>Begins the token of a tag, which has the same meaning wherever it stands.</summary>
    public const char OpenTag = '\uFDD4';

    private const char FirstOpenWithPlace = '\uFDD8';
    private const char Zero = '\uFDE0';
    private const int MaxSlots = 4096;

    /// <summary>The shortest token; a slot of ours has at least this many characters.</summary>
    public const int MinLength = 5;

    private readonly List<SlotSource> _slots = [];
    private readonly HashSet<SlotSource> _inCode = new(ReferenceEqualityComparer.Instance);

    public bool IsFull => _slots.Count >= MaxSlots;

    public IReadOnlyList<SlotSource> Slots => _slots;

    /// <summary>A token of the same length as the slot, so that positions behind it stay true.</summary>
    public string Add(SlotSource slot)
    {
        var added = _slots.Count;
        _slots.Add(slot);
        return string.Create(Math.Max(MinLength, slot.Text.Length), (added, slot), static (token, of) =>
        {
            var (number, slot) = of;
            token[0] = slot.IsTag ? OpenTag : Open;
            token[^1] = Close;
            for (var i = token.Length - 2; i > 0; i--, number >>= 4)
                token[i] = (char)(Zero + (number & 15));
        });
    }

    /// <summary>Notes in every token of the text where it stands.</summary>
    public static string Place(string text, SlotEscape escape) => text.Replace(Open, (char)(FirstOpenWithPlace + (int)escape));

    /// <summary>Whether a token, of whatever place, begins with the character.</summary>
    public static bool BeginsToken(char c) => c is Open or OpenTag or >= FirstOpenWithPlace and < Zero;

    /// <summary>Whether the text holds a token or another mark of ours.</summary>
    public static bool HasTokens(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\uFDD0', '\uFDEF') >= 0;

    /// <summary>Whether it was found to stand in code, where braces are text.</summary>
    public bool IsInCode(SlotSource slot) => _inCode.Contains(slot);

    /// <summary>The text of code as its author wrote it, every token turned back.</summary>
    public string RestoreInCode(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (TryRead(text, i, out var slot, out _, out var end))
            {
                _inCode.Add(slot);
                i = end;
            }

        return Restore(text);
    }

    /// <summary>The text as its author wrote it, every token turned back.</summary>
    public string Restore(string text)
    {
        if (!HasTokens(text))
            return text;

        var restored = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (TryRead(text, i, out var slot, out _, out var end))
            {
                restored.Append(slot.Text);
                i = end;
            }
            else if (text[i] != Filler)
                restored.Append(text[i]);
        }

        return restored.ToString();
    }

    /// <summary>Reads the token that begins at an index; <paramref name="end"/> is its last character's.</summary>
    public bool TryRead(string text, int at, out SlotSource slot, out SlotEscape escape, out int end)
    {
        slot = null!;
        escape = SlotEscape.None;
        end = at;
        if (!BeginsToken(text[at]))
            return false;

        if (text[at] >= FirstOpenWithPlace)
            escape = (SlotEscape)(text[at] - FirstOpenWithPlace);
        var number = 0;
        for (end = at + 1; text[end] != Close; end++)
            number = (number << 4) | (text[end] - Zero);
        slot = _slots[number];
        return true;
    }
}
