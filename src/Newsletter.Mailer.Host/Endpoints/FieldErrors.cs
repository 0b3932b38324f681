using System.Globalization;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What is wrong with a request, in sentences, by the name of the field as it stands in the JSON or the query.</summary>
internal sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> _byField = new(StringComparer.Ordinal);

    public bool Any => _byField.Count > 0;

    public FieldErrors Add(string field, string message)
    {
        if (!_byField.TryGetValue(field, out var messages))
            _byField[field] = messages = [];
        messages.Add(message);
        return this;
    }

    /// <summary>The text without surrounding blanks; an error, and the empty text, where there is none or too much of it.</summary>
    public string Required(string field, string? text, int longest)
    {
        var trimmed = Optional(field, text, longest);
        if (trimmed is null && !_byField.ContainsKey(field))
            Add(field, "It is missing.");
        return trimmed ?? "";
    }

    /// <summary>The text without surrounding blanks, null where there is none; an error where it is too long.</summary>
    public string? Optional(string field, string? text, int longest)
    {
        var trimmed = text?.Trim();
        if (trimmed?.Length > longest)
            Add(field, string.Create(CultureInfo.InvariantCulture, $"It has {trimmed.Length} characters; at most {longest} are allowed."));
        return trimmed is { Length: > 0 } ? trimmed : null;
    }

    public Dictionary<string, string[]> ToDictionary() => _byField.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.Ordinal);
}
