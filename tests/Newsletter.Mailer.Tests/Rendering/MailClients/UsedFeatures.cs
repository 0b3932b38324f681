using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Newsletter.Mailer.Tests.Rendering.MailClients;

/// <summary>Walks a finished mail and names every feature of HTML and CSS in it, as caniemail.com does.</summary>
internal static partial class UsedFeatures
{
    private static readonly Dictionary<string, string> Elements = new(StringComparer.Ordinal)
    {
        ["h1"] = "html-h1-h6",
        ["h2"] = "html-h1-h6",
        ["h3"] = "html-h1-h6",
        ["h4"] = "html-h1-h6",
        ["h5"] = "html-h1-h6",
        ["h6"] = "html-h1-h6",
        ["ul"] = "html-lists",
        ["ol"] = "html-lists",
        ["li"] = "html-lists",
        ["tr"] = "html-table",
        ["td"] = "html-table",
        ["th"] = "html-table",
        ["tbody"] = "html-table",
        ["thead"] = "html-table",
        ["em"] = "html-strong",
    };

    // Elements that every client has and caniemail doesn't list.
    private static readonly string[] Plain = ["html", "head", "title", "meta", "a", "br", "sup", "mark"];

    private static readonly string[] Attributes = ["align", "valign", "width", "height", "cellpadding", "cellspacing", "dir", "lang", "role", "target", "background"];

    /// <summary>Feature → where it was first met.</summary>
    public static SortedDictionary<string, string> Of(string html)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var page = new HtmlParser().ParseDocument(html);
        foreach (var element in page.All)
            AddElement(element, found);
        foreach (var style in page.QuerySelectorAll("style"))
            AddSheet(style.TextContent, found);
        if (page.Descendants<IComment>().Any())
            found.TryAdd("html-comments", "<!-- -->");
        found.TryAdd("html-doctype", "<!DOCTYPE html>");
        return found;
    }

    private static void AddElement(IElement element, SortedDictionary<string, string> found)
    {
        if (!Plain.Contains(element.LocalName))
            found.TryAdd(Elements.GetValueOrDefault(element.LocalName, "html-" + element.LocalName), $"<{element.LocalName}>");
        foreach (var attribute in element.Attributes)
            if (Attributes.Contains(attribute.Name) || attribute.Name.StartsWith("aria-", StringComparison.Ordinal) && attribute.Name is not "aria-roledescription")
                found.TryAdd("html-" + attribute.Name, $"<{element.LocalName} {attribute.Name}>");
        if (element.GetAttribute("href") is { } href)
            AddLink(href, found);
        if (element.LocalName == "img" && Extension().Match(element.GetAttribute("src") ?? "") is { Success: true } type)
            found.TryAdd("image-" + type.Groups["type"].Value.Replace("jpeg", "jpg", StringComparison.Ordinal), element.GetAttribute("src")!);
        if (element is { LocalName: "meta" } && element.GetAttribute("name") == "color-scheme")
            found.TryAdd("html-meta-color-scheme", "<meta name=color-scheme>");
        AddDeclarations(element.GetAttribute("style") ?? "", $"<{element.LocalName} style>", found);
    }

    private static void AddLink(string href, SortedDictionary<string, string> found)
    {
        if (href.StartsWith('#'))
            found.TryAdd("html-anchor-links", href);
        else if (href.StartsWith("mailto:", StringComparison.Ordinal))
            found.TryAdd("html-mailto-links", href);
    }

    private static void AddSheet(string css, SortedDictionary<string, string> found)
    {
        foreach (Match media in Media().Matches(css))
            found.TryAdd(media.Value.Contains("prefers-color-scheme", StringComparison.Ordinal) ? "css-at-media-prefers-color-scheme" : "css-at-media", media.Value);
        foreach (Match rule in Rule().Matches(css))
        {
            AddSelectors(rule.Groups["selectors"].Value.Trim(), found);
            AddDeclarations(rule.Groups["body"].Value, rule.Groups["selectors"].Value.Trim(), found);
        }
    }

    private static void AddSelectors(string selectors, SortedDictionary<string, string> found)
    {
        if (selectors.Contains(','))
            found.TryAdd("css-selector-grouping", selectors);
        foreach (var selector in selectors.Split(',', StringSplitOptions.TrimEntries))
        {
            var simple = Attribute().Replace(selector, "");
            Add(selector.Contains('['), "css-selector-attribute");
            Add(simple.Contains('.'), "css-selector-class");
            Add(simple.Contains('+'), "css-selector-adjacent-sibling");
            Add(simple.Contains('>'), "css-selector-child");
            Add(simple.Contains(' '), "css-selector-descendant");
            Add(Chained().IsMatch(simple), "css-selector-chaining");
            Add(TypeName().IsMatch(simple), "css-selector-type");
            foreach (Match pseudo in Pseudo().Matches(simple).Where(pseudo => pseudo.Value != ":root"))
                found.TryAdd((pseudo.Value.StartsWith("::", StringComparison.Ordinal) ? "css-pseudo-element-" : "css-pseudo-class-") + pseudo.Value.TrimStart(':'), selector);

            void Add(bool isUsed, string feature)
            {
                if (isUsed)
                    found.TryAdd(feature, selector);
            }
        }
    }

    private static void AddDeclarations(string body, string where, SortedDictionary<string, string> found)
    {
        foreach (var declaration in body.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = declaration.IndexOf(':', StringComparison.Ordinal);
            var (property, value) = (declaration[..at].Trim(), declaration[(at + 1)..].Trim());
            found.TryAdd(FeatureOf(property, value), $"{where}: {declaration}");
            foreach (Match unit in Unit().Matches(value))
                found.TryAdd("css-unit-" + (unit.Groups["unit"].Value == "%" ? "percent" : unit.Groups["unit"].Value), $"{where}: {declaration}");
            if (value.Contains("!important", StringComparison.Ordinal))
                found.TryAdd("css-important", $"{where}: {declaration}");
            foreach (Match function in Function().Matches(value))
                found.TryAdd("css-function-" + function.Groups["name"].Value, $"{where}: {declaration}");
        }
    }

    private static string FeatureOf(string property, string value) => property switch
    {
        "display" => value.StartsWith("none", StringComparison.Ordinal) ? "css-display-none" : "css-display",
        _ when property.StartsWith("border-", StringComparison.Ordinal) && property is not ("border-collapse" or "border-radius" or "border-spacing") => "css-border",
        _ when property.StartsWith("padding-", StringComparison.Ordinal) => "css-padding",
        _ when property.StartsWith("margin-", StringComparison.Ordinal) => "css-margin",
        "font-family" or "font-style" => "css-font",
        "overflow-x" or "overflow-y" => "css-overflow",
        _ => "css-" + property,
    };

    [GeneratedRegex(@"@[^{]+", RegexOptions.CultureInvariant)]
    private static partial Regex Media();

    [GeneratedRegex(@"(?<selectors>[^{}@]+)\{(?<body>[^{}]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Rule();

    [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.CultureInvariant)]
    private static partial Regex Attribute();

    [GeneratedRegex(@"(?<=^|[\s>+~])[a-z][a-z0-9]*", RegexOptions.CultureInvariant)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"[a-z0-9_-]\.[a-z]", RegexOptions.CultureInvariant)]
    private static partial Regex Chained();

    [GeneratedRegex("::?[a-z-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Pseudo();

    [GeneratedRegex(@"(?<![\w#])-?[0-9.]+(?<unit>px|%|em|rem|vh|vw|pt|ch|ex)", RegexOptions.CultureInvariant)]
    private static partial Regex Unit();

    [GeneratedRegex(@"(?<name>calc|clamp|min|max|light-dark|var)\(", RegexOptions.CultureInvariant)]
    private static partial Regex Function();

    [GeneratedRegex(@"\.(?<type>png|jpe?g|gif|webp|svg|avif)(?:$|\?)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Extension();
}
