using System.Buffers;
using System.Globalization;
using System.Text;
using AngleSharp.Dom;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>Gives the body's elements the classes and wrappers that a theme's style sheet builds on.</summary>
internal static class BodyShape
{
    /// <summary>Width of the text column in pixels, for Outlook, which knows no max-width.</summary>
    private const string ColumnWidth = "520";

    private const int LongestLead = 120;

    public static void Apply(IDocument document)
    {
        var body = document.Body!;
        foreach (var image in body.QuerySelectorAll("img").ToList())
            ShapeImage(document, image);
        foreach (var table in body.QuerySelectorAll("table").ToList())
            ShapeTable(document, table);
        foreach (var callout in body.QuerySelectorAll("div.markdown-alert"))
            callout.ClassName = "callout " + callout.ClassList.FirstOrDefault(name => name.StartsWith("markdown-alert-", StringComparison.Ordinal))?["markdown-alert-".Length..];
        foreach (var title in body.QuerySelectorAll("p.markdown-alert-title"))
            title.ClassName = "callout-title";
        foreach (var list in body.QuerySelectorAll("ul.contains-task-list"))
            list.ClassName = "tasks";
        foreach (var item in body.QuerySelectorAll("li:last-child, li > p:last-child, blockquote > p:last-child, .callout > p:last-child"))
            item.ClassList.Add("last");
        ShapeSummary(document, body);
    }

    // An image alone in its paragraph is a figure; its title is the caption.
    private static void ShapeImage(IDocument document, IElement image)
    {
        if (image.ParentElement is not { LocalName: "p" or "a" } parent || parent.TextContent.Trim().Length > 0)
            return;

        image.SetAttribute("width", ColumnWidth);
        var holder = parent.LocalName == "a" ? parent.ParentElement : parent;
        if (holder is not { LocalName: "p" } || holder.TextContent.Trim().Length > 0 || holder.QuerySelectorAll("img").Length != 1)
            return;

        holder.ClassName = "figure";
        if (image.GetAttribute("title") is { Length: > 0 } caption)
        {
            image.RemoveAttribute("title");
            var line = document.CreateElement("p");
            line.ClassName = "caption";
            line.TextContent = caption;
            holder.ClassList.Add("captioned");
            holder.InsertAfter(line);
        }
    }

    // A table wider than a phone scrolls by itself and leaves the page its width.
    private static void ShapeTable(IDocument document, IElement table)
    {
        table.ClassName = "data";
        table.SetAttribute("width", "100%");
        foreach (var head in table.QuerySelectorAll("thead th"))
            head.SetAttribute("scope", "col");
        var scroll = document.CreateElement("div");
        scroll.ClassName = "scroll";
        table.Replace(scroll);
        scroll.AppendChild(table);
    }

    // "Here's the tea": a short line and the list under it, before the first heading, are what the edition is about, and get a panel.
    private static void ShapeSummary(IDocument document, IElement body)
    {
        var opening = body.Children.TakeWhile(child => child.LocalName is not ("h2" or "h3" or "hr")).ToList();
        if (opening.Count == body.Children.Length || opening.Find(child => child.LocalName is "ul" or "ol") is not { } list || list.ClassList.Contains("tasks"))
            return;

        var panel = document.CreateElement("div");
        panel.ClassName = "summary";
        if (list.PreviousElementSibling is { LocalName: "p" } lead && !lead.ClassList.Contains("figure") && lead.TextContent.Length <= LongestLead
            && lead.QuerySelector("a") is null)
        {
            lead.ClassName = "lead";
            list.Before(panel);
            panel.AppendChild(lead);
        }
        else
            list.Before(panel);

        panel.AppendChild(list);
        list.ClassList.Add("last");
        if (list.LocalName == "ul" && list.Children.All(item => BeginsWithEmoji(item.TextContent)))
            list.ClassList.Add("unmarked");
    }

    // Where every point begins with a picture of its own, a bullet before it is one mark too many.
    private static bool BeginsWithEmoji(string text) =>
        Rune.DecodeFromUtf16(text.AsSpan().TrimStart(), out var first, out _) == OperationStatus.Done
        && Rune.GetUnicodeCategory(first) == UnicodeCategory.OtherSymbol;
}
