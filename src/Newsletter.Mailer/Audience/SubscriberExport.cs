using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// Writes readers as CSV (UTF-8, RFC 4180), any number of them in the same memory: the columns that an import of ours knows again, then one
/// for each attribute, and last the attributes that such a column can't carry, as JSON: lists, numbers, and those that are called like another column.
/// No cell is a formula (<see cref="CsvCell"/>).
/// </summary>
public sealed class SubscriberExport(ExportStore store)
{
    // Rows are many and small, or few and large: this much is gathered before it is sent.
    private const int ChunkCharacters = 2_000_000;

    private static readonly string[] Columns =
        ["email", "name", "status", "tier", "tags", "language", "time_zone", "subscribed_at", "confirmed_at", "unsubscribed_at", "issue_frequency"];

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Rest = "attributes_json";

    /// <summary>Writes the file to its end.</summary>
    /// <param name="query">Whom.</param>
    /// <param name="output">Where to; it stays the caller's.</param>
    /// <param name="progress">Told the rows so far, after each chunk.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Rows written, the header not counted.</returns>
    public async Task<long> WriteAsync(ExportQuery query, Stream output, IProgress<long>? progress, CancellationToken stop)
    {
        var keys = (await store.KeysAsync(query.Context.NewsletterId, stop)).Except([.. Columns, Rest], StringComparer.Ordinal).ToList();
        var places = keys.Select((key, index) => (key, index)).ToDictionary(pair => pair.key, pair => pair.index, StringComparer.Ordinal);
        var text = new StringBuilder();
        AppendLine(text, [.. Columns, .. keys, Rest]);
        long rows = 0;
        var values = new string?[keys.Count];
        for (long? after = 0; after is not null;)
        {
            after = await store.ReadChunkAsync(query, after.Value, reader =>
            {
                Append(text, reader, places, values);
                rows++;
                return text.Length < ChunkCharacters;
            }, stop);
            await SendAsync(text, output, stop);
            progress?.Report(rows);
        }

        return rows;
    }

    private static void Append(StringBuilder text, System.Data.Common.DbDataReader row, Dictionary<string, int> places, string?[] values)
    {
        for (var column = 1; column <= Columns.Length; column++)
        {
            if (column > 1) text.Append(',');
            if (row.IsDBNull(column)) continue;
            if (column is < 8 or > 10) CsvCell.Append(text, row.GetString(column));
            else text.Append(row.GetDateTime(column).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        }

        Array.Clear(values);
        var rest = row.IsDBNull(Columns.Length + 1) ? null : ReadAttributes(row.GetString(Columns.Length + 1), places, values);
        foreach (var value in values)
        {
            text.Append(',');
            CsvCell.Append(text, value);
        }

        text.Append(',');
        if (rest is not null) CsvCell.Append(text, JsonSerializer.Serialize(rest, Readable));
        text.Append("\r\n");
    }

    // A key that came into being since the header was written has no column either.
    private static Dictionary<string, JsonElement>? ReadAttributes(string json, Dictionary<string, int> places, string?[] values)
    {
        Dictionary<string, JsonElement>? rest = null;
        using var document = JsonDocument.Parse(json);
        foreach (var attribute in document.RootElement.EnumerateObject())
        {
            var hasColumn = places.TryGetValue(attribute.Name, out var place);
            if (hasColumn) values[place] = AttributeRules.ToText(attribute.Value);
            if (!hasColumn || attribute.Value.ValueKind != JsonValueKind.String || values[place]!.AsSpan().Trim().Length < values[place]!.Length)
                (rest ??= new(StringComparer.Ordinal))[attribute.Name] = attribute.Value.Clone();
        }

        return rest;
    }

    private static void AppendLine(StringBuilder text, string[] cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0) text.Append(',');
            CsvCell.Append(text, cells[i]);
        }

        text.Append("\r\n");
    }

    private static async Task SendAsync(StringBuilder text, Stream output, CancellationToken stop)
    {
        foreach (var part in text.GetChunks())
            await output.WriteAsync(Encoding.UTF8.GetBytes(part.ToArray()), stop);
        await output.FlushAsync(stop);
        text.Clear();
    }
}
