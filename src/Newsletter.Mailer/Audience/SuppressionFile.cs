using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Newsletter.Mailer.Audience;

/// <summary>A CSV of suppressions: columns email, domain, hash (one of them filled in each row), reason and evidence; others are passed over.</summary>
internal sealed class SuppressionFile : IDisposable
{
    private static readonly string[] Known = ["email", "domain", "hash", "reason", "evidence"];

    private readonly CsvText text;
    private readonly CsvParser parser;
    private readonly Dictionary<string, int> columns;

    private SuppressionFile(CsvText text, CsvParser parser, Dictionary<string, int> columns) => (this.text, this.parser, this.columns) = (text, parser, columns);

    /// <summary>Line in which the row that was read last ends, from 1.</summary>
    public long Line => parser.RawRow;

    /// <summary>True where the last row didn't end, and what follows it was not read.</summary>
    public bool IsCutOff => text.IsCutOff;

    /// <summary>Reads up to the header. Either a file, or why it can't be one. The stream stays the caller's.</summary>
    public static async Task<(SuppressionFile? File, string? Problem)> OpenAsync(Stream csv, CancellationToken stop)
    {
        var opened = await CsvText.OpenAsync(csv, stop);
        if (CsvShape.FindProblem(opened.Head) is { } problem) return (null, problem);
        var shape = CsvShape.Detect(opened.Head);
        opened.Skip(shape.Skip);
        var reader = new CsvParser(opened, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = shape.Delimiter.ToString(),
            IgnoreBlankLines = true,
            // A misquoted row is wrong by what is in it.
            BadDataFound = null,
        });
        if (!await reader.ReadAsync()) return (null, "The file is empty.");
        opened.EndRow();
        var found = Enumerable.Range(0, reader.Count).Select(index => (Name: ImportHeader.Normalise(reader[index]), index))
            .Where(column => Known.Contains(column.Name)).DistinctBy(column => column.Name).ToDictionary(column => column.Name, column => column.index, StringComparer.Ordinal);
        return found.ContainsKey("email") || found.ContainsKey("domain") || found.ContainsKey("hash")
            ? (new SuppressionFile(opened, reader, found), null)
            : (null, "No column is called email, domain or hash. The first line must name the columns: email, domain or hash, and reason and evidence.");
    }

    /// <summary>The next row; null at the end. A row that doesn't end within a million characters ends the file.</summary>
    public async Task<SuppressionDraft?> ReadAsync()
    {
        if (!await parser.ReadAsync() || text.IsCutOff) return null;
        text.EndRow();
        return new SuppressionDraft { Email = Cell("email"), Domain = Cell("domain"), Hash = Cell("hash"), Reason = Cell("reason") ?? "imported", Evidence = Cell("evidence") };
    }

    public void Dispose()
    {
        parser.Dispose();
        text.Dispose();
    }

    private string? Cell(string column) =>
        columns.TryGetValue(column, out var index) && index < parser.Count && CsvCell.Unguard(parser[index].Trim()) is { Length: > 0 } cell ? cell : null;
}
