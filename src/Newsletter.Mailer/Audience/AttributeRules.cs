using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Audience;

/// <summary>What attributes of a subscriber may be: a flat JSON object.</summary>
public static partial class AttributeRules
{
    /// <summary>Keys a subscriber may have.</summary>
    public const int MaxKeys = 100;

    /// <summary>Characters of one value; in a list, of all its strings together.</summary>
    public const int MaxValueLength = 2_000;

    // Longer numbers are no numbers a newsletter prints, and PostgreSQL refuses the largest.
    private const int MaxNumberLength = 40;
    private const int MaxListItems = 100;

    /// <summary>Finds everything wrong. A null value is allowed: it means "remove this key".</summary>
    public static IReadOnlyList<FieldProblem> Check(IReadOnlyDictionary<string, JsonElement> attributes)
    {
        var problems = new List<FieldProblem>();
        if (attributes.Count > MaxKeys)
            problems.Add(new FieldProblem("attributes", $"It has {attributes.Count} keys, and {MaxKeys} is the limit."));
        foreach (var (key, value) in attributes.Take(MaxKeys))
        {
            var problem = IsKey(key) ? FindProblem(key, value) : "A key has 1 to 63 lower-case letters a-z, digits and underscores, and begins with a letter.";
            if (problem is not null) problems.Add(new FieldProblem($"attributes.{Shorten(key)}", problem));
        }

        return problems;
    }

    /// <summary>True for what may stand in <c>{{ subscriber.attributes.KEY }}</c>.</summary>
    public static bool IsKey(string key) => KeyPattern().IsMatch(key);

    /// <summary>What is wrong with a text value; null if nothing.</summary>
    public static string? FindTextProblem(string text) =>
        text.Length > MaxValueLength ? $"It is {text.Length} characters long, and {MaxValueLength} is the limit."
        : TextRules.FindInText(text) is { } found ? $"It {found}."
        : null;

    /// <summary>A value as a reader sees it: a list's strings are parted by commas.</summary>
    public static string ToText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(ToText)),
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        _ => value.GetRawText(),
    };

    private static string? FindProblem(string key, JsonElement value) => value.ValueKind switch
    {
        // It goes into greetings and subjects.
        JsonValueKind.String when key == "first_name" => SubscriberRules.FindNameProblem(value),
        JsonValueKind.String => ReadText(value) is { } text ? FindTextProblem(text) : HalfCharacter,
        JsonValueKind.Null => null,
        _ when key == "first_name" => "It must be a string.",
        JsonValueKind.True or JsonValueKind.False => null,
        JsonValueKind.Number => FindNumberProblem(value),
        JsonValueKind.Array => FindListProblem(value),
        _ => "It must be a string, a number, true, false, null, or a list of strings: attributes are flat.",
    };

    // Written with an exponent and yet nothing, it has more places than PostgreSQL keeps.
    private static string? FindNumberProblem(JsonElement value) =>
        value.GetRawText() is { Length: <= MaxNumberLength } raw && value.TryGetDouble(out var number) && double.IsFinite(number)
        && (number != 0 || raw.AsSpan().IndexOfAny('e', 'E') < 0)
            ? null
            : "The number is too long, too large or too small.";

    private static string? FindListProblem(JsonElement list)
    {
        if (list.GetArrayLength() > MaxListItems)
            return $"The list has {list.GetArrayLength().ToString(CultureInfo.InvariantCulture)} items, and {MaxListItems} is the limit.";
        var length = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String) return "The list must hold strings only.";
            if (ReadText(item) is not { } text) return HalfCharacter;
            if (FindTextProblem(text) is { } problem) return problem;
            length += text.Length;
        }

        return length > MaxValueLength ? $"The list's strings are {length} characters long in all, and {MaxValueLength} is the limit." : null;
    }

    private const string HalfCharacter = "It holds half a character (a lone surrogate).";

    // JSON can write "\ud800", of which no string can be made.
    internal static string? ReadText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Shorten(string key) => key.Length <= 63 ? key : key[..63] + "…";

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,62}\z")]
    private static partial Regex KeyPattern();
}
