using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>The links of raw HTML, which Markdown's tree holds as text.</summary>
internal static class RawLink
{
    private static readonly HtmlParserOptions WithPlaces = new() { IsKeepingSourceReferences = true };

    /// <summary>Those that the sanitiser keeps too, each with its place in the file.</summary>
    public static IEnumerable<EditionLink> In(MarkdownDocument document, string prepared, LinkRules rules, LineIndex lines)
    {
        var spans = document.Descendants<HtmlBlock>().Select(block => block.Span).Concat(document.Descendants<HtmlInline>().Select(inline => inline.Span));
        foreach (var span in spans)
        {
            var start = Math.Clamp(span.Start, 0, prepared.Length);
            var html = prepared[start..Math.Clamp(span.End + 1, start, prepared.Length)];
            foreach (var link in Links(html, rules))
                yield return rules.Kept(link.GetAttribute("href")!, lines.At(start + OffsetOf(link, html)));
        }
    }

    /// <summary>Where the tag of a link leads; null where it is another tag, or its link isn't kept.</summary>
    public static string? Target(string tag, LinkRules rules) =>
        tag.StartsWith("<a", StringComparison.OrdinalIgnoreCase) ? Links(tag, rules).FirstOrDefault()?.GetAttribute("href") : null;

    /// <summary>Whether a link of a document of raw HTML is one of those that are kept.</summary>
    public static bool IsKept(IElement link, LinkRules rules) =>
        rules.IsKept(link.GetAttribute("href")) && link.Ancestors<IElement>().All(around => around.LocalName is "html" or "body" || BodyHtml.RawTags.Contains(around.LocalName));

    private static IEnumerable<IElement> Links(string html, LinkRules rules) =>
        html.Contains("href", StringComparison.OrdinalIgnoreCase)
            ? new HtmlParser(WithPlaces).ParseDocument(html).QuerySelectorAll("a[href]").Where(link => IsKept(link, rules))
            : [];

    private static int OffsetOf(IElement link, string html)
    {
        if (link.SourceReference?.Position is not { } place)
            return 0;
        var start = 0;
        for (var line = 1; line < place.Line; line++)
            start = html.IndexOf('\n', start) + 1;
        return start + place.Column - 1;
    }
}
