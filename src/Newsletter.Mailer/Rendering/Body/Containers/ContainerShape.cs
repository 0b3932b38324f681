using AngleSharp.Dom;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>What the sanitiser wouldn't let through, and mail clients need: layout tables for what must have a coloured ground in each of them.</summary>
internal static class ContainerShape
{
    /// <summary>A button is a cell with a ground: Outlook gives a link neither padding nor a ground.</summary>
    public static void Button(IDocument document, IElement box)
    {
        var link = box.QuerySelector("a");
        if (link is null)
            return;
        var table = LayoutTable(document, "button-box");
        table.QuerySelector("td")!.ClassName = "button-cell";
        table.QuerySelector("td")!.SetAttribute("align", "center");
        table.QuerySelector("td")!.AppendChild(link);
        box.Replace(table);
    }

    /// <summary>A box is a cell: Outlook gives nothing else a padding.</summary>
    public static void Box(IDocument document, IElement box)
    {
        var table = LayoutTable(document, "box");
        table.SetAttribute("width", "100%");
        var cell = table.QuerySelector("td")!;
        cell.ClassName = box.ClassName;
        cell.Append([.. box.ChildNodes]);
        box.Replace(table);
    }

    /// <summary>A picture, and below it a bar with a play mark and the title; both lead to the video.</summary>
    public static void Video(IDocument document, IElement box, string width)
    {
        var table = LayoutTable(document, "video");
        table.SetAttribute("width", "100%");
        var rows = table.QuerySelector("tbody")!;
        var bar = box.QuerySelector("a.video-bar");
        if (bar is null)
            return;
        if (box.QuerySelector("a.video-picture") is { } picture)
        {
            picture.QuerySelector("img")?.SetAttribute("width", width);
            table.QuerySelector("td")!.ClassName = "video-picture-cell";
            table.QuerySelector("td")!.AppendChild(picture);
            rows.AppendChild(document.CreateElement("tr")).AppendChild(document.CreateElement("td"));
        }

        var cell = table.QuerySelectorAll("td")[^1];
        cell.ClassName = "video-cell";
        var mark = document.CreateElement("span");
        mark.ClassName = "play";
        mark.SetAttribute("aria-hidden", "true");
        mark.TextContent = "\u25B6\uFE0E";
        bar.InsertBefore(mark, bar.FirstChild);
        mark.After(document.CreateTextNode("\u00A0 "));
        cell.AppendChild(bar);
        box.Replace(table);
    }

    private static IElement LayoutTable(IDocument document, string @class)
    {
        var table = document.CreateElement("table");
        table.ClassName = @class;
        foreach (var (name, value) in new[] { ("role", "presentation"), ("cellpadding", "0"), ("cellspacing", "0"), ("border", "0") })
            table.SetAttribute(name, value);
        table.AppendChild(document.CreateElement("tbody")).AppendChild(document.CreateElement("tr")).AppendChild(document.CreateElement("td"));
        return table;
    }
}
