using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>Which column of a file means what.</summary>
internal sealed record ImportHeader
{
    private const int MaxKeyLength = 63;
    private static readonly string[] EmailNames = ["email", "e_mail", "address", "email_address", "e_mail_address"];
    private static readonly string[] NameNames = ["name", "full_name"];

    /// <summary>The columns' names as the file gives them, trimmed; empty where it gives none.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Index of the column of addresses.</summary>
    public required int Email { get; init; }

    /// <summary>Index of the column of names, -1 where there is none.</summary>
    public required int Name { get; init; }

    /// <summary>The other columns that have a name: where they are and the attribute they become.</summary>
    public required IReadOnlyList<(int Index, string Key)> Attributes { get; init; }

    /// <summary>Columns that are neither address, name nor attribute, of another program's file.</summary>
    public IReadOnlyList<(int Index, ColumnRole Role)> Others { get; init; } = [];

    /// <summary>Whose file it is; null where its columns are names of attributes and nothing more.</summary>
    public ImportFormat? Format { get; init; }

    /// <summary>What each column becomes.</summary>
    public ImportMapping Mapping => new(Format?.Source ?? ImportSource.Plain, [.. Columns.Select((column, index) => new ImportColumn(column, Becomes(index)))]);

    /// <summary>Reads a header, or says why it is none.</summary>
    public static (ImportHeader? Header, string? Problem) Read(IReadOnlyList<string> cells, ImportSource source = ImportSource.Plain)
    {
        var columns = cells.Select(cell => cell.Trim()).ToList();
        if (FindUnreadable(columns) is { } unreadable) return (null, unreadable);
        if (FindFormat(columns, source) is { } format) return ReadAs(format, columns);
        var keys = columns.Select(Normalise).ToList();
        if (FindProblem(columns, keys) is { } problem) return (null, problem);
        return (new ImportHeader
        {
            Columns = columns,
            Email = keys.FindIndex(key => key == "email"),
            Name = keys.FindIndex(key => key == "name"),
            Attributes = [.. keys.Select((key, index) => (index, key)).Where(column => column.key is not ("" or "email" or "name"))],
        }, null);
    }

    private static ImportFormat? FindFormat(List<string> columns, ImportSource source)
    {
        if (source == ImportSource.Plain) return null;
        if (source != ImportSource.Auto) return ImportFormat.All.First(format => format.Source == source);
        var names = columns.Select(column => ToKey(column, '_')).ToHashSet(StringComparer.Ordinal);
        return ImportFormat.All.FirstOrDefault(format => format.Fits(names));
    }

    // Here a column called address is somebody's street: only what the program itself calls so is the mailbox.
    private static (ImportHeader? Header, string? Problem) ReadAs(ImportFormat format, List<string> columns)
    {
        var names = columns.Select(column => ToKey(column, '_')).ToList();
        var roles = names.Select(name => name.Length == 0 ? ColumnRole.Nothing : format.Columns.GetValueOrDefault(name, ColumnRole.Attribute)).ToList();
        if (roles.Count(role => role == ColumnRole.Email) is not 1 and var count)
            return (null, count == 0
                ? $"Taken for an export of {format.Source}, the file has no column of addresses. Say what it is with source, or source=plain and a column called email."
                : $"Taken for an export of {format.Source}, the file has {count} columns of addresses: remove all but one.");
        var keys = names.Select((name, index) => roles[index] is ColumnRole.Attribute or ColumnRole.StatusToo ? KeyOf(name) : "").ToList();
        if ((FindRepeated(columns, keys) ?? FindTooMany(keys)) is { } wrong) return (null, wrong);
        return (new ImportHeader
        {
            Format = format,
            Columns = columns,
            Email = roles.IndexOf(ColumnRole.Email),
            Name = roles.IndexOf(ColumnRole.Name),
            Attributes = [.. keys.Select((key, index) => (index, key)).Where(column => column.key.Length > 0)],
            Others = [.. roles.Select((role, index) => (index, role)).Where(column => column.role is not (ColumnRole.Attribute or ColumnRole.Email or ColumnRole.Name or ColumnRole.Nothing))],
        }, null);
    }

    private string Becomes(int index)
    {
        if (index == Email) return "email";
        if (index == Name) return "name";
        if (Attributes.FirstOrDefault(attribute => attribute.Index == index).Key is { } key) return $"attributes.{key}";
        return Others.Where(other => other.Index == index).Select(other => other.Role).FirstOrDefault() switch
        {
            ColumnRole.Tags => "tags",
            ColumnRole.Status or ColumnRole.Left or ColumnRole.LeftAt or ColumnRole.Stays or ColumnRole.BouncedAt => "status",
            ColumnRole.Tier or ColumnRole.Paid => "tier",
            ColumnRole.SubscribedAt => "subscribed_at",
            ColumnRole.Language => "language",
            ColumnRole.TimeZone => "time_zone",
            ColumnRole.Json => "attributes",
            ColumnRole.LeftTime => "unsubscribed_at",
            ColumnRole.Frequency => "issue_frequency",
            _ => "nothing",
        };
    }

    private static string? FindUnreadable(List<string> columns)
    {
        var unreadable = columns.FindIndex(cell => cell.Contains('\uFFFD', StringComparison.Ordinal) || TextRules.FindInLine(cell) is not null);
        if (unreadable >= 0)
            return $"The first line can't be read as names of columns: the text of column {unreadable + 1} is not UTF-8 or holds control characters. "
                   + "Export the file as CSV in UTF-8.";
        // Before anything that quotes the columns, which must not quote an address.
        if (columns.Exists(cell => cell.Contains('@', StringComparison.Ordinal)))
            return "The first line holds an address, so it is a reader and not a header: put a line with the names of the columns above it, "
                   + "like email,name.";
        var nameless = columns.FindIndex(cell => cell.Length > 0 && Normalise(cell).Length == 0);
        return nameless < 0 ? null
            : $"Column {nameless + 1}, \"{Shorten(columns[nameless])}\", has no letter a-z or digit in its name, and attributes are called by these: rename it.";
    }

    private static string? FindProblem(List<string> columns, List<string> keys)
    {
        if (FindRepeated(columns, keys) is { } repeated) return repeated;
        if (!keys.Contains("email"))
            return "No column is called email. The first line must name the columns, parted by commas, semicolons or tabs; it names "
                   + string.Join(", ", columns.Take(10).Select(cell => $"\"{Shorten(cell)}\"")) + ".";
        return FindTooMany(keys);
    }

    private static string? FindTooMany(List<string> keys) => keys.Count(key => key.Length > 0) is var count && count > AttributeRules.MaxKeys
        ? $"The file has {count} columns, and {AttributeRules.MaxKeys} is the limit."
        : null;

    private static string? FindRepeated(List<string> columns, List<string> keys)
    {
        var firsts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < keys.Count; i++)
            if (keys[i].Length > 0 && !firsts.TryAdd(keys[i], i) && firsts[keys[i]] is var first)
                return $"Columns {first + 1} (\"{Shorten(columns[first])}\") and {i + 1} (\"{Shorten(columns[i])}\") mean the same, {keys[i]}: remove or rename one.";
        return null;
    }

    // "First name" → first_name, "Prénom" → prenom, "2024 donor" → x_2024_donor.
    internal static string Normalise(string column)
    {
        var text = ToKey(column, '_');
        if (EmailNames.Contains(text)) return "email";
        return NameNames.Contains(text) ? "name" : KeyOf(text);
    }

    private static string KeyOf(string text)
    {
        if (text.Length > 0 && char.IsAsciiDigit(text[0])) text = $"x_{text}";
        return text.Length <= MaxKeyLength ? text : text[..MaxKeyLength].TrimEnd('_');
    }

    /// <summary>Lower-case letters a-z and digits, whatever else is between them a single separator.</summary>
    internal static string ToKey(string text, char separator)
    {
        var key = new StringBuilder(text.Length);
        foreach (var c in text.Normalize(NormalizationForm.FormD).ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c)) key.Append(c);
            else if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark && key.Length > 0 && key[^1] != separator) key.Append(separator);
        }

        return key.ToString().Trim(separator);
    }

    internal static string Shorten(string column) => column.Length <= 60 ? column : column[..60] + "…";
}
