using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>Makes the <see cref="WebEdition"/> of an edition that was read and found good.</summary>
internal sealed class WebEditionWriter(RenderRequest request, SlotTable table, SlotReader reader, PageLines lines)
{
    private const int LongestDescription = 200;

    private static readonly Recipient Nobody = new() { Address = "", MessageId = "", UnsubscribeUrl = "" };

    private readonly string _language = EditionFacts.Language(request);

    /// <param name="body">Gives what a reader sees of whom nothing is known, sanitised; not asked where none of it is shown.</param>
    public WebEdition Write(Func<IDocument> body)
    {
        var lead = Plain(lines.Preheader);
        // Of what is for premium readers not even the first words.
        if (request.Edition.Tier == "premium")
            return Edition(lead) with { Gate = WebEdition.Premium };

        var content = body();
        DropReaderLinks(content);
        WebShape.Apply(content, Phrases.For(_language), request.Pictures);
        SignOff(content);
        EditionPage.PlaceSlots(content);
        var html = Fill(content.Body!.InnerHtml.Trim());
        return Edition(lead.Length > 0 ? lead : FirstWords(html)) with { Html = html };
    }

    private WebEdition Edition(string description) => new()
    {
        Language = _language,
        Day = EditionFacts.DayOf(request),
        Description = description,
        Byline = EditionFacts.Byline(request),
    };

    // A link of one reader's leads nobody else anywhere: its words stay.
    private void DropReaderLinks(IDocument content)
    {
        foreach (var link in content.QuerySelectorAll("a[href]").Where(link => IsOfReader(link.GetAttribute("href")!)).ToList())
            link.Replace([.. link.ChildNodes]);
    }

    private bool IsOfReader(string url)
    {
        for (var i = 0; i < url.Length; i++)
            if (table.TryRead(url, i, out var slot, out _, out var end))
            {
                if (SlotReader.IsReaderUrl(slot))
                    return true;
                i = end;
            }

        return false;
    }

    // Footnotes stand below everything.
    private void SignOff(IDocument content)
    {
        if (lines.SignOff.Length == 0)
            return;
        var line = content.CreateElement("p");
        line.ClassName = "sign-off";
        line.TextContent = lines.SignOff;
        if (request.Edition.Author is { Length: > 0 } author)
            line.Append(content.CreateElement("br"), content.CreateTextNode(UnsafeCharacters.Strip(author)));
        if (content.QuerySelector("div.footnotes") is { } notes)
            notes.Before(line);
        else
            content.Body!.AppendChild(line);
    }

    private static string FirstWords(string html)
    {
        var words = "";
        foreach (var block in new HtmlParser().ParseDocument(html).QuerySelectorAll("p, li").Where(block => block.Closest(".footnotes, figure, table, .sign-off") is null))
        {
            words = OneLine($"{words} {block.TextContent}");
            if (words.Length >= LongestDescription)
                break;
        }

        return words.Length <= LongestDescription ? words : words[..EndOfWord(words)].TrimEnd(' ', ',', '、', '،') + "…";
    }

    // Where the language parts its words, between two of them.
    private static int EndOfWord(string text)
    {
        var space = text.LastIndexOf(' ', LongestDescription);
        return space > LongestDescription / 2 ? space : LongestDescription - (char.IsHighSurrogate(text[LongestDescription - 1]) ? 1 : 0);
    }

    private string Plain(string text) => OneLine(Fill(text));

    private static string OneLine(string text) =>
        string.Join(' ', UnsafeCharacters.Strip(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // Nothing is no template.
    private string Fill(string text) => text.Length == 0 ? "" : reader.Read(text).Fill(Nobody);
}
