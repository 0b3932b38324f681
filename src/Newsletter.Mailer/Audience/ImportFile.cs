using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Audience;

/// <summary>A CSV file being read: its rows, checked, in chunks. RFC 4180, with what spreadsheets do beyond it.</summary>
/// <remarks>
/// UTF-8 or UTF-16 with byte order mark, UTF-8 without; any line ends; comma, semicolon or tab. Blank lines and rows of empty cells are
/// passed over. A row that is wrong is a problem with its line; a row that doesn't end within 1,000,000 characters ends the file.
/// </remarks>
internal sealed class ImportFile : IDisposable
{
    private const int MaxChunkRows = 10_000;
    private const int MaxChunkCharacters = 4_000_000;

    private readonly CsvText text;
    private readonly CsvParser parser;
    private readonly CellsOfRow cells;
    private ImportRowChecker? checker;
    private ImportHeader? header;
    private Func<EmailAddress, bool>? isHashed;
    private WantedStatus least;
    private bool isMisquoted;
    private long line;
    private long rows;
    private long invalid;

    private ImportFile(CsvText text, char delimiter)
    {
        this.text = text;
        parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter.ToString(),
            BadDataFound = _ => isMisquoted = true,
            IgnoreBlankLines = true,
            BufferSize = 32_768,
            ProcessFieldBufferSize = 4_096,
        });
        cells = new CellsOfRow(parser);
    }

    /// <summary>Reads up to the header. Either a file, or why it can't be one. The stream stays the caller's.</summary>
    public static async Task<(ImportFile? File, string? Problem)> OpenAsync(Stream csv, ImportSource source, CancellationToken stop)
    {
        var opened = await CsvText.OpenAsync(csv, stop);
        if (CsvShape.FindProblem(opened.Head) is { } problem)
        {
            opened.Dispose();
            return (null, problem);
        }

        var shape = CsvShape.Detect(opened.Head);
        opened.Skip(shape.Skip);
        var file = new ImportFile(opened, shape.Delimiter);
        if (await file.ReadHeaderAsync(source) is not { } unreadable) return (file, null);
        file.Dispose();
        return (null, unreadable);
    }

    /// <summary>Leaves out, as suppressed, whose hash (upper-case hexadecimal) is among these.</summary>
    public void LeaveOut(KeyRing ring, IReadOnlySet<string> hashes) => isHashed = hashes.Count == 0
        ? null
        : address => AddressHash.AllOf(ring, address.Value).Any(hash => hashes.Contains(Convert.ToHexString(hash)));

    /// <summary>Takes every row for no less than this, whatever it says itself.</summary>
    public void TakeAllFor(string? status) => least = status switch { "unsubscribed" => WantedStatus.Unsubscribed, "pending" => WantedStatus.Pending, _ => WantedStatus.Active };

    /// <summary>What its columns become.</summary>
    public ImportMapping Mapping => header!.Mapping;

    /// <summary>The next rows. After the last chunk there are no more.</summary>
    /// <exception cref="IOException">The stream broke off.</exception>
    public async Task<ImportChunk> ReadChunkAsync(IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        var chunk = new ImportChunk();
        await FillAsync(chunk, progress, stop);
        (chunk.RowsSoFar, chunk.InvalidSoFar, chunk.BytesSoFar) = (rows, invalid, text.BytesRead);
        return chunk;
    }

    public void Dispose()
    {
        checker?.Dispose();
        parser.Dispose();
        text.Dispose();
    }

    private async Task FillAsync(ImportChunk chunk, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        long characters = 0;
        for (var read = 0; read < MaxChunkRows && characters < MaxChunkCharacters; read++)
        {
            stop.ThrowIfCancellationRequested();
            isMisquoted = false;
            var before = parser.RawRow;
            var hasRow = await parser.ReadAsync();
            if (!hasRow || text.IsCutOff)
            {
                End(chunk);
                return;
            }

            text.EndRow();
            line = parser.RawRow == before + 1 ? parser.RawRow : FirstLine();
            for (var i = 0; i < cells.Count; i++) characters += cells[i].Length;
            if (!IsBlank()) Take(chunk);
            if (rows % 1_000 == 0) progress?.Report(new ImportProgress(ImportState.Receiving, rows, text.BytesRead, invalid, null));
        }
    }

    private async Task<string?> ReadHeaderAsync(ImportSource source)
    {
        if (!await parser.ReadAsync()) return "The file is empty.";
        text.EndRow();
        (header, var problem) = ImportHeader.Read([.. Enumerable.Range(0, parser.Count).Select(i => parser[i])], source);
        if (text.IsCutOff) return "The first line doesn't end within 1,000,000 characters: this is no CSV file.";
        if (header is not null) checker = new ImportRowChecker(header);
        return problem;
    }

    private void End(ImportChunk chunk)
    {
        chunk.IsLast = true;
        // The text ended in the middle of a row, so that this isn't one.
        if (text.IsCutOff)
            chunk.Refusal = $"The row that begins in line {FirstLine()} doesn't end within 1,000,000 characters: most likely a quotation mark there "
                            + "is never closed. Nothing was imported; correct that line and send the file again.";
    }

    private bool IsBlank()
    {
        for (var i = 0; i < cells.Count; i++)
            if (!string.IsNullOrWhiteSpace(cells[i])) return false;
        return true;
    }

    private void Take(ImportChunk chunk)
    {
        rows++;
        var (address, name, attributes, extras, column, problem) = checker!.Check(cells);
        if (isMisquoted) (address, column, problem) = (null, -1, MisquotedProblem());
        if (problem is null)
        {
            if (least > WantedStatus.Active) extras = (extras ?? ImportExtras.Only(least)).AtLeast(least);
            chunk.Rows.Add(new ImportRow(rows, line, address!, name, attributes, HideIfHashed(address!, extras)));
            return;
        }

        if (address is not null && checker.FindBarrier(cells, least) is { } barrier)
        {
            problem += " What it says against mailing the reader counts all the same.";
            chunk.Rows.Add(new ImportRow(rows, line, address, null, ImportRowChecker.NoAttributes, HideIfHashed(address, barrier), IsWrong: true));
        }

        invalid++;
        chunk.Problems.Add(new ImportProblem
        {
            Line = line,
            Column = column < 0 ? null : ImportHeader.Shorten(header!.Columns[column]),
            Reason = problem,
        });
    }

    // Only that they left: whatever else the row says would put an address that was forgotten back into the database.
    private ImportExtras? HideIfHashed(EmailAddress address, ImportExtras? extras) =>
        isHashed?.Invoke(address) == true ? ImportExtras.Only(WantedStatus.Hashed, extras?.HasLeft ?? false) : extras;

    private string MisquotedProblem() => line == parser.RawRow
        ? "A quotation mark stands where none may: a value with one in it is put in quotation marks, and the mark inside doubled."
        : $"A quotation mark opened here isn't closed as it should be, so that lines {line} to {parser.RawRow} were read as one row. None of them was imported.";

    // The parser knows the line a row ends in.
    private long FirstLine()
    {
        var raw = parser.RawRecord.AsSpan().TrimEnd("\r\n");
        return parser.RawRow - raw.Count('\n') - CountLoneReturns(raw);
    }

    private static int CountLoneReturns(ReadOnlySpan<char> raw)
    {
        var count = 0;
        for (var i = 0; i < raw.Length; i++)
            if (raw[i] == '\r' && (i + 1 == raw.Length || raw[i + 1] != '\n')) count++;
        return count;
    }

    /// <summary>The parser's cells as a list: it makes each string once.</summary>
    private sealed class CellsOfRow(CsvParser parser) : IReadOnlyList<string>
    {
        public int Count => parser.Count;

        public string this[int index] => parser[index];

        public IEnumerator<string> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
