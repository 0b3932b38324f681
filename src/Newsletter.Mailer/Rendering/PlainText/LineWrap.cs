using System.Text;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>Breaks lines at spaces and between wide characters, and never inside a word: a long URL keeps its own line.</summary>
internal static class LineWrap
{
    // Punctuation that may not begin a line in Chinese and Japanese (after JIS X 4051).
    private const string NeverFirst = "、。，．」』）】〉》！？：；・ー…";

    /// <summary>Lines that stay as they are.</summary>
    public static List<string> Wrap(string text, int width) => Lines(text, width, flows: false);

    /// <summary>A paragraph, each line but its last marked as going on.</summary>
    public static List<string> Flow(string text, int width) => Lines(text, width, flows: true);

    private static List<string> Lines(string text, int width, bool flows)
    {
        var lines = new List<string>();
        foreach (var line in text.Split('\n'))
            WrapLine(line, Math.Max(20, width), flows, lines);
        return lines;
    }

    private static void WrapLine(string text, int width, bool flows, List<string> lines)
    {
        var line = new StringBuilder();
        var used = 0;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var gap = line.Length == 0 ? 0 : 1;
            foreach (var piece in Pieces(word))
            {
                var needed = DisplayWidth.Of(piece);
                // Two hyphens and the space of a soft break would begin a signature.
                if (line.Length > 0 && used + gap + needed > width && !(flows && line is { Length: 2 } && line.ToString() == "--"))
                {
                    if (flows)
                        line.Append(gap > 0 ? FlowMark.AtSpace : FlowMark.BetweenCharacters);
                    lines.Add(line.ToString());
                    line.Clear();
                    used = gap = 0;
                }

                line.Append(' ', gap).Append(piece);
                used += gap + needed;
                gap = 0;
            }
        }

        lines.Add(line.ToString());
    }

    private static IEnumerable<string> Pieces(string word)
    {
        var start = 0;
        var previousIsWide = false;
        for (var i = 0; i < word.Length;)
        {
            Rune.DecodeFromUtf16(word.AsSpan(i), out var rune, out var units);
            var isWide = DisplayWidth.IsWide(rune);
            if (i > start && isWide && previousIsWide && !NeverFirst.Contains(rune.ToString(), StringComparison.Ordinal))
            {
                yield return word[start..i];
                start = i;
            }

            previousIsWide = isWide;
            i += units;
        }

        yield return word[start..];
    }
}
