namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>Where a slot or tag ends, before any parser reads it. Both stay on one line and within 500 characters.</summary>
internal static class SlotSyntax
{
    // Without a bound, a long line of open braces would be read to its end again for each of them.
    private const int MaxLength = 500;

    /// <summary>Length of the slot at the start of a text that begins with <c>{{</c>, both pairs of braces included; -1 where none closes on the line.</summary>
    public static int LengthOfSlot(ReadOnlySpan<char> text) => Length(text, "}}");

    /// <summary>Length of the tag at the start of a text that begins with <c>{%</c>.</summary>
    public static int LengthOfTag(ReadOnlySpan<char> text) => Length(text, "%}");

    private static int Length(ReadOnlySpan<char> text, ReadOnlySpan<char> close)
    {
        text = text[..Math.Min(text.Length, MaxLength)];
        var line = text.IndexOf('\n') is var end and >= 0 ? text[..end] : text;
        var quote = '\0';
        for (var i = 2; i < line.Length; i++)
        {
            if (quote == '\0' && line[i..].StartsWith(close))
                return i + 2;
            if (quote == '\0' && line[i] is '"' or '\'')
                quote = line[i];
            else if (line[i] == quote)
                quote = '\0';
        }

        // A quote left open: up to the next braces, so that the message can show what was meant.
        return line[2..].IndexOf(close) is var at and >= 0 ? at + 4 : -1;
    }
}
