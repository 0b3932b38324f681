using System.Globalization;
using System.Text;
using AngleSharp.Dom;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>Gmail clips the decoded HTML near 102 KB, and with it what stands at the end: the link to leave.</summary>
internal static class SizeChecks
{
    public const int WarnBytes = 90 * 1024;
    public const int BlockBytes = 102 * 1024;

    public static void Look(PreflightSubject subject, FindingList found)
    {
        foreach (var page in subject.Pages)
        {
            var bytes = Encoding.UTF8.GetByteCount(page.Html);
            if (bytes < WarnBytes)
                continue;
            var code = bytes >= BlockBytes && !subject.Request.SizeForced ? "html-too-large" : "html-large";
            var message = $"The HTML is {Kilobytes(bytes)}, and Gmail cuts it off near 102 KB. The heaviest sections: {Heaviest(page.Document)}.";
            found.Add(code, message, code == "html-large" ? "Shorten it, or move a part to the web." : "Shorten it or move a part to the web; or send it all the same, with force=html-too-large (--force html-too-large).", variant: subject.NameOf(page));
        }
    }

    private static string Heaviest(IDocument document) => string.Join(", ", Sections(document)
        .OrderByDescending(section => section.Bytes).Take(3)
        .Select(section => $"{section.Name} ({Kilobytes(section.Bytes)})"));

    private static List<(string Name, int Bytes)> Sections(IDocument document)
    {
        var sections = new List<(string Name, int Bytes)> { ("the styles in the head", Bytes(document.Head)) };
        var body = document.QuerySelector("h2")?.ParentElement ?? document.QuerySelector(".content") ?? document.Body!;
        var (name, bytes) = ("the beginning", 0);
        foreach (var child in body.Children)
        {
            if (child.LocalName is "h1" or "h2" or "h3")
            {
                sections.Add((name, bytes));
                (name, bytes) = ($"“{Short(child.TextContent)}”", 0);
            }

            bytes += Bytes(child);
        }

        sections.Add((name, bytes));
        return sections;
    }

    private static int Bytes(IElement? element) => element is null ? 0 : Encoding.UTF8.GetByteCount(element.OuterHtml);

    private static string Short(string text) => text.Trim() is { Length: > 50 } lengthy ? lengthy[..50].TrimEnd() + "…" : text.Trim();

    private static string Kilobytes(int bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KB");
}
