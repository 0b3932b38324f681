using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Scriban;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>How editions look: Liquid layouts of our own for HTML and text, the styles that are inlined, and those that must stay in the head.</summary>
internal sealed partial class Theme(string name, DesignTokens tokens)
{
    // What an image may take of the card: its width without the margins at both sides.
    private const int Margins = 80;

    private CssInliner? _leftToRight;
    private CssInliner? _rightToLeft;

    public string Name { get; } = name;

    public required Template Html { get; init; }

    /// <summary>Whether the HTML layout is a newsletter's, with style sheets of its own in it.</summary>
    public bool HasOwnLayout { get; init; }

    public required Template Text { get; init; }

    /// <summary>Plain rules, to be inlined.</summary>
    public required string Css
    {
        get;
        init
        {
            field = value;
            _leftToRight = new CssInliner(value);
            _rightToLeft = new CssInliner(MirroredCss.Of(value));
        }
    }

    /// <summary>Media queries, dark mode, and the hooks of single clients.</summary>
    public required string HeadCss
    {
        get;
        init
        {
            field = Minify(value);
            KeptClasses = [.. Class().Matches(value).Select(match => match.Value[1..])];
        }
    }

    /// <summary>Width of the card in pixels, for Outlook, which knows no max-width.</summary>
    public int Width => tokens.Width;

    /// <summary>Width of the text column in pixels.</summary>
    public int ColumnWidth => tokens.Width - Margins;

    private HashSet<string> KeptClasses { get; init; } = [];

    /// <summary>The styles for a direction of writing, <c>ltr</c> or <c>rtl</c>.</summary>
    public CssInliner InlinerFor(string direction) => (direction == "rtl" ? _rightToLeft : _leftToRight)!;

    /// <summary>Once styles are inlined, only the classes that the head's styles name still mean something.</summary>
    public void DropUnusedClasses(IDocument page)
    {
        foreach (var element in page.QuerySelectorAll("[class]"))
        {
            var kept = string.Join(' ', element.ClassList.Where(KeptClasses.Contains));
            if (kept.Length == 0)
                element.RemoveAttribute("class");
            else
                element.ClassName = kept;
        }
    }

    // A theme that doesn't parse is a bug of ours: themes ship with the program.
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
