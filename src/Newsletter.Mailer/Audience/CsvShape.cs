namespace Newsletter.Mailer.Audience;

/// <summary>What the beginning of a CSV file tells about the rest.</summary>
/// <param name="Delimiter">Comma, semicolon or tab (or what Excel's line <c>sep=</c> says).</param>
/// <param name="Skip">Characters to pass over, so that the header comes next.</param>
internal sealed record CsvShape(char Delimiter, int Skip)
{
    /// <summary>Why this is no text at all, or null.</summary>
    public static string? FindProblem(ReadOnlySpan<char> head)
    {
        if (head.Trim().IsEmpty) return "The file is empty.";
        // What spreadsheets save by themselves (.xlsx, .ods) is a zip archive.
        if (head.StartsWith("PK\u0003\u0004")) return "The file is a spreadsheet or an archive, not a text: export it as CSV in UTF-8.";
        // One NUL astray is a problem of its row.
        var firstLine = head.TrimStart("\r\n ");
        if (firstLine.IndexOfAny('\r', '\n') is var end and >= 0) firstLine = firstLine[..end];
        return firstLine.Contains('\0') || head.Count('\0') > head.Length / 100
            ? "The file is no text in UTF-8, nor in UTF-16 with a byte order mark: it has NUL bytes. Export it as CSV in UTF-8."
            : null;
    }

    /// <summary>Reads the shape off the first line that isn't blank.</summary>
    public static CsvShape Detect(ReadOnlySpan<char> head)
    {
        var start = head.Length - head.TrimStart("\r\n ").Length;
        var line = head[start..];
        var end = line.IndexOfAny('\r', '\n');
        if (end >= 0) line = line[..end];
        return line.Trim(' ') is { Length: 5 } said && said.StartsWith("sep=", StringComparison.OrdinalIgnoreCase) && said[4] is not '"' && !char.IsLetterOrDigit(said[4])
            ? new CsvShape(said[4], start + line.Length)
            : new CsvShape(MostFrequent(head[start..]), start);
    }

    private static char MostFrequent(ReadOnlySpan<char> line)
    {
        int commas = 0, semicolons = 0, tabs = 0;
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"') quoted = !quoted;
            if (quoted) continue;
            if (c is '\r' or '\n') break;
            if (c == ',') commas++;
            else if (c == ';') semicolons++;
            else if (c == '\t') tabs++;
        }

        if (tabs > commas && tabs > semicolons) return '\t';
        return semicolons > commas ? ';' : ',';
    }
}
