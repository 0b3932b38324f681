using AngleSharp;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Markdig.Syntax;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Rendering.PlainText;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Targets;
using Newsletter.Mailer.Rendering.Themes;
using Scriban;
using Scriban.Runtime;

namespace Newsletter.Mailer.Rendering;

/// <summary>Sets an edition's body into a theme's layouts. What it gives still has tokens where slots will be.</summary>
internal sealed class EditionPage(RenderRequest request, Theme theme, SlotTable table, PageLines lines, LinkTargets targets)
{
    // Invisible characters that keep a client from showing the body's first words after a short preheader.
    private static readonly string PreheaderPadding = string.Concat(Enumerable.Repeat("&#847;&zwnj;&nbsp;", 60));

    private readonly string _language = EditionFacts.Language(request);
    private readonly Phrases _words = Phrases.For(EditionFacts.Language(request));
    private readonly string _unsubscribe = table.Add(new SlotSource($"{{{{ {SlotName.Unsubscribe} }}}}", new SourcePosition(1, 1)));

    public string Html(BodyTree body, string html, LinkRules? rawLinks)
    {
        var content = BodyHtml.Sanitise(html, rawLinks);
        BodyShape.Apply(content, _words, theme.ColumnWidth, request.Pictures);
        LeadLinks(content);
        var footnotes = content.QuerySelector("div.footnotes");
        footnotes?.Remove();
        var (text, notes) = (content.Body!.InnerHtml.Trim(), footnotes?.OuterHtml);
        var layout = Fill(theme.Html, SlotEscaping.Html, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["head_css"] = theme.HeadCss,
            ["width"] = theme.Width,
            ["logo_url"] = Escape(request.Newsletter.Design?.LogoUrl),
            ["logo_dark_url"] = Escape(request.Newsletter.Design?.LogoDarkUrl),
            ["logo_width"] = request.Newsletter.Design?.LogoWidth ?? 180,
            ["content"] = text,
            ["footnotes"] = notes,
            ["title"] = OpensWithTitle(body) ? null : Escape(request.Edition.Title),
            ["title_or_name"] = Escape(request.Edition.Title ?? request.Newsletter.Name),
            ["preheader"] = lines.Preheader.Length == 0 ? null : SlotEscaping.Html(lines.Preheader),
            ["preheader_padding"] = PreheaderPadding,
            ["postal_address"] = PostalAddress("<br>", SlotEscaping.Html),
            ["why"] = Why(SlotEscaping.Html, $"<strong>{Escape(request.Newsletter.Name)}</strong>"),
            ["far_side"] = EditionFacts.Direction(_language) == "rtl" ? "left" : "right",
        });
        if (theme.HasOwnLayout && MarkupLimits.Problem(layout, text, notes) is { } tooMuch)
            throw new LayoutRefusedException(tooMuch);
        var page = new HtmlParser().ParseDocument(layout);
        if (theme.HasOwnLayout)
            TakeOwnStyles(page);
        theme.InlinerFor(EditionFacts.Direction(_language)).Apply(page);
        theme.DropUnusedClasses(page);
        AddOpenPicture(page);
        PlaceSlots(page);
        return page.ToHtml();
    }

    private void LeadLinks(IDocument content)
    {
        foreach (var link in content.QuerySelectorAll("a[href]"))
            link.SetAttribute("href", targets.For(link.GetAttribute("href")!, link.TextContent));
    }

    // Last of all: a reader whose program clips the mail's end has it counted by the clicks.
    private void AddOpenPicture(IDocument page)
    {
        if (targets.OpenPicture is not { } url)
            return;
        var picture = page.CreateElement("img");
        foreach (var (name, value) in ((string, string)[])[("src", url), ("alt", ""), ("width", "1"), ("height", "1"), ("style", "display:block;width:1px;height:1px;border:0")])
            picture.SetAttribute(name, value);
        page.Body!.AppendChild(picture);
    }

    // Whoever writes a layout styles it: what it says goes before the theme.
    private void TakeOwnStyles(IDocument page)
    {
        if (LayoutSafety.Problems(page).FirstOrDefault() is { } problem)
            throw new LayoutRefusedException($"The newsletter's layout can't be used: {problem.Message}");
        if (!page.Head!.QuerySelectorAll("style").Any(style => style.TextContent.Contains(theme.HeadCss, StringComparison.Ordinal)))
        {
            var head = page.CreateElement("style");
            head.TextContent = theme.HeadCss;
            page.Head.AppendChild(head);
        }

        RequireWhatNoIssueGoesOutWithout(page);
        var css = StyleSheets.TakePlain(page, theme.HeadCss);
        if (MarkupLimits.ProblemOfStyles(css) is { } tooMany)
            throw new LayoutRefusedException(tooMany);
        new CssInliner(css).Apply(page);
    }

    // That the layout names them is not enough: they may stand in a comment, or under a condition that this edition doesn't meet.
    private void RequireWhatNoIssueGoesOutWithout(IDocument page)
    {
        if (!page.QuerySelectorAll("a[href]").Any(link => link.GetAttribute("href")!.Contains(_unsubscribe, StringComparison.Ordinal)))
            throw new LayoutRefusedException("The newsletter's layout has no link to {{ unsubscribe_url }} in this edition. Put <a href=\"{{ unsubscribe_url }}\"> where every edition shows it, outside of {% if %} and comments.");
        if (request.Newsletter.PostalAddress?.Trim().Split('\n')[0].Trim() is { Length: > 0 } address && !page.Body!.TextContent.Contains(UnsafeCharacters.Strip(address), StringComparison.Ordinal))
            throw new LayoutRefusedException("The newsletter's layout doesn't show {{ postal_address }} in this edition. Put it where every edition shows it, outside of {% if %} and comments.");
    }

    /// <summary>The text part, as people read it and as it is sent.</summary>
    public FlowedText Text(BodyTree body, ContainerSetting setting)
    {
        var title = OpensWithTitle(body) || request.Edition.Title is not { } written ? null : LineWrap.Wrap(UnsafeCharacters.Strip(written), BodyText.Width);
        var (content, footnotes) = BodyText.Render(body, setting, targets);
        var text = Fill(theme.Text, static text => text, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["content"] = content,
            ["footnotes"] = footnotes.Length == 0 ? null : footnotes,
            ["title"] = title is null ? null : string.Join('\n', title),
            ["title_rule"] = title is null ? null : BodyText.Rule('=', title),
            ["why"] = string.Join('\n', LineWrap.Flow(Why(static text => text, UnsafeCharacters.Strip(request.Newsletter.Name)), BodyText.Width)),
            ["footer"] = request.Newsletter.Design?.Footer is { Length: > 0 } footer ? string.Join('\n', LineWrap.Flow(UnsafeCharacters.Strip(footer), BodyText.Width)) : null,
            ["postal_address"] = PostalAddress("\n", static text => text),
        }).Trim('\n') + "\n";
        return FlowedText.Of(text, table);
    }

    private string Fill(Template layout, Func<string, string> escape, Dictionary<string, object?> values)
    {
        var model = new ScriptObject
        {
            ["newsletter_name"] = escape(UnsafeCharacters.Strip(request.Newsletter.Name)),
            ["number"] = request.Edition.Number,
            ["date"] = escape(EditionFacts.Date(request)),
            ["author"] = request.Edition.Author is { } author ? escape(author) : null,
            ["byline"] = EditionFacts.Byline(request) is { } byline ? escape(byline) : null,
            ["sign_off"] = lines.SignOff.Length == 0 ? null : escape(lines.SignOff),
            ["premium"] = request.Edition.Tier == "premium" ? escape(_words.Text("issue.premium")) : null,
            ["footer"] = request.Newsletter.Design?.Footer is { Length: > 0 } footer ? escape(UnsafeCharacters.Strip(footer)) : null,
            ["unsubscribe"] = escape(_words.Text("issue.unsubscribe")),
            ["web"] = escape(_words.Text("issue.web")),
            ["web_url"] = WebUrl(escape),
            ["language"] = _language,
            ["direction"] = EditionFacts.Direction(_language),
            ["unsubscribe_url"] = _unsubscribe,
        };
        foreach (var (name, value) in values)
            model[name] = value;

        return layout.Render(new LayoutContext(model));
    }

    private string Why(Func<string, string> escape, string newsletter) =>
        _words.Fill("issue.why", escape, [("address", Slot(SlotName.Address)), ("newsletter", newsletter)], static value => value);

    private string? WebUrl(Func<string, string> escape) => EditionFacts.LinksToCopies(request)
        ? escape(new PublicSite(request.PublicUrl).Copies) + Slot(SlotName.CopyToken)
        : EditionFacts.WebLink(request) is { } web ? escape(web) : null;

    private string Slot(string name) => table.Add(new SlotSource($"{{{{ {name} }}}}", new SourcePosition(1, 1)));

    private string? PostalAddress(string separator, Func<string, string> escape) =>
        string.IsNullOrWhiteSpace(request.Newsletter.PostalAddress)
            ? null
            : string.Join(separator, request.Newsletter.PostalAddress.Trim().Split('\n').Select(line => escape(UnsafeCharacters.Strip(line.Trim()))));

    private static string? Escape(string? text) => text is null ? null : SlotEscaping.Html(UnsafeCharacters.Strip(text));

    // Who begins the text with a heading of the first level has written the title there.
    private static bool OpensWithTitle(BodyTree body) => body.Document.FirstOrDefault() is HeadingBlock { Level: 1 };

    /// <summary>Notes in every token of a document where it stands.</summary>
    public static void PlaceSlots(IDocument page)
    {
        foreach (var text in page.Descendants<IText>())
            if (SlotTable.HasTokens(text.Data))
                text.Data = SlotTable.Place(text.Data, SlotEscape.Html);
        foreach (var comment in page.Descendants<IComment>())
            if (SlotTable.HasTokens(comment.Data))
                comment.Data = SlotTable.Place(comment.Data, SlotEscape.Html);
        foreach (var element in page.All)
            foreach (var attribute in element.Attributes)
                if (SlotTable.HasTokens(attribute.Value))
                    attribute.Value = Place(attribute);
    }

    private static string Place(IAttr attribute) =>
        attribute.Name is "href" or "src" && attribute.Value[0] != SlotTable.Open
            ? SlotTable.Place(attribute.Value, SlotEscape.UrlPart)
            : attribute.Name is "href" or "src"
                ? SlotTable.Place(attribute.Value[..1], SlotEscape.Html) + SlotTable.Place(attribute.Value[1..], SlotEscape.UrlPart)
                : SlotTable.Place(attribute.Value, SlotEscape.Html);
}
