using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>
/// A text with <see cref="FlowMark"/>s written out twice: as people read it, and as it is sent in <c>format=flowed</c> (RFC 3676), where a space
/// at the end of a line says that the paragraph goes on. Tokens of slots stand in both.
/// </summary>
internal sealed class FlowedText
{
    private readonly LineEnds _ends;
    private readonly SlotTable _table;
    private readonly StringBuilder _shown = new();
    private readonly StringBuilder _sent = new();

    private FlowedText(SlotTable table)
    {
        _table = table;
        _ends = new LineEnds(table);
    }

    /// <summary>Lines broken as a person would, without the format's spaces.</summary>
    public string Shown => SlotTable.Place(_shown.ToString(), SlotEscape.Words);

    /// <summary>The lines as they are sent.</summary>
    public string Sent => SlotTable.Place(_sent.ToString(), SlotEscape.Words);

    /// <summary>
    /// Whether the space of a soft break is to be deleted (RFC 3676 §4.5): where Chinese or Japanese was broken, it was never the author's.
    /// Then breaks at a space have two.
    /// </summary>
    public bool DeletesSpace { get; private init; }

    public static FlowedText Of(string text, SlotTable table)
    {
        var flowed = new FlowedText(table) { DeletesSpace = text.Contains(FlowMark.BetweenCharacters, StringComparison.Ordinal) };
        var lines = text.Split('\n');
        for (var start = 0; start < lines.Length;)
        {
            var end = start;
            while (end < lines.Length && !flowed.IsBlank(lines[end]))
                end++;
            flowed.AddBlock(lines.AsSpan(start, end - start));
            if (end < lines.Length)
                flowed.Add(lines[end], isStuffed: false);
            start = end + 1;
        }

        // Every line was ended.
        flowed._shown.Length--;
        flowed._sent.Length--;
        return flowed;
    }

    // What is laid out in columns moves as a whole, so that it lines up as well where the format isn't known: any line may be stuffed (RFC 3676 §4.4).
    private void AddBlock(ReadOnlySpan<string> lines)
    {
        bool isFlowing = false, isStuffed = false;
        foreach (var line in lines)
        {
            isFlowing |= line[^1] is FlowMark.AtSpace or FlowMark.BetweenCharacters;
            isStuffed |= NeedsStuffing(line);
        }

        foreach (var line in lines)
            Add(line, isFlowing ? NeedsStuffing(line) : isStuffed);
    }

    private void Add(string line, bool isStuffed)
    {
        var soft = line.Length == 0 ? '\0' : line[^1];
        var content = soft switch
        {
            FlowMark.AtSpace or FlowMark.BetweenCharacters => line[..^1].TrimEnd(' '),
            // The separator of signatures is neither fixed nor flowed (§4.3).
            _ => line == "-- " ? line : _ends.Settled(line),
        };
        var start = isStuffed && HasRisksByReader(content) ? EndOfClosingTags(content) : EndOfTags(content);
        var (tags, rest) = (content[..start], content[start..]);
        if (rest.Length > 0 && rest[0] == FlowMark.Quote)
            isStuffed = false;
        // Quotes in a list keep their mark as text.
        rest = rest.Replace(FlowMark.Quote, '>');

        _shown.Append(tags).Append(rest).Append('\n');
        _sent.Append(tags).Append(isStuffed ? " " : "").Append(isStuffed ? rest : WithSafeStart(rest));
        if (soft is FlowMark.AtSpace or FlowMark.BetweenCharacters)
            _sent.Append(soft == FlowMark.AtSpace && DeletesSpace ? "  " : " ");
        _sent.Append('\n');
    }

    private static string WithSafeStart(string rest)
    {
        if (rest.Length == 0 || rest[0] != SlotTable.Open)
            return rest;
        var end = rest.IndexOf(SlotTable.Close, StringComparison.Ordinal) + 1;
        return SlotTable.Place(rest[..end], SlotEscape.WordsAtStart) + rest[end..];
    }

    // Where what a line begins with differs from reader to reader, and may be nothing, one risk among its beginnings is enough.
    private bool NeedsStuffing(string line)
    {
        var rest = line.AsSpan(EndOfTags(line));
        if (rest.Length > 0 && (rest[0] == ' ' || IsRisk(rest)))
            return true;
        return HasRisksByReader(line) || line[0] == SlotTable.Open && rest[(rest.IndexOf(SlotTable.Close) + 1)..] is { Length: > 0 } behind && (behind[0] is SlotTable.Open or SlotTable.OpenTag || IsRisk(behind));
    }

    // A line that begins with a choice begins with any of its ways: the space stands before them all.
    private bool HasRisksByReader(string text)
    {
        if (text[0] != SlotTable.OpenTag)
            return false;
        var line = text.AsSpan(EndOfClosingTags(text));
        for (var at = line.IndexOf(SlotTable.Close); at >= 0; at = line.IndexOf(SlotTable.Close))
        {
            line = line[(at + 1)..];
            if (line.Length > 0 && (line[0] == SlotTable.Open || IsRisk(line)))
                return true;
        }

        return false;
    }

    private static bool IsRisk(ReadOnlySpan<char> start) => start[0] == '>' || start.StartsWith("From ");

    private bool IsBlank(string line) => EndOfTags(line) == line.Length;

    private int EndOfTags(string line) => EndOfTags(line, static _ => true);

    private int EndOfClosingTags(string line) => EndOfTags(line, static source => SlotTag.Read(source.Text) is not { Opens: true });

    private int EndOfTags(string line, Func<SlotSource, bool> isPassed)
    {
        var at = 0;
        while (at < line.Length && line[at] == SlotTable.OpenTag && _table.TryRead(line, at, out var source, out _, out var end) && isPassed(source))
            at = end + 1;
        return at;
    }
}
