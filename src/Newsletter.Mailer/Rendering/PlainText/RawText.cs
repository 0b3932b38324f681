using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>What raw HTML says, without its tags.</summary>
internal static partial class RawText
{
    public static string Of(string html)
    {
        var body = new HtmlParser().ParseDocument(html).Body!;
        foreach (var hidden in body.QuerySelectorAll("script, style, template, iframe, noscript, object").ToList())
            hidden.Remove();
        foreach (var end in body.QuerySelectorAll("br, p, div, li, tr, h1, h2, h3, h4, h5, h6"))
            end.After(body.Owner!.CreateTextNode("\n"));
        var lines = body.TextContent.Split('\n').Select(line => Blanks().Replace(line, " ").Trim()).Where(line => line.Length > 0);
        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();
}
