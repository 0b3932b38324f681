using AngleSharp.Dom;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// Gives the sanitised body the elements that a browser and a screen reader make the most of. A page's policy lets no style attribute
/// through, and needs none.
/// </summary>
internal static class WebShape
{
    public static void Apply(IDocument document, Phrases words, PictureBook? pictures)
    {
        var body = document.Body!;
        foreach (var image in body.QuerySelectorAll("img").ToList())
        {
            PictureSize.Apply(image, pictures, ImageReader.MaxWidth);
            ShapeImage(document, image);
        }

        foreach (var table in body.QuerySelectorAll("table").ToList())
            ShapeTable(document, table, words);
        BodyShape.NameParts(body, words);
        BodyShape.ShapeSummaries(document, body);
        ShapeNotes(body, words);
        foreach (var element in body.QuerySelectorAll("[style]").ToList())
            TakeStyle(element);
    }

    // An image alone in its paragraph is a figure; its title is the caption.
    private static void ShapeImage(IDocument document, IElement image)
    {
        image.SetAttribute("loading", "lazy");
        image.SetAttribute("decoding", "async");
        var holder = image.ParentElement is { LocalName: "a" } link ? link.ParentElement : image.ParentElement;
        if (holder is not { LocalName: "p" } || holder.TextContent.Trim().Length > 0 || holder.QuerySelectorAll("img").Length != 1)
            return;

        var figure = document.CreateElement("figure");
        figure.Append([.. holder.ChildNodes]);
        holder.Replace(figure);
        if (image.GetAttribute("title") is not { Length: > 0 } caption)
            return;
        image.RemoveAttribute("title");
        var line = document.CreateElement("figcaption");
        line.TextContent = caption;
        figure.AppendChild(line);
    }

    // A table wider than a phone scrolls by itself, by the keyboard too.
    private static void ShapeTable(IDocument document, IElement table, Phrases words)
    {
        foreach (var head in table.QuerySelectorAll("thead th"))
            head.SetAttribute("scope", "col");
        var scroll = document.CreateElement("div");
        scroll.ClassName = "scroll";
        scroll.SetAttribute("tabindex", "0");
        scroll.SetAttribute("role", "group");
        scroll.SetAttribute("aria-label", words.Text("web.table"));
        table.Replace(scroll);
        scroll.AppendChild(table);
    }

    private static void ShapeNotes(IElement body, Phrases words)
    {
        if (body.QuerySelector("div.footnotes") is not { } notes)
            return;
        notes.QuerySelector("hr")?.Remove();
        notes.SetAttribute("role", "doc-endnotes");
        notes.SetAttribute("aria-label", words.Text("web.notes"));
        foreach (var mark in body.QuerySelectorAll("a.footnote-ref"))
            mark.SetAttribute("role", "doc-noteref");
        foreach (var back in notes.QuerySelectorAll("a.footnote-back-ref"))
        {
            back.SetAttribute("role", "doc-backlink");
            back.SetAttribute("aria-label", words.Text("web.notes.back"));
        }
    }

    // The sanitiser leaves nothing but a column's text-align.
    private static void TakeStyle(IElement element)
    {
        var style = element.GetAttribute("style")!;
        element.RemoveAttribute("style");
        foreach (var side in (string[])["left", "center", "right"])
            if (style.Contains(side, StringComparison.OrdinalIgnoreCase))
                element.ClassList.Add("to-" + side);
    }
}
