using System.Globalization;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Editions;

/// <summary>Checks the entries of the front matter key by key and gathers every error rather than the first.</summary>
internal sealed partial class FrontMatterReader(IReadOnlyList<FrontMatterEntry> entries, List<FrontMatterError> errors)
{
    /// <summary>Every key there is, as in DESIGN.</summary>
    public static readonly IReadOnlyList<string> KnownKeys =
    [
        "newsletter", "number", "title", "subject", "preheader", "slug", "author", "date",
        "tier", "segment", "theme", "language", "template", "byline", "sign_off",
    ];

    public void RefuseUnknownKeys()
    {
        foreach (var entry in entries.Where(entry => !KnownKeys.Contains(entry.Key, StringComparer.Ordinal)))
        {
            var nearest = NearestName.To(entry.Key, KnownKeys);
            errors.Add(new FrontMatterError(
                entry.At.Line, entry.At.Column, entry.Key,
                $"Unknown key \"{Shown(entry.Key)}\". "
                + (nearest is null ? $"Known keys are {string.Join(", ", KnownKeys)}." : $"Did you mean \"{nearest}\"?")));
        }
    }

    public SourcePosition PositionOf(string key) => Find(key)?.ValueAt ?? new SourcePosition(1, 1);

    /// <summary>One line of text without control characters, or null where absent.</summary>
    public string? Text(string key, int maxLength)
    {
        // A folded or literal block ends in a line break that nobody meant.
        if (Find(key) is not { Value: { } raw } entry || raw.TrimEnd('\n', ' ') is not { Length: > 0 } value)
        {
            return null;
        }

        if (value.AsSpan().IndexOfAny('\n', '\r') >= 0)
        {
            return Refuse(entry, "must be one line of text; remove the line breaks");
        }

        if (UnsafeCharacters.IndexIn(value) is var at and >= 0)
        {
            return Refuse(entry, $"holds the invisible control character {UnsafeCharacters.Name(value[at])} after {at} characters; remove it");
        }

        return value.Length <= maxLength
            ? value
            : Refuse(entry, $"is {value.Length} characters long; shorten it to {maxLength}");
    }

    public int? Number(string key)
    {
        if (Text(key, 100) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Refuse(Find(key)!, $"must be a whole number from 0 to {int.MaxValue}, not \"{Shown(text)}\"");
        return null;
    }

    public DateOnly? Date(string key)
    {
        if (Text(key, 100) is not { } text)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        Refuse(Find(key)!, $"must be a day that exists, written as 2024-04-19, not \"{Shown(text)}\"");
        return null;
    }

    /// <summary>One of a few words, without regard to case, or null where absent.</summary>
    public string? OneOf(string key, params string[] allowed)
    {
        if (Text(key, 100) is not { } text)
        {
            return null;
        }

        return allowed.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? Refuse(Find(key)!, $"must be {string.Join(" or ", allowed)}, not \"{Shown(text)}\"");
    }

    /// <summary>The slug of a newsletter, of which there may be one of that name or not; null where absent.</summary>
    public string? Newsletter(string key)
    {
        if (Text(key, 200) is not { } text)
        {
            return null;
        }

        return NewsletterRules.IsSlug(text)
            ? text
            : Refuse(Find(key)!, $"must be a newsletter's slug, which has {NewsletterRules.SlugWords}, not \"{Shown(text)}\"");
    }

    public string? Slug(string key)
    {
        if (Text(key, 200) is not { } text)
        {
            return null;
        }

        return EditionSlug.IsValid(text)
            ? text
            : Refuse(Find(key)!, $"must be lower-case letters, digits and single hyphens, at most {EditionSlug.MaxLength}, such as \"{EditionSlug.FromTitle(text) ?? "my-first-edition"}\", not \"{Shown(text)}\"");
    }

    public string? Language(string key)
    {
        if (Text(key, 100) is not { } text)
        {
            return null;
        }

        return LanguageTag().IsMatch(text)
            ? text
            : Refuse(Find(key)!, $"must be a language tag such as en, de or pt-BR, not \"{Shown(text)}\"");
    }

    public bool Switch(string key, bool otherwise) =>
        OneOf(key, "on", "off", "true", "false", "yes", "no") switch
        {
            null => otherwise,
            "on" or "true" or "yes" => true,
            _ => false,
        };

    private FrontMatterEntry? Find(string key) => entries.FirstOrDefault(entry => entry.Key == key);

    private string? Refuse(FrontMatterEntry entry, string message)
    {
        errors.Add(new FrontMatterError(entry.ValueAt.Line, entry.ValueAt.Column, entry.Key, $"\"{entry.Key}\" {message}."));
        return null;
    }

    private static string Shown(string text) =>
        UnsafeCharacters.Strip(text.Length <= 60 ? text : text[..60] + "…");

    [GeneratedRegex("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex LanguageTag();
}
