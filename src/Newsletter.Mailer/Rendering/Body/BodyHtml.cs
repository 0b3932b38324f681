using System.Globalization;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Ganss.Xss;
using Markdig;
using Markdig.Renderers;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// The tree as HTML, sanitised whatever it came from: Markdig without HTML still lets through what nobody thought of.
/// Tokens of slots stand in it where slots stood.
/// </summary>
internal static partial class BodyHtml
{
    private static readonly string[] Tags =
    [
        "a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "mark", "ol", "p", "pre",
        "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    ];

    private static readonly string[] Attributes = ["alt", "class", "href", "id", "src", "start", "style", "title", "type"];

    // Immutable once built; HtmlSanitizer documents its Sanitize methods as safe to share then.
    private static readonly HtmlSanitizer Sanitizer = CreateSanitizer();

    /// <summary>The tree as Markdig writes it: not to be trusted yet.</summary>
    public static string Write(BodyTree tree)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var renderer = new HtmlRenderer(writer);
        MarkdownDialect.Reading.Setup(renderer);
        renderer.Render(tree.Document);
        return writer.ToString();
    }

    /// <summary>A document whose body is what is harmless of the HTML, to be shaped by a theme.</summary>
    public static IDocument Sanitise(string html)
    {
        var document = Sanitizer.SanitizeDom(html);
        foreach (var element in document.All)
            foreach (var attribute in element.Attributes.Where(attribute => attribute.Name is "href" or "src"))
                attribute.Value = EncodedToken().Replace(attribute.Value, token => Uri.UnescapeDataString(token.Value));
        return document;
    }

    private static HtmlSanitizer CreateSanitizer() => new(new HtmlSanitizerOptions
    {
        AllowedTags = new HashSet<string>(Tags, StringComparer.OrdinalIgnoreCase),
        AllowedAttributes = new HashSet<string>(Attributes, StringComparer.OrdinalIgnoreCase),
        UriAttributes = new HashSet<string>(["href", "src"], StringComparer.OrdinalIgnoreCase),
        AllowedSchemes = new HashSet<string>(["http", "https", "mailto"], StringComparer.OrdinalIgnoreCase),
        AllowedCssProperties = new HashSet<string>(["text-align"], StringComparer.OrdinalIgnoreCase),
    });

    // Markdig percent-encodes what isn't ASCII in a URL, our tokens (U+FDD0 … U+FDD1) among it.
    [GeneratedRegex("%EF%B7%90(%EF%B7%A[0-9A-F])+%EF%B7%91", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex EncodedToken();
}
