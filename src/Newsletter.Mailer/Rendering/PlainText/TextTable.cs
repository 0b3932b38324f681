using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>A table with its columns aligned; one too wide for the line becomes a list of its rows.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    public static IEnumerable<string> Lines(Table table, InlineText inlines, int width)
    {
        var rows = table.OfType<TableRow>().Select(row => (row.IsHeader, Cells: Cells(row, inlines))).ToList();
        var columns = rows.Max(row => row.Cells.Length);
        var widths = Enumerable.Range(0, columns)
            .Select(column => rows.Max(row => column < row.Cells.Length ? DisplayWidth.Of(row.Cells[column]) : 0))
            .ToArray();
        return widths.Sum() + (Gap.Length * (columns - 1)) <= width
            ? Aligned(table, rows, widths)
            : Stacked(rows, width);
    }

    private static string[] Cells(TableRow row, InlineText inlines) =>
        [.. row.OfType<TableCell>().Select(cell =>
            string.Join(' ', cell.OfType<LeafBlock>().Select(block => inlines.Of(block.Inline).Replace('\n', ' '))).Trim())];

    private static IEnumerable<string> Aligned(Table table, List<(bool IsHeader, string[] Cells)> rows, int[] widths)
    {
        foreach (var (isHeader, cells) in rows)
        {
            yield return string.Join(Gap, widths.Select((width, column) =>
                Pad(column < cells.Length ? cells[column] : "", width, AlignmentOf(table, column)))).TrimEnd();
            if (isHeader)
                yield return string.Join(Gap, widths.Select(width => new string('-', Math.Max(1, width))));
        }
    }

    private static TableColumnAlign? AlignmentOf(Table table, int column) =>
        column < table.ColumnDefinitions.Count ? table.ColumnDefinitions[column].Alignment : null;

    private static string Pad(string text, int width, TableColumnAlign? align)
    {
        var missing = width - DisplayWidth.Of(text);
        var left = align switch { TableColumnAlign.Right => missing, TableColumnAlign.Center => missing / 2, _ => 0 };
        return new string(' ', left) + text + new string(' ', missing - left);
    }

    private static IEnumerable<string> Stacked(List<(bool IsHeader, string[] Cells)> rows, int width)
    {
        var head = rows.Find(row => row.IsHeader).Cells ?? [];
        var isFirst = true;
        foreach (var (_, cells) in rows.Where(row => !row.IsHeader))
        {
            if (!isFirst)
                yield return "";
            isFirst = false;
            for (var column = 0; column < cells.Length; column++)
            {
                var label = column < head.Length && head[column].Length > 0 ? head[column] + ": " : "";
                foreach (var line in LineWrap.Wrap(label + cells[column], width))
                    yield return line;
            }
        }
    }
}
