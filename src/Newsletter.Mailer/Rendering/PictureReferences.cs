using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>Which pictures an edition shows, so that whoever renders it can look them up before.</summary>
public static partial class PictureReferences
{
    private const int MaxLinks = 2_000;

    /// <summary>
    /// The names by which it shows pictures of its own, each once; what can't be one is left for rendering to refuse. Empty also for an edition that
    /// rendering will refuse as a whole.
    /// </summary>
    public static IReadOnlyList<string> NamesIn(EditionDocument edition, bool keepsHtml)
    {
        ArgumentNullException.ThrowIfNull(edition);
        if ((!edition.Body.Contains("![", StringComparison.Ordinal) && !(keepsHtml && edition.Body.Contains("<img", StringComparison.OrdinalIgnoreCase))) || edition.Body.AsSpan().Count("](") > MaxLinks)
            return [];
        try
        {
            return [.. AddressesIn(edition, keepsHtml).Where(PictureName.IsPath).Select(address => PictureName.TryRead(address!, out var name) is null ? name : null).OfType<string>().Distinct(StringComparer.Ordinal)];
        }
        catch (ArgumentException tooDeep) when (tooDeep.Message.Contains("depth", StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }
    }

    /// <summary>The hashes of kept pictures whose addresses stand in a text, each once.</summary>
    /// <param name="text">Markdown, HTML, or an address.</param>
    /// <param name="root">Where pictures are had; ends in a slash.</param>
    public static IEnumerable<string> HashesIn(string? text, string root)
    {
        for (var at = text?.IndexOf(root, StringComparison.Ordinal) ?? -1; at >= 0; at = text!.IndexOf(root, at + 1, StringComparison.Ordinal))
            if (FileName().Match(text!, at + root.Length) is { Success: true } file && PictureFile.TryRead(file.Value, out var sha256, out _))
                yield return sha256;
    }

    private static IEnumerable<string?> AddressesIn(EditionDocument edition, bool keepsHtml)
    {
        var prepared = BodySource.Prepare(edition, keepsHtml, new SlotTable(), []);
        var document = Markdown.Parse(prepared, keepsHtml ? MarkdownDialect.ReadingHtml : MarkdownDialect.Reading);
        foreach (var image in document.Descendants<LinkInline>().Where(link => link.IsImage))
            yield return image.Url;
        // More than are shown, perhaps: looking one up too many does no harm.
        foreach (Match image in keepsHtml ? RawImage().Matches(prepared) : (IEnumerable<Match>)[])
            yield return System.Net.WebUtility.HtmlDecode(image.Groups["address"].Value);
    }

    [GeneratedRegex(@"\G[0-9a-f]{64}\.(jpg|png|gif)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex FileName();

    [GeneratedRegex("""<img\b[^<>]{0,2000}?\bsrc\s*=\s*["']?(?<address>[^"'<>\s]{1,600})""", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex RawImage();
}
