using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>
/// Moves a style sheet into <c>style</c> attributes, which every mail client reads, with each declaration's text kept as it was written
/// (libraries that parse values rewrite <c>#06c</c> as <c>rgba(…)</c> and explode shorthands). Plain rules only: no @-rules, no pseudo-classes.
/// </summary>
internal sealed partial class CssInliner
{
    private readonly List<Rule> _rules;

    public CssInliner(string css)
    {
        var order = 0;
        _rules = [];
        foreach (Match block in Block().Matches(Comment().Replace(css, "")))
            foreach (var selector in block.Groups["selectors"].Value.Split(',', StringSplitOptions.TrimEntries))
                _rules.Add(new Rule(selector, Specificity(selector), order++, Declarations(block.Groups["body"].Value)));
        _rules = [.. _rules.OrderBy(rule => rule.Specificity).ThenBy(rule => rule.Order)];
    }

    /// <summary>Writes the styles into the document. A style attribute that is there already wins.</summary>
    public void Apply(IDocument document)
    {
        var styles = new Dictionary<IElement, OrderedDictionary<string, string>>();
        foreach (var rule in _rules)
            foreach (var element in document.QuerySelectorAll(rule.Selector))
                Merge(styles, element, rule.Declarations);
        foreach (var (element, style) in styles)
        {
            foreach (var (property, value) in Declarations(element.GetAttribute("style") ?? ""))
                Set(style, property, value);
            element.SetAttribute("style", Write(style));
        }
    }

    private static void Merge(Dictionary<IElement, OrderedDictionary<string, string>> styles, IElement element, IReadOnlyList<(string, string)> declarations)
    {
        if (!styles.TryGetValue(element, out var style))
            styles[element] = style = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (property, value) in declarations)
            Set(style, property, value);
    }

    // A shorthand written later overrides the longhands written before it, so the later one must also stand later.
    private static void Set(OrderedDictionary<string, string> style, string property, string value)
    {
        foreach (var longhand in style.Keys.Where(key => key.StartsWith(property + "-", StringComparison.Ordinal)).ToList())
            style.Remove(longhand);
        style.Remove(property);
        style[property] = value;
    }

    private static string Write(OrderedDictionary<string, string> style)
    {
        var text = new StringBuilder();
        foreach (var (property, value) in style)
            text.Append(text.Length == 0 ? "" : ";").Append(property).Append(':').Append(value);
        return text.ToString();
    }

    private static List<(string Property, string Value)> Declarations(string body) =>
        [.. body.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(declaration => declaration.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(pair => pair.Length == 2)
            .Select(pair => (pair[0], pair[1]))];

    // Classes and attributes count above tags (CSS Selectors 4 §17); ids aren't used.
    private static int Specificity(string selector) =>
        (ClassOrAttribute().Count(selector) * 100) + Tag().Count(selector);

    private sealed record Rule(string Selector, int Specificity, int Order, IReadOnlyList<(string, string)> Declarations);

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?<selectors>[^{}]+)\{(?<body>[^{}]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Block();

    [GeneratedRegex(@"\.[\w-]+|\[[^\]]+\]|:[\w-]+", RegexOptions.CultureInvariant)]
    private static partial Regex ClassOrAttribute();

    [GeneratedRegex(@"(?<=^|[\s>+~])[a-z][a-z0-9]*", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}
