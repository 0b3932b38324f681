using System.Text.RegularExpressions;
using Newsletter.Mailer.Rendering.Body;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>
/// How much markup a layout may come to. Counted in its text, before anything builds a document of it: elements within elements cost the square of
/// their number, and 20,000 fit into one line of Liquid.
/// </summary>
internal static partial class MarkupLimits
{
    private const int MostTags = 3_000;
    private const int MostDepth = 100;
    private const int MostSelectors = 500;

    /// <summary>What is too much; null where nothing is.</summary>
    /// <param name="html">A layout, or what it was filled to.</param>
    /// <param name="contents">Of that, what the edition brings: it has limits of its own.</param>
    public static string? Problem(string html, params ReadOnlySpan<string?> contents)
    {
        foreach (var content in contents)
            if (content is { Length: > 0 } && html.IndexOf(content, StringComparison.Ordinal) is var at and >= 0)
                html = html.Remove(at, content.Length);
        var (tags, depth) = (0, new TagDepth());
        foreach (var tag in Tag().EnumerateMatches(html))
        {
            if (++tags > MostTags)
                return $"The layout has more than {MostTags} tags. Take out what repeats them: {{{{ content }}}} belongs in once, and outside of loops.";
            if (depth.Take(html.AsSpan(tag.Index, tag.Length)) > MostDepth)
                return $"The layout's elements stand in one another more than {MostDepth} deep. Close those that are left open, or take some out.";
        }

        return null;
    }

    /// <summary>The same of the style sheets that are written into every element.</summary>
    public static string? ProblemOfStyles(string css) =>
        css.AsSpan().Count('{') + css.AsSpan().Count(',') > MostSelectors ? $"The layout's style sheets have more than {MostSelectors} selectors. Take out what no element needs." : null;

    [GeneratedRegex("</?[A-Za-z][A-Za-z0-9]*", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}
