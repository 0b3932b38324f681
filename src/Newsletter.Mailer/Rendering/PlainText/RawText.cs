using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Rendering.Body;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>What raw HTML says, without its tags.</summary>
internal static partial class RawText
{
    /// <param name="html">As its author wrote it, tokens of slots in it.</param>
    /// <param name="rules">Where its links may lead; null where it has none that lead anywhere.</param>
    /// <param name="notes">Where they are numbered.</param>
    public static string Of(string html, LinkRules? rules, TextNotes notes)
    {
        var body = new HtmlParser().ParseDocument(html).Body!;
        foreach (var hidden in body.QuerySelectorAll("script, style, template, iframe, noscript, object").ToList())
            hidden.Remove();
        foreach (var link in body.QuerySelectorAll("a[href]").Where(link => rules is not null && RawLink.IsKept(link, rules)).ToList())
            link.TextContent = notes.Named(link.TextContent, link.GetAttribute("href")!);
        foreach (var end in body.QuerySelectorAll("br, p, div, li, tr, h1, h2, h3, h4, h5, h6"))
            end.After(body.Owner!.CreateTextNode("\n"));
        var lines = body.TextContent.Split('\n').Select(line => Blanks().Replace(line, " ").Trim()).Where(line => line.Length > 0);
        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();
}
