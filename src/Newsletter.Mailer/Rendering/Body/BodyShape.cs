using System.Buffers;
using System.Globalization;
using System.Text;
using AngleSharp.Dom;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>Gives the body's elements the classes and wrappers that a theme's style sheet builds on.</summary>
internal static class BodyShape
{
    private const int LongestLead = 120;

    public static void Apply(IDocument document, Phrases words, int columnWidth, PictureBook? pictures)
    {
        var width = columnWidth.ToString(CultureInfo.InvariantCulture);
        var body = document.Body!;
        foreach (var image in body.QuerySelectorAll("img").Where(image => image.Closest("div.video") is null).ToList())
            ShapeImage(document, image, width, PictureSize.Apply(image, pictures, columnWidth));
        foreach (var table in body.QuerySelectorAll("table").ToList())
            ShapeTable(document, table);
        NameParts(body, words);
        foreach (var item in body.QuerySelectorAll("li:last-child, li > p:last-child, blockquote > p:last-child, .callout > :last-child, .summary > :last-child, .premium > :last-child, .ad > :last-child, .gate > :last-child, .conversation > :last-child, .poll > :last-child, .video-caption > :last-child"))
            item.ClassList.Add("last");
        foreach (var box in body.QuerySelectorAll("div.button-box").ToList())
            ContainerShape.Button(document, box);
        foreach (var box in body.QuerySelectorAll("div.video").ToList())
            ContainerShape.Video(document, box, width);
        ShapeSummaries(document, body);
        foreach (var box in body.QuerySelectorAll("div.summary, div.gate, div.premium, div.ad, div.conversation, div.poll, div.callout").Reverse().ToList())
            ContainerShape.Box(document, box);
    }

    /// <summary>Names what Markdig named its own way: callouts, their titles in the edition's language, lists of tasks.</summary>
    public static void NameParts(IElement body, Phrases words)
    {
        foreach (var callout in body.QuerySelectorAll("div.markdown-alert"))
            callout.ClassName = "callout " + callout.ClassList.FirstOrDefault(name => name.StartsWith("markdown-alert-", StringComparison.Ordinal))?["markdown-alert-".Length..];
        foreach (var title in body.QuerySelectorAll("p.markdown-alert-title"))
            (title.ClassName, title.TextContent) = ("callout-title", CalloutWords.Of(title.TextContent, words));
        foreach (var list in body.QuerySelectorAll("ul.contains-task-list"))
            list.ClassName = "tasks";
    }

    /// <summary>Takes the marks off summaries' lists, or finds the summary of an edition that has named none.</summary>
    public static void ShapeSummaries(IDocument document, IElement body)
    {
        foreach (var list in body.QuerySelectorAll(".summary > ul"))
            Unmark(list);
        if (body.QuerySelector(".summary") is null)
            ShapeSummary(document, body);
    }

    // An image alone in its paragraph is a figure; its title is the caption.
    private static void ShapeImage(IDocument document, IElement image, string width, bool hasSize)
    {
        if (image.ParentElement is not { LocalName: "p" or "a" } parent || parent.TextContent.Trim().Length > 0)
            return;

        if (!hasSize)
            image.SetAttribute("width", width);
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
        Unmark(list);
    }

    private static void Unmark(IElement list)
    {
        if (list.LocalName == "ul" && list.Children.All(item => BeginsWithEmoji(item.TextContent)))
            list.ClassList.Add("unmarked");
    }

    // Where every point begins with a picture of its own, a bullet before it is one mark too many.
    private static bool BeginsWithEmoji(string text) =>
        Rune.DecodeFromUtf16(text.AsSpan().TrimStart(), out var first, out _) == OperationStatus.Done
        && Rune.GetUnicodeCategory(first) == UnicodeCategory.OtherSymbol;
}
