using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>The fields of one recipient (RFC 3464 §2.3), values unfolded.</summary>
internal sealed class StatusFields
{
    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The value; empty where the field isn't there.</summary>
    public string this[string name] => _values.GetValueOrDefault(name, "");

    public bool NamesRecipient => _values.ContainsKey("Final-Recipient") || _values.ContainsKey("Original-Recipient") || _values.ContainsKey("X-Actual-Recipient");

    private bool SpeaksOfRecipient => NamesRecipient || _values.ContainsKey("Action") || _values.ContainsKey("Status") || _values.ContainsKey("Diagnostic-Code");

    /// <summary>
    /// The recipients of a report in its order. Servers break §2.1 in every way: an empty line in the middle, or none between two recipients.
    /// </summary>
    public static List<StatusFields> Parse(string text)
    {
        var recipients = new List<StatusFields>();
        var current = new StatusFields();
        var last = "";
        foreach (var line in text.Split('\n'))
        {
            if (line.Length > 0 && line[0] is ' ' or '\t' && line.AsSpan().Trim().Length > 0 && last.Length > 0)
            {
                current._values[last] += $" {line.Trim()}";
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon is > 0 and < 60 ? line[..colon].Trim() : "";
            if (name.Length == 0 || name.Contains(' ', StringComparison.Ordinal))
            {
                last = "";
                if (line.AsSpan().Trim().Length == 0)
                    current = Close(current, recipients);
                continue;
            }

            if (current._values.ContainsKey(name) && name.EndsWith("-Recipient", StringComparison.OrdinalIgnoreCase))
                current = Close(current, recipients);
            last = current._values.TryAdd(name, line[(colon + 1)..].Trim()) ? name : "";
        }

        Close(current, recipients);
        return [.. recipients.Where(fields => fields.NamesRecipient || recipients.Count == 1)];
    }

    /// <summary>An address after its type (<c>rfc822;</c>), without brackets; empty for one of another kind (a pipe, a file).</summary>
    public string Address(string name)
    {
        var value = this[name];
        var semicolon = value.IndexOf(';', StringComparison.Ordinal);
        return Addresses.First(value[(semicolon + 1)..]);
    }

    private static StatusFields Close(StatusFields fields, List<StatusFields> recipients)
    {
        if (!fields.SpeaksOfRecipient)
            return new StatusFields();
        if (fields.NamesRecipient || recipients.Count == 0)
        {
            if (recipients is [{ NamesRecipient: false } orphan])
                orphan.Take(fields);
            else
                recipients.Add(fields);
        }
        else
        {
            recipients[^1].Take(fields);
        }

        return new StatusFields();
    }

    private void Take(StatusFields fields)
    {
        foreach (var (name, value) in fields._values)
            _values.TryAdd(name, value);
    }
}

/// <summary>Addresses as servers write them in prose.</summary>
internal static partial class Addresses
{
    /// <summary>The first address in a text; empty where there is none.</summary>
    public static string First(string text) => Address().Match(text) is { Success: true } found ? found.Value.Trim('.') : "";

    /// <summary>Every address replaced by one that means nothing.</summary>
    public static string Hide(string text) => text.Contains('@', StringComparison.Ordinal) ? Address().Replace(text, "nobody@example.com") : text;

    public static IEnumerable<string> In(string text) => Address().Matches(text).Select(found => found.Value.Trim('.'));

    [GeneratedRegex(@"[^\s<>@""'(),;:\[\]{}|\\/]{1,64}@(\[[0-9.]{7,15}\]|[\w-]{1,63}(\.[\w-]{1,63}){1,10})", ReportPattern.AsWritten)]
    private static partial Regex Address();
}
