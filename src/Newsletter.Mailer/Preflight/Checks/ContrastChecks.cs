using System.Globalization;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>Whether every text can be told from its ground (WCAG 2.2, 1.4.3), computed on the final HTML: inlined styles by day, the dark rules above them by night.</summary>
internal static partial class ContrastChecks
{
    private const double LeastOfLarge = 3;

    public static void Look(PreflightSubject subject, FindingList found)
    {
        foreach (var page in subject.Pages)
        {
            Look(page.Document, new Styles([]), "contrast-light", "by day", found);
            if (DarkRules(page.Document) is { Count: > 0 } dark)
                Look(page.Document, new Styles(dark), "contrast-dark", "in dark mode", found);
        }
    }

    private static void Look(IDocument document, Styles styles, string code, string when, FindingList found)
    {
        if (document.Body is null)
            return;
        var seen = new HashSet<(string, string)>();
        foreach (var element in document.Body.QuerySelectorAll("*").Where(HasText))
        {
            var (ink, ground) = (styles.Inherited(element, "color"), styles.Ground(element));
            if (styles.IsHidden(element) || Read(ink) is not { } text || Read(ground) is not { } below || !seen.Add((text, below)))
                continue;
            var (ratio, least) = (Colour.Contrast(text, below), IsLarge(styles, element) ? LeastOfLarge : Colour.LeastContrast);
            if (ratio < least)
                found.Add(code, string.Create(CultureInfo.InvariantCulture, $"\"{Short(element)}\" is {text} on {below} {when}: a contrast of {ratio:0.0}:1, where {least:0.#}:1 is needed to be read."), "Change accent, ink or card in the newsletter's design, or the layout's colours.");
        }
    }

    private static bool HasText(IElement element) =>
        element.LocalName is not ("style" or "script" or "title") && element.ChildNodes.OfType<IText>().Any(node => node.Data.Any(char.IsLetterOrDigit));

    private static string Short(IElement element) => element.TextContent.Trim() is { Length: > 40 } lengthy ? lengthy[..40].TrimEnd() + "…" : element.TextContent.Trim();

    // 24 px, or 18.7 px in bold.
    private static bool IsLarge(Styles styles, IElement element)
    {
        var size = styles.Inherited(element, "font-size") is { } text && text.EndsWith("px", StringComparison.Ordinal)
            && double.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.Float, CultureInfo.InvariantCulture, out var pixels) ? pixels : 16;
        var isBold = styles.Inherited(element, "font-weight") is "bold" or "600" or "700" or "800" or "900";
        return size >= 24 || isBold && size >= 18.66;
    }

    private static string? Read(string? colour)
    {
        if (colour is null)
            return null;
        var text = colour.Trim().ToLowerInvariant();
        if (text is "white")
            return "#ffffff";
        if (text is "black")
            return "#000000";
        if (Short3().IsMatch(text))
            return $"#{text[1]}{text[1]}{text[2]}{text[2]}{text[3]}{text[3]}";
        return Long6().IsMatch(text) ? text : null;
    }

    private static List<(IElement Element, Dictionary<string, string> Style)> DarkRules(IDocument document)
    {
        var rules = new List<(IElement, Dictionary<string, string>)>();
        foreach (var style in document.QuerySelectorAll("style"))
            foreach (Match media in Dark().Matches(style.TextContent))
                foreach (Match rule in Rule().Matches(media.Groups["rules"].Value))
                    foreach (var element in Matching(document, rule.Groups["selector"].Value.Trim()))
                        rules.Add((element, Declarations(rule.Groups["body"].Value)));
        return rules;
    }

    // A layout's selector may be one that only mail programs know.
    private static IEnumerable<IElement> Matching(IDocument document, string selector)
    {
        try
        {
            return document.QuerySelectorAll(selector);
        }
        catch (DomException)
        {
            return [];
        }
    }

    private static Dictionary<string, string> Declarations(string body)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in body.Split(';').Select(declaration => declaration.Split(':', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2))
            all[pair[0].ToLowerInvariant()] = pair[1].Replace("!important", "", StringComparison.OrdinalIgnoreCase).Trim();
        if (all.Remove("background", out var ground))
            all.TryAdd("background-color", ground.Split(' ')[0]);
        return all;
    }

    /// <summary>Each element's own declarations, those of a list of rules above them.</summary>
    private sealed class Styles(List<(IElement Element, Dictionary<string, string> Style)> above)
    {
        private readonly ILookup<IElement, Dictionary<string, string>> _above = above.ToLookup(rule => rule.Element, rule => rule.Style);
        private readonly Dictionary<IElement, Dictionary<string, string>> _own = [];

        public string? Inherited(IElement element, string property)
        {
            for (var at = element; at is not null; at = at.ParentElement)
                if (Of(at).TryGetValue(property, out var value) && value is not "inherit")
                    return value;
            return property == "color" ? "#000000" : null;
        }

        public string Ground(IElement element)
        {
            for (var at = element; at is not null; at = at.ParentElement)
                if ((Of(at).GetValueOrDefault("background-color") ?? at.GetAttribute("bgcolor")) is { } value && value is not ("transparent" or "inherit"))
                    return value;
            return "#ffffff";
        }

        public bool IsHidden(IElement element)
        {
            for (var at = element; at is not null; at = at.ParentElement)
                if (Of(at).GetValueOrDefault("display") == "none")
                    return true;
            return false;
        }

        private Dictionary<string, string> Of(IElement element)
        {
            if (_own.TryGetValue(element, out var style))
                return style;
            style = Declarations(element.GetAttribute("style") ?? "");
            foreach (var (property, value) in _above[element].SelectMany(rule => rule))
                style[property] = value;
            return _own[element] = style;
        }
    }

    [GeneratedRegex("^#[0-9a-f]{3}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Short3();

    [GeneratedRegex("^#[0-9a-f]{6}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Long6();

    [GeneratedRegex(@"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{(?<rules>([^{}]*\{[^{}]*\})*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Dark();

    [GeneratedRegex(@"(?<selector>[^{}]+)\{(?<body>[^{}]*)\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Rule();
}
