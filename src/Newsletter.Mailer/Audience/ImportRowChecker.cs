using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>Checks the cells of a row once, and makes of them what is staged. Used by one reader at a time.</summary>
internal sealed class ImportRowChecker(ImportHeader header) : IDisposable
{
    internal const string NotUtf8 = "It holds a character that isn't UTF-8: export the file as CSV in UTF-8.";
    internal static readonly byte[] NoAttributes = "{}"u8.ToArray();

    private readonly ArrayBufferWriter<byte> json = new();
    private readonly Utf8JsonWriter writer = new(Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private readonly bool isJsonFirst = header.Format?.Source == ImportSource.Newsletter;
    private readonly ImportExtrasReader? extras = header.Format is null ? null : new ImportExtrasReader(header);

    /// <summary>
    /// Either the parts of an <see cref="ImportRow"/>, or the problem and the index of its column (-1: the whole row), with the address where that can be trusted.
    /// </summary>
    public (EmailAddress? Address, string? Name, byte[] Attributes, ImportExtras? Extras, int Column, string? Problem) Check(IReadOnlyList<string> cells)
    {
        // What an export of ours put before a formula is no part of the value.
        if (header.Format?.Source == ImportSource.Newsletter) cells = new UnguardedCells(cells);
        if (FindRagged(cells) is { } ragged) return Wrong(null, -1, ragged);
        var email = cells[header.Email];
        if (email.Contains('\uFFFD', StringComparison.Ordinal)) return Wrong(null, header.Email, NotUtf8);
        if (!EmailAddress.TryParse(email, out var address, out var problem)) return Wrong(null, header.Email, problem);
        var name = header.Name < 0 ? "" : cells[header.Name].Trim();
        if (FindProblem(name, SubscriberRules.FindNameProblem) is { } wrongName) return Wrong(address, header.Name, wrongName);
        foreach (var (index, key) in header.Attributes)
            if (FindProblem(cells[index].Trim(), key == "first_name" ? SubscriberRules.FindNameProblem : AttributeRules.FindTextProblem) is { } wrong)
                return Wrong(address, index, wrong);

        var (more, said, column, problemOfMore) = extras is null ? (null, null, -1, null) : extras.Read(cells);
        if (problemOfMore is not null) return Wrong(address, column, problemOfMore);
        if (said is not null && CountKeys(cells, said) is var count && count > AttributeRules.MaxKeys)
            return Wrong(address, -1, $"The reader would have {count} attributes, and {AttributeRules.MaxKeys} is the limit.");
        return (address, name.Length == 0 ? null : name, WriteAttributes(cells, said), more, -1, null);
    }

    /// <summary>What a row with a problem says against mailing its reader: a name that is too long is no reason to go on mailing whoever left. Null: nothing.</summary>
    public ImportExtras? FindBarrier(IReadOnlyList<string> cells, WantedStatus least)
    {
        var found = (extras?.ReadWanted(cells) ?? ImportExtras.Only(WantedStatus.Active)).AtLeast(least);
        return found.Wanted >= WantedStatus.Unsubscribed ? found : null;
    }

    public void Dispose() => writer.Dispose();

    private static (EmailAddress?, string?, byte[], ImportExtras?, int, string) Wrong(EmailAddress? address, int column, string problem) => (address, null, [], null, column, problem);

    // Fewer cells would put values under the wrong names just as more do; empty ones at the end are harmless.
    private string? FindRagged(IReadOnlyList<string> cells)
    {
        if (cells.Count < header.Columns.Count)
            return $"The row has {cells.Count} columns and the header {header.Columns.Count}.";
        for (var i = header.Columns.Count; i < cells.Count; i++)
            if (!string.IsNullOrWhiteSpace(cells[i]))
                return $"The row has {cells.Count} columns and the header {header.Columns.Count}: a value with a delimiter in it needs quotation marks.";

        return null;
    }

    private int CountKeys(IReadOnlyList<string> cells, IReadOnlyDictionary<string, JsonElement> said) =>
        said.Count + header.Attributes.Count(attribute => !said.ContainsKey(attribute.Key) && !string.IsNullOrWhiteSpace(cells[attribute.Index]));

    private static string? FindProblem(string cell, Func<string, string?> rule) =>
        cell.Length == 0 ? null : cell.Contains('\uFFFD', StringComparison.Ordinal) ? NotUtf8 : rule(cell);

    // A column goes before a key of the same name in a column of JSON; in our own export the JSON is what a column can't carry.
    private byte[] WriteAttributes(IReadOnlyList<string> cells, IReadOnlyDictionary<string, JsonElement>? said)
    {
        var any = false;
        foreach (var (key, value) in said ?? ImportExtrasReader.NoAttributes)
        {
            if (!isJsonFirst && header.Attributes.Any(attribute => attribute.Key == key && !string.IsNullOrWhiteSpace(cells[attribute.Index]))) continue;
            if (!any) Begin();
            any = true;
            writer.WritePropertyName(key);
            value.WriteTo(writer);
        }

        foreach (var (index, key) in header.Attributes)
        {
            var value = cells[index].AsSpan().Trim();
            if (value.IsEmpty || isJsonFirst && said?.ContainsKey(key) == true) continue;
            if (!any) Begin();
            any = true;
            writer.WriteString(key, value);
        }

        if (!any) return NoAttributes;
        writer.WriteEndObject();
        writer.Flush();
        return json.WrittenSpan.ToArray();
    }

    private void Begin()
    {
        json.ResetWrittenCount();
        writer.Reset(json);
        writer.WriteStartObject();
    }
}
