using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace Newsletter.Mailer.Rendering.Languages;

/// <summary>
/// What pages and mails to one reader say, in one language: a resource file each (<c>Rendering/Languages/en.json</c>), the same keys in all,
/// with names in braces for what is put in.
/// </summary>
public sealed class Phrases
{
    /// <summary>The language whose words stand in where nothing better is known.</summary>
    public const string Fallback = "en";

    private static readonly string[] Languages = ["en", "de", "es", "fr", "ja", "ar"];

    private static readonly FrozenDictionary<string, Phrases> ByLanguage = Languages.ToFrozenDictionary(language => language, Load, StringComparer.OrdinalIgnoreCase);

    private readonly FrozenDictionary<string, string> _texts;

    private Phrases(string language, FrozenDictionary<string, string> texts)
    {
        (Language, _texts) = (language, texts);
    }

    /// <summary>Every language there is, English first.</summary>
    public static IReadOnlyList<Phrases> All { get; } = [.. Languages.Select(language => ByLanguage[language])];

    /// <summary>IETF tag, such as <c>de</c>.</summary>
    public string Language { get; }

    /// <summary>The language's own name for itself.</summary>
    public string NativeName => Text("language.name");

    /// <summary><c>ltr</c> or <c>rtl</c>.</summary>
    public string Direction => EditionFacts.Direction(Language);

    /// <summary>Its keys, for the test that compares them.</summary>
    internal IReadOnlyDictionary<string, string> Texts => _texts;

    /// <summary>The words of a language; null where there are none. <c>pt-BR</c> finds <c>pt</c>.</summary>
    public static Phrases? Find(string? tag) => tag is null ? null : ByLanguage.GetValueOrDefault(tag.Split('-', '_')[0].Trim());

    /// <summary>The words of the first of these languages that there are words of, else English.</summary>
    public static Phrases For(params ReadOnlySpan<string?> tags)
    {
        foreach (var tag in tags)
            if (Find(tag) is { } found)
                return found;
        return ByLanguage[Fallback];
    }

    /// <summary>A phrase, with values in the place of the names in braces.</summary>
    /// <exception cref="KeyNotFoundException">There is no such phrase: a bug, which a test finds first.</exception>
    public string Text(string key, params ReadOnlySpan<(string Name, string Value)> values) => Fill(key, static text => text, values, static value => value);

    /// <summary>A phrase for a place with rules of its own: the phrase's text is made safe by one function, each value by another.</summary>
    public string Fill(string key, Func<string, string> text, ReadOnlySpan<(string Name, string Value)> values, Func<string, string> value)
    {
        var phrase = _texts.TryGetValue(key, out var found) ? found : throw new KeyNotFoundException($"There is no phrase '{key}' in {Language}.json.");
        var filled = new StringBuilder();
        for (var at = 0; at < phrase.Length;)
        {
            var open = phrase.IndexOf('{', at);
            var close = open < 0 ? -1 : phrase.IndexOf('}', open);
            if (close < 0)
                return filled.Append(text(phrase[at..])).ToString();
            filled.Append(text(phrase[at..open])).Append(value(ValueOf(phrase[(open + 1)..close], values, key)));
            at = close + 1;
        }

        return filled.ToString();
    }

    /// <summary>A day as people of this language write it, in the Gregorian calendar.</summary>
    public string Day(DateOnly day) => EditionFacts.Day(day, Language);

    /// <summary>The same in any language, also one there are no words of.</summary>
    public static string DayIn(DateOnly day, string language) => EditionFacts.Day(day, language);

    /// <summary><c>ltr</c> or <c>rtl</c> of any language.</summary>
    public static string DirectionOf(string language) => EditionFacts.Direction(language);

    /// <summary>A month of a year as people of this language write it.</summary>
    public string Month(DateOnly month) => EditionFacts.Month(month, Language);

    private static string ValueOf(string name, ReadOnlySpan<(string Name, string Value)> values, string key)
    {
        foreach (var (known, value) in values)
            if (known == name)
                return value;
        throw new KeyNotFoundException($"The phrase '{key}' asks for {{{name}}}, which was not given.");
    }

    private static Phrases Load(string language)
    {
        using var stream = typeof(Phrases).Assembly.GetManifestResourceStream($"languages/{language}.json")
            ?? throw new InvalidOperationException($"The program was built without languages/{language}.json.");
        return new Phrases(language, JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!.ToFrozenDictionary(StringComparer.Ordinal));
    }
}
