using System.Globalization;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Ganss.Xss;
using Markdig;
using Markdig.Renderers;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// The tree as HTML, sanitised whatever it came from: Markdig without HTML still lets through what nobody thought of.
/// Tokens of slots stand in it where slots stood.
/// </summary>
internal static partial class BodyHtml
{
    private static readonly string[] OfMarkdown =
    [
        "a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "mark", "ol", "p", "pre",
        "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    ];

    private static readonly string[] Attributes = ["alt", "class", "href", "id", "src", "start", "style", "title", "type"];

    // Immutable once built; HtmlSanitizer documents its Sanitize methods as safe to share then.
    private static readonly HtmlSanitizer Strict = CreateSanitizer(OfMarkdown, Attributes);
    private static readonly HtmlSanitizer Raw;

    static BodyHtml()
    {
        RawTags = new HashSet<string>(
            [.. OfMarkdown, "abbr", "b", "caption", "cite", "dd", "dl", "dt", "figcaption", "figure", "i", "ins", "kbd", "q", "s", "small", "span", "sub", "tfoot", "u"],
            StringComparer.OrdinalIgnoreCase);
        Raw = CreateSanitizer(RawTags, [.. Attributes, "align", "colspan", "height", "rowspan", "width"]);
    }

    /// <summary>What a newsletter that allows raw HTML may use; anything else is left out, with what is in it.</summary>
    public static IReadOnlySet<string> RawTags { get; }

    /// <summary>The tree as Markdig writes it: not to be trusted yet.</summary>
    public static string Write(BodyTree tree, ContainerSetting setting)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var renderer = new HtmlRenderer(writer);
        MarkdownDialect.Reading.Setup(renderer);
        renderer.ObjectRenderers.Insert(0, new ContainerHtml(setting));
        renderer.ObjectRenderers.Insert(0, new TagInlineHtml());
        renderer.ObjectRenderers.Insert(0, new TagBlockHtml());
        renderer.Render(tree.Document);
        return writer.ToString();
    }

    /// <summary>A document whose body is what is harmless of the HTML, to be shaped by a theme.</summary>
    /// <param name="html">As <see cref="Write"/> wrote it.</param>
    /// <param name="rawLinks">Where the links of raw HTML may lead; null where there is none.</param>
    public static IDocument Sanitise(string html, LinkRules? rawLinks)
    {
        var document = (rawLinks is null ? Strict : Raw).SanitizeDom(html);
        foreach (var element in document.All)
            foreach (var attribute in element.Attributes.Where(attribute => attribute.Name is "href" or "src"))
                attribute.Value = EncodedToken().Replace(attribute.Value, token => Uri.UnescapeDataString(token.Value));
        if (rawLinks is not null)
            CheckRawLinks(document, rawLinks);
        return document;
    }

    // The links of Markdown were checked in its tree; those of raw HTML are seen here only. Their line isn't known any more, but a slot's is.
    private static void CheckRawLinks(IDocument document, LinkRules rules)
    {
        foreach (var link in document.QuerySelectorAll("a[href]"))
            if (link.GetAttribute("href") is var url && url?.StartsWith("#fn", StringComparison.Ordinal) != true && !rules.Allows(url, rules.Body))
                link.RemoveAttribute("href");
        foreach (var image in document.QuerySelectorAll("img").ToList())
            if (rules.AddressOfImage(image.GetAttribute("src"), rules.Body) is { } address)
                image.SetAttribute("src", address);
            else
                image.Remove();
        // A reader's value may stand in text and links, nowhere else.
        foreach (var element in document.All)
            foreach (var attribute in element.Attributes.Where(attribute => attribute.Name is not ("href" or "src" or "alt" or "title") && SlotTable.HasTokens(attribute.Value)).ToList())
                element.RemoveAttribute(attribute.Name);
    }

    private static HtmlSanitizer CreateSanitizer(IEnumerable<string> tags, IEnumerable<string> attributes) => new(new HtmlSanitizerOptions
    {
        AllowedTags = new HashSet<string>(tags, StringComparer.OrdinalIgnoreCase),
        AllowedAttributes = new HashSet<string>(attributes, StringComparer.OrdinalIgnoreCase),
        UriAttributes = new HashSet<string>(["href", "src"], StringComparer.OrdinalIgnoreCase),
        AllowedSchemes = new HashSet<string>(["http", "https", "mailto"], StringComparer.OrdinalIgnoreCase),
        AllowedCssProperties = new HashSet<string>(["text-align"], StringComparer.OrdinalIgnoreCase),
    });

    // Markdig percent-encodes what isn't ASCII in a URL, our tokens (U+FDD0 … U+FDD1) among it.
    [GeneratedRegex("%EF%B7%90(%EF%B7%A[0-9A-F])+%EF%B7%91", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex EncodedToken();
}
