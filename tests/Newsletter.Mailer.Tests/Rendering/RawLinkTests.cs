using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>Links that an author wrote in raw HTML, where the newsletter allows it.</summary>
public sealed class RawLinkTests
{
    private static readonly NewsletterProfile Raw = Rendered.Newsletter with { RawHtml = true };

    private const string Body = """
        [First](https://example.com/1) and <a class="x" href="https://example.com/2?a=1&amp;b=2">the *second*</a>.

        <div>
        <p>Then <a href="https://example.com/3">the third</a>,
          and <a href='https://example.com/4'>https://example.com/4</a></p>
        </div>

        > <a href="https://example.com/5"></a>

        Last, [the sixth](https://example.com/6)
        """;

    [Fact]
    public void TheyAreAmongTheEditionsLinksWithTheirPlaces() => Assert.Equal(
        [
            new EditionLink("https://example.com/1", 4, 1),
            new EditionLink("https://example.com/2?a=1&b=2", 4, 36),
            new EditionLink("https://example.com/3", 7, 9),
            new EditionLink("https://example.com/4", 8, 7),
            new EditionLink("https://example.com/5", 11, 3),
            new EditionLink("https://example.com/6", 13, 7),
        ],
        Of(Body).Links);

    [Fact]
    public void InTheTextTheyAreNumberedNotes()
    {
        var text = Of(Body).FillText(Rendered.Ana);

        Assert.Contains("First [1] and the _second_ [2].\n", text, StringComparison.Ordinal);
        Assert.Contains("Then the third [3],\nand https://example.com/4\n", text, StringComparison.Ordinal);
        Assert.Contains("> https://example.com/5\n", text, StringComparison.Ordinal);
        Assert.Contains("Last, the sixth [4]\n", text, StringComparison.Ordinal);
        Assert.Contains("\n[1] https://example.com/1\n[2] https://example.com/2?a=1&b=2\n[3] https://example.com/3\n[4] https://example.com/6\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheyAreMeasuredLikeTheOthersInBothParts()
    {
        var edition = Of(Body, Raw with { Measuring = new NewsletterMeasuring { Clicks = "individual" } });
        var reader = Rendered.Ana with { ClickToken = "token" };

        Assert.Equal(["https://example.com/1", "https://example.com/2?a=1&b=2", "https://example.com/3", "https://example.com/5", "https://example.com/6"], edition.MeasuredLinks.Order());
        Assert.Contains("/c/token.2-", edition.FillHtml(reader), StringComparison.Ordinal);
        Assert.Contains("[2] https://news.example.com/c/token.2-", edition.FillText(reader), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<a href=\"javascript:alert(1)\">x</a>")]
    [InlineData("<a href=\"/relative\">x</a>")]
    [InlineData("<div><a href=\"data:text/html,x\">x</a></div>")]
    [InlineData("<div><form><a href=\"https://example.com/\">x</a></form></div>")]
    [InlineData("`<a href=\"https://example.com/\">x</a>`")]
    [InlineData("<!-- <a href=\"https://example.com/\">x</a> -->x")]
    [InlineData("<a name=\"x\">x</a>")]
    public void WhatTheMailDoesNotLinkToIsNoLink(string body)
    {
        var edition = Of(body);

        Assert.Empty(edition.Links);
        Assert.DoesNotContain("[1]", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void SlotsInThemArePartsOfThem()
    {
        var text = Of("<a href=\"https://example.com/?n={{ subscriber.first_name | default: \"x\" }}\">unclosed\n\nNext").FillText(Rendered.Ana with { FirstName = "a b" });

        Assert.Contains("unclosed", text, StringComparison.Ordinal);
        Assert.Contains("Next", text, StringComparison.Ordinal);
        Assert.Contains("[1] https://example.com/?n=a%20b\n", Of("<a href='https://example.com/?n={{ subscriber.first_name | default: \"x\" }}'>here</a>").FillText(Rendered.Ana with { FirstName = "a b" }), StringComparison.Ordinal);
    }

    [Fact]
    public void WhereRawHtmlIsOffThereAreNone() => Assert.Equal(
        ["https://example.com/1", "https://example.com/6"],
        Of("[First](https://example.com/1) <a href=\"https://x.example.com/2\">x</a> [sixth](https://example.com/6)", Rendered.Newsletter).Links.Select(link => link.Url).Where(url => !url.Contains("x.example", StringComparison.Ordinal)));

    private static RenderedEdition Of(string body, NewsletterProfile? newsletter = null) =>
        Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Rendered.Request(Rendered.Edition(body), newsletter ?? Raw) with { IsMeasured = true })).Edition;
}
