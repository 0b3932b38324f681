using AngleSharp;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Markdig.Syntax;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.PlainText;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Themes;
using Scriban;
using Scriban.Runtime;

namespace Newsletter.Mailer.Rendering;

/// <summary>Sets an edition's body into a theme's layouts. What it gives still has tokens where slots will be.</summary>
internal sealed class EditionPage(RenderRequest request, Theme theme, SlotTable table)
{
    // Invisible characters that keep a client from showing the body's first words after a short preheader.
    private static readonly string PreheaderPadding = string.Concat(Enumerable.Repeat("&#847;&zwnj;&nbsp;", 60));

    private readonly string _language = EditionFacts.Language(request);

    public string Html(BodyTree body, string html, string preheader)
    {
        var content = BodyHtml.Sanitise(html);
        BodyShape.Apply(content);
        var layout = Fill(theme.Html, SlotEscaping.Html, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["head_css"] = theme.HeadCss,
            ["content"] = content.Body!.InnerHtml.Trim(),
            ["title"] = OpensWithTitle(body) ? null : Escape(request.Edition.Title),
            ["title_or_name"] = Escape(request.Edition.Title ?? request.Newsletter.Name),
            ["preheader"] = preheader.Length == 0 ? null : SlotEscaping.Html(preheader),
            ["preheader_padding"] = PreheaderPadding,
            ["postal_address"] = PostalAddress("<br>", SlotEscaping.Html),
            ["far_side"] = EditionFacts.Direction(_language) == "rtl" ? "left" : "right",
        });
        var page = new HtmlParser().ParseDocument(layout);
        theme.InlinerFor(EditionFacts.Direction(_language)).Apply(page);
        theme.DropUnusedClasses(page);
        PlaceSlots(page);
        return page.ToHtml();
    }

    public string Text(BodyTree body)
    {
        var title = OpensWithTitle(body) || request.Edition.Title is not { } written ? null : LineWrap.Wrap(UnsafeCharacters.Strip(written), BodyText.Width);
        return Fill(theme.Text, static text => text, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["content"] = BodyText.Render(body),
            ["title"] = title is null ? null : string.Join('\n', title),
            ["title_rule"] = title is null ? null : BodyText.Rule('=', title),
            ["postal_address"] = PostalAddress("\n", static text => text),
        }).Trim('\n') + "\n";
    }

    private string Fill(Template layout, Func<string, string> escape, Dictionary<string, object?> values)
    {
        var model = new ScriptObject
        {
            ["newsletter_name"] = escape(UnsafeCharacters.Strip(request.Newsletter.Name)),
            ["number"] = request.Edition.Number,
            ["date"] = escape(EditionFacts.Date(request)),
            ["author"] = request.Edition.Author is { } author ? escape(author) : null,
            ["premium"] = request.Edition.Tier == "premium",
            ["language"] = _language,
            ["direction"] = EditionFacts.Direction(_language),
            ["subscriber_address"] = Slot(SlotName.Address),
            ["unsubscribe_url"] = Slot(SlotName.Unsubscribe),
        };
        foreach (var (name, value) in values)
            model[name] = value;

        // Without Scriban's built-in functions: a layout only places what it is given.
        var context = new LiquidTemplateContext { LoopLimit = 1000, StrictVariables = true };
        context.PushGlobal(model);
        return layout.Render(context);
    }

    private string Slot(string name) => table.Add(new SlotSource($"{{{{ {name} }}}}", new SourcePosition(1, 1)));

    private string? PostalAddress(string separator, Func<string, string> escape) =>
        string.IsNullOrWhiteSpace(request.Newsletter.PostalAddress)
            ? null
            : string.Join(separator, request.Newsletter.PostalAddress.Trim().Split('\n').Select(line => escape(UnsafeCharacters.Strip(line.Trim()))));

    private static string? Escape(string? text) => text is null ? null : SlotEscaping.Html(UnsafeCharacters.Strip(text));

    // Who begins the text with a heading of the first level has written the title there.
    private static bool OpensWithTitle(BodyTree body) => body.Document.FirstOrDefault() is HeadingBlock { Level: 1 };

    private static void PlaceSlots(IDocument page)
    {
        foreach (var text in page.Descendants<IText>())
            if (SlotTable.HasTokens(text.Data))
                text.Data = SlotTable.Place(text.Data, SlotEscape.Html);
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
