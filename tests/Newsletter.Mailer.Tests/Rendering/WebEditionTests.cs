using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class WebEditionTests
{
    [Fact]
    public void SlotsStandAtTheirDefaultsAndNobodysLinkLeadsAnywhere()
    {
        var web = Rendered.Body("""
            Dear {{ subscriber.first_name | default: "<friend>" }}, you are a {{ subscriber.tier }} reader of {{ newsletter.name }}{{ subscriber.address }}.
            [Leave *now*]({{ links.unsubscribe }}) or [look](https://example.org/?city={{ subscriber.attributes.city | default: "b&b" }}).
            """).ToWeb();

        var page = Page(web.Html!);
        Assert.StartsWith("Dear <friend>, you are a free reader of The Tide Table.", page.Body!.TextContent, StringComparison.Ordinal);
        Assert.Equal("https://example.org/?city=b%26b", page.QuerySelectorAll("a").Single().GetAttribute("href"));
        Assert.Equal("now", page.QuerySelector("em")!.TextContent);
        Assert.DoesNotContain("unsubscribe", web.Html, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("Dear <friend>, you are a free reader of The Tide Table. Leave now or look.", web.Description);
    }

    [Fact]
    public void OfAPremiumEditionNotEvenTheFirstWordsAreThere()
    {
        var web = Rendered.Body("# The secret\n\nSecret words.", "title: T\ntier: premium\npreheader: 'About tides, {{ subscriber.first_name | default: \"friend\" }}'").ToWeb();
        var bare = Rendered.Body("Secret words.", "title: T\ntier: premium").ToWeb();

        Assert.Equal((null, WebEdition.Premium, "About tides, friend"), (web.Html, web.Gate, web.Description));
        Assert.Equal((null, WebEdition.Premium, ""), (bare.Html, bare.Gate, bare.Description));
    }

    [Fact]
    public void OfPartsForSomeEverybodySeesThatThereAreAndNothingOfThem()
    {
        var request = Rendered.Request(Rendered.Edition("""
            For all.

            :::premium The tables
            Secret[^1] [words](https://example.org/secret).
            :::

            :::only not premium-fans
            For others.
            :::

            :::only premium-fans
            Also secret.
            :::

            :::conversation What do you think?

            [Leave]({{ links.unsubscribe }}), [see]({{ links.web }}).

            [^1]: A secret note.
            """, "title: T\nauthor: Mo\nsign_off: Bye <all>,")) with { Segments = null };
        var web = Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(request)).Edition.ToWeb();
        var page = Page(web.Html!);

        Assert.DoesNotContain("secret", web.Html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("For others.", page.Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains("The tables", page.QuerySelector("div.gate")!.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("Answer this mail", page.Body.TextContent, StringComparison.Ordinal);
        Assert.Contains("Readers answer this by mail.", page.QuerySelector("div.conversation")!.TextContent, StringComparison.Ordinal);
        Assert.Null(page.QuerySelector("div.conversation a"));
        Assert.Equal("https://news.example.com/n/the-tide-table/archive/t", page.QuerySelectorAll("a").Single().GetAttribute("href"));
        Assert.Equal("Bye <all>,Mo", page.QuerySelector("p.sign-off")!.TextContent);
        Assert.Equal("By Mo", web.Byline);
    }

    [Fact]
    public void WhatABrowserNeedsIsThereAndNoStyleThatItsPolicyWouldBlock()
    {
        var page = Page(Rendered.Body("""
            | Tide | Height |
            |:-----|-------:|
            | high | 4.2 m  |

            ![The harbour](https://example.org/harbour.jpg "At noon")

            Water[^1].

            > [!WARNING]
            > Wet.

            - [x] done

            [^1]: Salt.
            """).ToWeb().Html!);

        Assert.Empty(page.QuerySelectorAll("[style]"));
        Assert.Equal("to-right", page.QuerySelectorAll("td")[1].ClassName);
        Assert.Equal(("0", "group", "Table"), Attributes(page.QuerySelector("div.scroll")!, "tabindex", "role", "aria-label"));
        Assert.Equal("At noon", page.QuerySelector("figure > figcaption")!.TextContent);
        Assert.Equal("The harbour", page.QuerySelector("figure > img[loading=lazy]")!.GetAttribute("alt"));
        Assert.Equal("doc-endnotes", page.QuerySelector("div.footnotes")!.GetAttribute("role"));
        Assert.Equal("Back to the text", page.QuerySelector("a[role=doc-backlink]")!.GetAttribute("aria-label"));
        Assert.NotNull(page.QuerySelector(page.QuerySelector("a[role=doc-noteref]")!.GetAttribute("href")!.Replace(":", "\\:", StringComparison.Ordinal)));
        Assert.NotNull(page.QuerySelector("div.callout.warning > p.callout-title"));
        Assert.NotNull(page.QuerySelector("ul.tasks"));
    }

    [Fact]
    public void ItBearsTheDayLanguageAndDescriptionItsMailsHave()
    {
        var dated = Rendered.Body("Hallo.", "title: T\ndate: 2024-04-18\nlanguage: de\npreheader: Kurz").ToWeb();
        var undated = Rendered.Body(string.Concat(Enumerable.Repeat("Tide and time. ", 40))).ToWeb();

        Assert.Equal((new DateOnly(2024, 4, 18), "de", "Kurz"), (dated.Day, dated.Language, dated.Description));
        Assert.Equal((new DateOnly(2024, 4, 19), "en"), (undated.Day, undated.Language));
        Assert.InRange(undated.Description.Length, 180, 201);
        Assert.EndsWith("time. Tide…", undated.Description, StringComparison.Ordinal);
        Assert.Equal(dated.Hash(), (dated with { }).Hash());
        Assert.NotEqual(dated.Hash(), (dated with { Description = "Lang" }).Hash());
    }

    [Fact]
    public void TheSampleEditionIsWhole()
    {
        var web = Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Rendered.Request(Sample()) with { Segments = null })).Edition.ToWeb();

        Assert.DoesNotContain(web.Html!, c => c is >= '\uFDD0' and <= '\uFDEF');
        Assert.DoesNotContain("{{", web.Html, StringComparison.Ordinal);
        Assert.NotNull(Page(web.Html!).QuerySelector(".summary > ul.unmarked"));
        AssertInert(web.Html!);
    }

    [SharedFact]
    [Trait("Category", "Shared")]
    public void KnownAttacksAreInert()
    {
        using var payloads = JsonDocument.Parse(File.ReadAllText(SharedFolder.Of("data", "xss", "payloads.json")));
        foreach (var payload in payloads.RootElement.EnumerateArray().Select(entry => entry.GetProperty("payload")))
            foreach (var text in payload.ValueKind == JsonValueKind.Array ? payload.EnumerateArray().Select(one => one.GetString()!) : [payload.GetString()!])
                foreach (var markdown in (string[])[text, $"[x]({text})", $"![x]({text} \"{text}\")", $"<{text}>", $"~~~{text}\nx\n~~~", $"| {text} |\n|---|\n| {text} |", $"x[^1]\n\n[^1]: {text}"])
                    AssertInert(Rendered.Of(Rendered.Edition(markdown, "title: T\ntemplate: off")).Edition.ToWeb().Html!);
    }

    private static EditionDocument Sample() =>
        Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse(SampleEdition.Source, FrontMatterRules.Edition)).Edition;

    private static void AssertInert(string html)
    {
        var page = Page(html);
        Assert.Empty(page.Body!.QuerySelectorAll("script, iframe, object, embed, svg, math, form, input, link, base, style, meta"));
        Assert.Empty(page.Head!.Children);
        foreach (var attribute in page.All.SelectMany(element => element.Attributes))
        {
            Assert.False(attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase) || attribute.Name == "style", attribute.Name);
            if (attribute.Name is "href" or "src")
                Assert.Matches("^(https?:|mailto:|#fn)", attribute.Value);
        }
    }

    private static (string?, string?, string?) Attributes(IElement element, string one, string two, string three) =>
        (element.GetAttribute(one), element.GetAttribute(two), element.GetAttribute(three));

    private static IDocument Page(string html) => new HtmlParser().ParseDocument(html);
}
