using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Audience;

/// <summary>Checks that newsletters and subscribers share. Each adds to the list of problems and gives back the cleaned value.</summary>
internal static partial class AudienceRules
{
    private const int MaxLanguageLength = 35;

    /// <summary>A text on one line, trimmed; null if there is nothing in it.</summary>
    public static string? CheckLine(string field, string? raw, int limit, List<FieldProblem> problems)
    {
        var line = raw?.Trim(' ');
        if (string.IsNullOrEmpty(line)) return null;
        if (TextRules.FindInLine(line) is { } found) problems.Add(new FieldProblem(field, $"It {found}."));
        else if (line.Length > limit) problems.Add(new FieldProblem(field, $"It is {line.Length} characters long, and {limit} is the limit."));
        return string.IsNullOrWhiteSpace(line) ? null : line;
    }

    /// <summary>An IANA zone this machine knows; null if none was given.</summary>
    public static string? CheckTimeZone(string field, string? raw, List<FieldProblem> problems)
    {
        if (string.IsNullOrEmpty(raw)) return null;
        // Windows' names are found too, and wrong capitals where the right ones were asked for before; other machines know neither.
        if (!ZonePattern().IsMatch(raw) || !TimeZoneInfo.TryFindSystemTimeZoneById(raw, out var zone) || !zone.HasIanaId || zone.Id != raw)
            problems.Add(new FieldProblem(field, "There is no IANA time zone of this name; one is written like Europe/Berlin, with its capitals."));
        return raw;
    }

    /// <summary>A BCP 47 language tag; null if none was given.</summary>
    public static string? CheckLanguage(string field, string? raw, List<FieldProblem> problems)
    {
        if (string.IsNullOrEmpty(raw)) return null;
        if (raw.Length > MaxLanguageLength || !LanguagePattern().IsMatch(raw))
            problems.Add(new FieldProblem(field, "A language is a BCP 47 tag, like en or pt-BR."));
        return raw;
    }

    [GeneratedRegex(@"\A[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*\z")]
    private static partial Regex ZonePattern();

    [GeneratedRegex(@"\A[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*\z")]
    private static partial Regex LanguagePattern();
}
