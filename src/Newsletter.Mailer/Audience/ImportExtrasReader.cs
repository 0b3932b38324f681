using System.Globalization;
using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>Reads what another program's file says beyond name and attributes.</summary>
internal sealed class ImportExtrasReader(ImportHeader header)
{
    public static readonly IReadOnlyDictionary<string, JsonElement> NoAttributes = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    private static readonly DateTime Earliest = new(1990, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly ImportFormat format = header.Format!;
    private readonly int[] statuses = [.. header.Others.Where(other => other.Role == ColumnRole.Status).Select(other => other.Index)];

    /// <summary>The extras and the attributes of a JSON column; or the problem and the index of its column.</summary>
    public (ImportExtras? Extras, IReadOnlyDictionary<string, JsonElement>? Attributes, int Column, string? Problem) Read(IReadOnlyList<string> cells)
    {
        var said = new Said();
        foreach (var (index, role) in header.Others)
        {
            var cell = cells[index].Trim();
            if (cell.Contains('\uFFFD', StringComparison.Ordinal)) return (null, null, index, ImportRowChecker.NotUtf8);
            if (cell.Length > 0 && Take(role, cell, said) is { } problem) return (null, null, index, problem);
        }

        if (!said.HasStatus && statuses.Length > 0)
            return (null, null, statuses[0], $"The status is empty: it should be one of {string.Join(", ", format.Words.Keys)}. Write it, so that nobody who left is subscribed again.");
        return (new ImportExtras(said.Tags, said.Wanted, said.Tier, said.SubscribedAt, said.Language, said.TimeZone, said.HasLeft, said.HasLeft ? said.LeftAt : null, said.TakesDigest), said.Attributes, -1, null);
    }

    /// <summary>Only what the reader's subscription becomes, of a row in which something may be wrong.</summary>
    public ImportExtras ReadWanted(IReadOnlyList<string> cells)
    {
        var said = new Said();
        foreach (var (index, role) in header.Others.Where(other => other.Role is ColumnRole.Status or ColumnRole.StatusToo or ColumnRole.Left or ColumnRole.Stays or ColumnRole.LeftAt or ColumnRole.LeftTime or ColumnRole.BouncedAt))
            if (cells[index].Trim() is { Length: > 0 } cell) Take(role, cell, said);
        return ImportExtras.Only(said.Wanted, said.HasLeft, said.HasLeft ? said.LeftAt : null);
    }

    private string? Take(ColumnRole role, string cell, Said said)
    {
        switch (role)
        {
            case ColumnRole.Tags: return TakeTags(cell, said);
            case ColumnRole.Status: return TakeStatus(cell, said);
            case ColumnRole.StatusToo: said.Become(format.Words.GetValueOrDefault(WordOf(cell))); return null;
            case ColumnRole.Tier: return TakeTier(cell, said);
            case ColumnRole.Left: return TakeSwitch(cell, leftIf: true, said);
            case ColumnRole.Stays: return TakeSwitch(cell, leftIf: false, said);
            case ColumnRole.LeftAt: return TakeLeftAt(cell, said);
            case ColumnRole.LeftTime: said.LeftAt ??= ReadTime(cell); return null;
            case ColumnRole.BouncedAt: if (!IsNothing(cell)) said.Become(WantedStatus.Bounced); return null;
            case ColumnRole.Paid: said.Pay(IsPaid(cell)); return null;
            case ColumnRole.SubscribedAt: said.SubscribedAt ??= ReadTime(cell); return null;
            case ColumnRole.Language: return Check(said.Language = cell, AudienceRules.CheckLanguage);
            case ColumnRole.TimeZone: return Check(said.TimeZone = cell, AudienceRules.CheckTimeZone);
            case ColumnRole.Frequency: return TakeFrequency(cell, said);
            case ColumnRole.Json: return TakeJson(cell, said);
            default: return null;
        }
    }

    private static string? Check(string cell, Func<string, string?, List<FieldProblem>, string?> rule)
    {
        var problems = new List<FieldProblem>();
        rule("", cell, problems);
        return problems.Count == 0 ? null : problems[0].Problem;
    }

    // Mailchimp puts each tag in quotation marks of its own, Buttondown and Kit part them by commas, PostgreSQL and Python write lists.
    private static string? TakeTags(string cell, Said said)
    {
        var problems = new List<FieldProblem>();
        var parts = cell.Trim('[', ']', '{', '}').Split(',').Select(part => part.Trim().Trim('"', '\'').Trim()).Where(part => part.Length > 0);
        said.Tags = TagRules.Clean("tags", parts, problems);
        if (said.Tags.Length == 0) said.Tags = null;
        return problems.Count == 0 ? null : problems[0].Problem;
    }

    private string? TakeStatus(string cell, Said said)
    {
        said.HasStatus = true;
        var word = WordOf(cell);
        if (!format.Words.TryGetValue(word, out var wanted))
            return $"This status isn't known{(format.Source == ImportSource.Other ? "" : $" of {format.Source}")}: it should be one of {string.Join(", ", format.Words.Keys)}. Correct it, so that nobody who left is subscribed again; source=plain makes an attribute of the column.";
        said.Become(wanted);
        if (format.PaidWords.Count > 0) said.Pay(format.PaidWords.Contains(word.ToLowerInvariant()));
        return null;
    }

    private static string WordOf(string cell) => cell.Replace(' ', '_').Replace('-', '_');

    private static string? TakeTier(string cell, Said said)
    {
        if (cell.ToLowerInvariant() is not ("free" or "premium")) return "The tier must be free or premium.";
        said.Tier = cell.ToLowerInvariant();
        return null;
    }

    private static string? TakeFrequency(string cell, Said said)
    {
        said.TakesDigest = cell.Equals("digest", StringComparison.OrdinalIgnoreCase);
        return said.TakesDigest || cell.Equals("every", StringComparison.OrdinalIgnoreCase) ? null : "It should be every or digest.";
    }

    private static string? TakeSwitch(string cell, bool leftIf, Said said)
    {
        if (ReadSwitch(cell) is not { } value) return "It should be true or false: it says whether the reader is subscribed.";
        if (value == leftIf) said.Become(WantedStatus.Unsubscribed);
        return null;
    }

    // Known programs leave the cell empty. Whoever makes a list themselves may write that there is nothing in it.
    private string? TakeLeftAt(string cell, Said said)
    {
        if (format.Source == ImportSource.Other && ReadTime(cell) is null)
        {
            if (IsNothing(cell)) return null;
            // A day in some other order of its parts: that they left is said all the same.
            if (cell.Any(char.IsAsciiDigit)) said.Become(WantedStatus.Unsubscribed);
            if (ReadSwitch(cell) is null) return "It should be the day on which the reader left, such as 2026-01-31, or empty.";
        }

        said.Become(WantedStatus.Unsubscribed);
        said.LeftAt ??= ReadTime(cell);
        return null;
    }

    private bool IsNothing(string cell) => format.Source == ImportSource.Other
        && (cell.ToLowerInvariant() is "null" or "none" or "nan" or "nat" or "\\n" or "-" or "n/a" or "0000-00-00" or "0000-00-00 00:00:00" || ReadSwitch(cell) is false);

    private static bool? ReadSwitch(string cell) => cell.ToLowerInvariant() switch
    {
        "true" or "t" or "yes" or "1" => true,
        "false" or "f" or "no" or "0" => false,
        _ => null,
    };

    // "true", or whatever a plan is called that isn't free.
    private static bool IsPaid(string cell) => ReadSwitch(cell) ?? cell.ToLowerInvariant() is not ("free" or "none" or "null" or "-" or "n/a" or "inactive" or "free subscriber" or "[]");

    private static DateTime? ReadTime(string cell)
    {
        var text = cell.EndsWith(" UTC", StringComparison.Ordinal) ? cell[..^4] : cell;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.UtcDateTime > Earliest && time.UtcDateTime < TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(1)
            ? time.UtcDateTime
            : null;
    }

    private static string? TakeJson(string cell, Said said)
    {
        try
        {
            using var document = JsonDocument.Parse(cell, new JsonDocumentOptions { MaxDepth = 32 });
            if (document.RootElement.ValueKind != JsonValueKind.Object) return "It should be a JSON object of attributes.";
            said.Attributes = ReadAttributes(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "It should be a JSON object of attributes, and can't be read as one.";
        }

        return AttributeRules.Check(said.Attributes) is [var problem, ..] ? $"{problem.Field}: {problem.Problem}" : null;
    }

    // What isn't flat is kept as the text it is. A key that nothing can be made of is no attribute.
    private static Dictionary<string, JsonElement> ReadAttributes(JsonElement root)
    {
        var attributes = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            var key = ImportHeader.Normalise(property.Name);
            if (key.Length == 0 || key is "email" or "name" || property.Value.ValueKind == JsonValueKind.Null) continue;
            var isFlat = property.Value.ValueKind != JsonValueKind.Object
                && (property.Value.ValueKind != JsonValueKind.Array || property.Value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String));
            attributes[key] = isFlat ? property.Value.Clone() : JsonSerializer.SerializeToElement(property.Value.GetRawText());
        }

        return attributes;
    }

    private sealed class Said
    {
        public string[]? Tags { get; set; }

        public bool HasStatus { get; set; }

        public WantedStatus Wanted { get; private set; }

        public bool HasLeft { get; private set; }

        public DateTime? LeftAt { get; set; }

        public bool TakesDigest { get; set; }

        public string? Tier { get; set; }

        public DateTime? SubscribedAt { get; set; }

        public string? Language { get; set; }

        public string? TimeZone { get; set; }

        public IReadOnlyDictionary<string, JsonElement> Attributes { get; set; } = NoAttributes;

        // What forbids most goes before what allows more.
        public void Become(WantedStatus wanted)
        {
            Wanted = wanted > Wanted ? wanted : Wanted;
            HasLeft |= wanted == WantedStatus.Unsubscribed;
        }

        public void Pay(bool isPaid) => Tier = isPaid || Tier == "premium" ? "premium" : "free";
    }
}

/// <summary>A row's cells without what <see cref="CsvCell"/> put before a formula.</summary>
internal sealed class UnguardedCells(IReadOnlyList<string> cells) : IReadOnlyList<string>
{
    public int Count => cells.Count;

    public string this[int index] => CsvCell.Unguard(cells[index]);

    public IEnumerator<string> GetEnumerator() => cells.Select(CsvCell.Unguard).GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
