using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Scriban;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>How editions look: Liquid layouts for HTML (the theme's, or a newsletter's own) and text, the styles that are inlined, and those that must stay in the head.</summary>
/// <param name="tokens">Its design.</param>
/// <param name="css">Plain rules, to be inlined.</param>
/// <param name="headCss">Media queries, dark mode, and the hooks of single clients.</param>
internal sealed partial class Theme(DesignTokens tokens, string css, string headCss)
{
    // What an image may take of the card: its width without the margins at both sides.
    private const int Margins = 80;

    private readonly CssInliner _leftToRight = new(css);
    private readonly CssInliner _rightToLeft = new(MirroredCss.Of(css));
    private readonly HashSet<string> _keptClasses = [.. Class().Matches(headCss).Select(match => match.Value[1..])];

    public required Template Html { get; init; }

    /// <summary>Whether the HTML layout is a newsletter's, with style sheets of its own in it.</summary>
    public bool HasOwnLayout { get; init; }

    public required Template Text { get; init; }

    /// <summary>What stays in the head.</summary>
    public string HeadCss { get; } = Minify(headCss);

    /// <summary>Width of the card in pixels, for Outlook, which knows no max-width.</summary>
    public int Width => tokens.Width;

    /// <summary>Width of the text column in pixels.</summary>
    public int ColumnWidth => tokens.Width - Margins;

    /// <summary>The styles for a direction of writing, <c>ltr</c> or <c>rtl</c>.</summary>
    public CssInliner InlinerFor(string direction) => direction == "rtl" ? _rightToLeft : _leftToRight;

    /// <summary>Once styles are inlined, only the classes that the head's styles name still mean something.</summary>
    public void DropUnusedClasses(IDocument page)
    {
        foreach (var element in page.QuerySelectorAll("[class]"))
        {
            var kept = string.Join(' ', element.ClassList.Where(_keptClasses.Contains));
            if (kept.Length == 0)
                element.RemoveAttribute("class");
            else
                element.ClassName = kept;
        }
    }

    // One that doesn't parse is a bug of ours: themes ship with the program, and a newsletter's layout was checked when it came in.
    public static Template Parse(string name, string layout)
    {
        var template = Template.ParseLiquid(layout);
        return template.HasErrors
            ? throw new InvalidOperationException($"The theme '{name}' does not parse: {string.Join("; ", template.Messages)}")
            : template;
    }

    // Every byte counts against the size at which Gmail clips.
    private static string Minify(string css) =>
        string.Join('\n', css.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"\.[a-z][\w-]*", RegexOptions.CultureInvariant)]
    private static partial Regex Class();
}
