using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>What a tag may be: a short text on one line, kept in lower case, without a comma (lists of tags are parted by it).</summary>
public static class TagRules
{
    /// <summary>Tags a reader may have.</summary>
    public const int MaxTags = 100;

    /// <summary>Characters of one.</summary>
    public const int MaxLength = 100;

    /// <summary>Reads one tag; on failure <paramref name="problem"/> is a sentence.</summary>
    public static bool TryClean(string? raw, [NotNullWhen(true)] out string? tag, [NotNullWhen(false)] out string? problem)
    {
        tag = null;
        var text = raw?.Trim() ?? "";
        problem = text.Length == 0 ? "A tag has at least one character."
            : text.Length > MaxLength ? $"It is {text.Length} characters long, and {MaxLength} is the limit."
            : TextRules.FindInLine(text) is { } found ? $"It {found}."
            : text.Contains(',', StringComparison.Ordinal) ? "A tag has no comma: give each tag by itself."
            : null;
        if (problem is not null) return false;
        tag = text.Normalize(NormalizationForm.FormC).ToLowerInvariant();
        return true;
    }

    /// <summary>Several, in order, each once; adds to the problems what is wrong with any.</summary>
    public static string[] Clean(string field, IEnumerable<string?>? raw, ICollection<FieldProblem> problems)
    {
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var text in raw ?? [])
        {
            if (TryClean(text, out var tag, out var problem)) tags.Add(tag);
            else problems.Add(new FieldProblem(field, problem));
        }

        if (tags.Count > MaxTags) problems.Add(new FieldProblem(field, $"There are {tags.Count} tags, and {MaxTags} is the limit."));
        return [.. tags];
    }
}
