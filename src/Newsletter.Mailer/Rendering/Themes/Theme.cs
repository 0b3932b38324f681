using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Scriban;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>How editions look: Liquid layouts of our own for HTML and text, the styles that are inlined, and those that must stay in the head.</summary>
internal sealed partial class Theme
{
    private readonly CssInliner _leftToRight;
    private readonly CssInliner _rightToLeft;
    private readonly HashSet<string> _keptClasses;

    public Theme(string name, string html, string text, string css, string headCss)
    {
        Name = name;
        Html = Parse(name, html);
        Text = Parse(name, text);
        _leftToRight = new CssInliner(css);
        _rightToLeft = new CssInliner(MirroredCss.Of(css));
        HeadCss = Minify(headCss);
        _keptClasses = [.. Class().Matches(headCss).Select(match => match.Value[1..])];
    }

    public string Name { get; }

    public Template Html { get; }

    public Template Text { get; }

    /// <summary>Media queries, dark mode, and the hooks of single clients.</summary>
    public string HeadCss { get; }

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

    // A theme that doesn't parse is a bug of ours: themes ship with the program.
    private static Template Parse(string name, string layout)
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
