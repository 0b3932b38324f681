using System.Buffers;
using System.Text;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>What a value needs for the place where it stands. The numbers are stored: add, never renumber.</summary>
internal enum SlotEscape : byte
{
    /// <summary>Plain text and headers (which are encoded as a whole).</summary>
    None = 0,

    /// <summary>HTML text, an attribute's value, or a whole URL in one.</summary>
    Html = 1,

    /// <summary>Part of a URL, after its host: percent-encoded, which needs no HTML escaping on top.</summary>
    UrlPart = 2,

    /// <summary>Words in a line of text: no blanks around them.</summary>
    Words = 3,

    /// <summary>Words that begin a line of flowed text: what would be taken for a quote or a mailbox's separator gets a space in front (RFC 3676 §4.4).</summary>
    WordsAtStart = 4,

    /// <summary>Words that may end a line of flowed text, with the space before them: where there are none, no space is left to make the line flow.</summary>
    WordsAtEnd = 5,
}

internal static class SlotEscaping
{
    private static readonly SearchValues<char> Special = SearchValues.Create("&<>\"'");

    /// <summary>The value made harmless for its place. Control and bidirectional characters never get through, whatever the place.</summary>
    public static string Apply(SlotEscape escape, string value)
    {
        var clean = UnsafeCharacters.Strip(value);
        return escape switch
        {
            SlotEscape.Html => Html(clean),
            SlotEscape.UrlPart => Uri.EscapeDataString(clean),
            SlotEscape.Words => clean.Trim(' '),
            SlotEscape.WordsAtStart => Stuffed(clean.Trim(' ')),
            SlotEscape.WordsAtEnd => clean.Trim(' ') is { Length: > 0 } words ? " " + words : "",
            _ => clean,
        };
    }

    private static string Stuffed(string words) =>
        words.StartsWith('>') || words.StartsWith("From ", StringComparison.Ordinal) ? " " + words : words;

    /// <summary>The text as HTML text or as an attribute's value in either kind of quotes; letters of any script stay as they are.</summary>
    public static string Html(string text)
    {
        if (text.AsSpan().IndexOfAny(Special) < 0)
            return text;

        var html = new StringBuilder(text.Length + 16);
        foreach (var c in text)
            _ = c switch
            {
                '&' => html.Append("&amp;"),
                '<' => html.Append("&lt;"),
                '>' => html.Append("&gt;"),
                '"' => html.Append("&quot;"),
                '\'' => html.Append("&#39;"),
                _ => html.Append(c),
            };
        return html.ToString();
    }
}
