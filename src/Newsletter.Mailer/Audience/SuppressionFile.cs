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

    private readonly Quotes quotes;

    private SuppressionFile(CsvText text, CsvParser parser, Dictionary<string, int> columns, Quotes quotes) =>
        (this.text, this.parser, this.columns, this.quotes) = (text, parser, columns, quotes);

    /// <summary>Line in which the row that was read last ends, from 1.</summary>
    public long Line => parser.RawRow;

    /// <summary>True where a quotation mark of that row stands where none may, or is never closed: then it may hold further rows.</summary>
    public bool IsMisquoted => quotes.AreWrong;

    /// <summary>True where the last row didn't end, and what follows it was not read.</summary>
    public bool IsCutOff => text.IsCutOff;

    /// <summary>Reads up to the header. Either a file, or why it can't be one. The stream stays the caller's.</summary>
    public static async Task<(SuppressionFile? File, string? Problem)> OpenAsync(Stream csv, CancellationToken stop)
    {
        var opened = await CsvText.OpenAsync(csv, stop);
        if (CsvShape.FindProblem(opened.Head) is { } problem) return (null, problem);
        var shape = CsvShape.Detect(opened.Head);
        opened.Skip(shape.Skip);
        var marks = new Quotes();
        var reader = new CsvParser(opened, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = shape.Delimiter.ToString(),
            IgnoreBlankLines = true,
            BadDataFound = _ => marks.AreWrong = true,
        });
        if (!await reader.ReadAsync()) return (null, "The file is empty.");
        opened.EndRow();
        var found = Enumerable.Range(0, reader.Count).Select(index => (Name: ImportHeader.Normalise(reader[index]), index))
            .Where(column => Known.Contains(column.Name)).DistinctBy(column => column.Name).ToDictionary(column => column.Name, column => column.index, StringComparer.Ordinal);
        return found.ContainsKey("email") || found.ContainsKey("domain") || found.ContainsKey("hash")
            ? (new SuppressionFile(opened, reader, found, marks), null)
            : (null, "No column is called email, domain or hash. The first line must name the columns: email, domain or hash, and reason and evidence.");
    }

    /// <summary>The next row; null at the end. A row that doesn't end within a million characters ends the file.</summary>
    public async Task<SuppressionDraft?> ReadAsync()
    {
        quotes.AreWrong = false;
        if (!await parser.ReadAsync() || text.IsCutOff) return null;
        text.EndRow();
        // Whatever a column is for, its quotation marks are looked at only where its cell is asked for.
        for (var i = 0; i < parser.Count; i++) _ = parser[i];
        var (reason, evidence) = ReasonOf(Cell("reason"), Cell("evidence"));
        return new SuppressionDraft { Email = Cell("email"), Domain = Cell("domain"), Hash = Cell("hash"), Reason = reason, Evidence = evidence };
    }

    public void Dispose()
    {
        parser.Dispose();
        text.Dispose();
    }

    // What others write there, a word of theirs or what a server answered, is no reason to mail somebody: it is kept as evidence.
    private static (string Reason, string? Evidence) ReasonOf(string? said, string? evidence) => said?.ToLowerInvariant() switch
    {
        null => ("imported", evidence),
        var word when SuppressionStore.IsReason(word) => (word, evidence),
        "bounce" or "bounced" or "hard" or "hard bounce" or "permanent" => ("hard_bounce", evidence ?? said),
        "complained" or "spam" or "spam report" or "abuse" => ("complaint", evidence ?? said),
        _ => ("imported", TextRules.Kept(evidence is null ? said : $"{said}: {evidence}", SuppressionStore.MaxEvidenceLength)),
    };

    private string? Cell(string column) =>
        columns.TryGetValue(column, out var index) && index < parser.Count && CsvCell.Unguard(parser[index].Trim()) is { Length: > 0 } cell ? cell : null;

    private sealed class Quotes
    {
        public bool AreWrong { get; set; }
    }
}
