namespace Newsletter.Mailer.Audience.Segments;

/// <summary>
/// A condition on readers of a newsletter, in a small language of its own:
/// <c>tier = "premium" and tags has "beta" and subscribed_before 2026-01-01 and not clicked(last 5 issues)</c>.
/// </summary>
/// <remarks>
/// <c>or</c> binds less than <c>and</c>, <c>and</c> less than <c>not</c>; parentheses as usual; keywords in any case; white space and line
/// breaks are free. What it becomes in SQL is put together from constants alone: every name, key and value is a parameter (<see cref="FilterCompiler"/>).
/// </remarks>
public sealed class SegmentFilter
{
    /// <summary>Characters a filter may have.</summary>
    public const int MaxLength = 10_000;

    private SegmentFilter(string text, FilterNode root) => (Text, Root) = (text, root);

    /// <summary>As written, without white space around it.</summary>
    public string Text { get; }

    /// <summary>What it means.</summary>
    public FilterNode Root { get; }

    /// <summary>Reads a filter.</summary>
    /// <param name="text">As a person wrote it.</param>
    /// <param name="filter">The filter, where there is no problem.</param>
    /// <returns>Null, or what is wrong, where, and what to do.</returns>
    public static FilterProblem? TryParse(string? text, out SegmentFilter? filter)
    {
        filter = null;
        if (string.IsNullOrWhiteSpace(text))
            return new FilterProblem(1, 1, 1, "The filter is empty: write a condition such as tier = \"premium\".");
        if (text.Length > MaxLength)
            return new FilterProblem(1, 1, 1, $"The filter is {text.Length} characters long, and {MaxLength} is the limit.");
        try
        {
            filter = new SegmentFilter(text.Trim(), FilterParser.Parse(text));
            return null;
        }
        catch (FilterException e)
        {
            return e.Problem;
        }
    }
}
