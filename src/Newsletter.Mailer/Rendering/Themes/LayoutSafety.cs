using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>What must not be in a layout: mail clients drop it at best, and a preview or the web edition would run it.</summary>
internal static partial class LayoutSafety
{
    private static readonly string[] Forbidden =
    [
        "applet", "audio", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math", "noscript", "object", "script", "select", "svg",
        "template", "textarea", "video",
    ];

    private static readonly string[] Links = ["action", "background", "formaction", "href", "poster", "src", "srcset", "xlink:href"];

    public static IEnumerable<RenderProblem> Problems(IDocument page)
    {
        foreach (var element in page.All)
        {
            if (Forbidden.Contains(element.LocalName) || element.LocalName == "meta" && element.HasAttribute("http-equiv"))
                yield return Error(element, $"<{element.LocalName}> has no place in a mail. Take it out.");
            foreach (var attribute in element.Attributes)
                if (Problem(attribute) is { } problem)
                    yield return Error(element, problem);
            if (element.LocalName == "style" && DangerousCss().IsMatch(element.TextContent))
                yield return Error(element, "The style sheet imports something, or runs it. Write what it needs into the layout.");
        }
    }

    private static string? Problem(IAttr attribute)
    {
        if (attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase))
            return $"{attribute.Name}=… would run a script. Take it out.";
        if (attribute.Name.Equals("srcdoc", StringComparison.OrdinalIgnoreCase))
            return "srcdoc has no place in a mail. Take it out.";
        if (attribute.Name.Equals("style", StringComparison.OrdinalIgnoreCase) && DangerousCss().IsMatch(attribute.Value))
            return "A style imports something, or runs it. Take it out.";
        return Links.Contains(attribute.Name.ToLowerInvariant()) && !IsHarmless(attribute.Value.Trim())
            ? $"{attribute.Name}=\"{(attribute.Value.Length > 60 ? attribute.Value[..60] + "…" : attribute.Value)}\" leads nowhere from a mail. Write a whole https address, or a name such as {{{{ unsubscribe_url }}}}."
            : null;
    }

    // In the layout's source a Liquid name may stand for the address; filled, it is a token of ours.
    private static bool IsHarmless(string url) =>
        url.StartsWith("{{", StringComparison.Ordinal) || url.Length > 0 && SlotTable.HasTokens(url.AsSpan(0, 1)) || Harmless().IsMatch(url);

    private static RenderProblem Error(IElement element, string message)
    {
        var at = element.SourceReference?.Position;
        return new RenderProblem(RenderSeverity.Error, at?.Line ?? 1, at?.Column ?? 1, message);
    }

    [GeneratedRegex("^(https?://|mailto:|#)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Harmless();

    [GeneratedRegex(@"expression\s*\(|javascript:|vbscript:|behavior\s*:|-moz-binding|@import|url\s*\((?!\s*['""]?https://)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex DangerousCss();
}
