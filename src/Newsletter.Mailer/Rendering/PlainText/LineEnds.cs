using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>
/// Sees to it that no line which stands by itself ends in a space, whatever a reader's values are: a space at the end says that the paragraph
/// goes on. Where a value or a way of a choice may be empty, the space before it becomes part of it.
/// </summary>
internal sealed class LineEnds(SlotTable table)
{
    public string Settled(string line)
    {
        line = line.TrimEnd(' ');
        if (line.Length == 0 || line[^1] != SlotTable.Close)
            return line;
        var token = StartOfToken(line, line.Length - 1);
        if (line[token] == SlotTable.OpenTag)
            return EndedByTag(line, token);

        var before = line[..token];
        return before.EndsWith(' ')
            ? Settled(before) + SlotTable.Place(line[token..], SlotEscape.WordsAtEnd)
            : Settled(before) + line[token..];
    }

    private string EndedByTag(string line, int tag)
    {
        if (KindAt(line, tag) is not (SlotTagKind.EndIf or SlotTagKind.EndUnless) || OpeningOf(line, tag) is not { } opening)
            return Settled(line[..tag]) + line[tag..];
        var before = line[..opening];
        return Settled(before) + Ways(line[opening..tag], before.EndsWith(' ') ? " " : "") + line[tag..];
    }

    // Each way ends where the line does.
    private string Ways(string choice, string space)
    {
        var settled = new StringBuilder();
        var (depth, start) = (0, 0);
        for (var at = 0; at < choice.Length; at++)
        {
            if (choice[at] != SlotTable.OpenTag || !table.TryRead(choice, at, out var source, out _, out var end))
                continue;
            var tag = SlotTag.Read(source.Text);
            if (tag is { Opens: true } && ++depth == 1 || depth == 1 && tag?.Kind is SlotTagKind.Else or SlotTagKind.ElseIf)
            {
                settled.Append(start == 0 ? "" : Settled(space + choice[start..at])).Append(choice, at, end + 1 - at);
                start = end + 1;
            }
            else if (tag is { Closes: true })
                depth--;
            at = end;
        }

        return settled.Append(Settled(space + choice[start..])).ToString();
    }

    private int? OpeningOf(string line, int closing)
    {
        var depth = 1;
        for (var at = closing - 1; at >= 0; at--)
        {
            if (line[at] != SlotTable.Close)
                continue;
            at = StartOfToken(line, at);
            if (line[at] != SlotTable.OpenTag || !table.TryRead(line, at, out var source, out _, out _) || SlotTag.Read(source.Text) is not { } tag)
                continue;
            depth += tag.Closes ? 1 : tag.Opens ? -1 : 0;
            if (depth == 0)
                return at;
        }

        return null;
    }

    private SlotTagKind? KindAt(string line, int tag) =>
        table.TryRead(line, tag, out var source, out _, out _) ? SlotTag.Read(source.Text)?.Kind : null;

    private static int StartOfToken(string line, int close)
    {
        var at = close - 1;
        while (!SlotTable.BeginsToken(line[at]))
            at--;
        return at;
    }
}
