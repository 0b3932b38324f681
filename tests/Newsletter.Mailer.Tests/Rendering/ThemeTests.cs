using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class ThemeTests
{
    [Fact]
    public void AnUnknownThemeListsTheKnown() => Assert.Contains("Themes are letter, magazine, plain", Assert.Single(Rendered.Problems("Text", "title: T\ntheme: neon")).Message, StringComparison.Ordinal);

    [Fact]
    public void ThePageSaysWhoseAndWhichEditionItIs()
    {
        var page = Page("Text", "title: Hello\nnumber: 7\nauthor: Ana\ntier: premium");

        Assert.Equal("The Tide Table", page.QuerySelector(".name")!.TextContent);
        Assert.Equal("#7\u00A0· April 19, 2024", page.QuerySelector(".issue")!.TextContent);
        Assert.Equal("Hello", page.QuerySelector("h1")!.TextContent);
        Assert.Equal("By Ana · Premium", page.QuerySelector(".byline")!.TextContent);
        Assert.Equal("Hello", page.Title);
    }

    [Fact]
    public void TheFooterSaysWhyAndHowToLeaveAndFromWhere()
    {
        var footer = Page("Text").QuerySelector(".footer")!;

        Assert.Contains("You get this because ana@example.net is subscribed to The Tide Table", footer.TextContent, StringComparison.Ordinal);
        Assert.Equal("https://news.example.com/unsubscribe/k1.abc", footer.QuerySelector("a")!.GetAttribute("href"));
        Assert.Contains("1 Harbour Steps", footer.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingPostalAddressIsWarnedAbout() =>
        Assert.Contains("postal address", Assert.Single(Rendered.Of(Rendered.Edition("Text"), Rendered.Newsletter with { PostalAddress = null }).Warnings).Message, StringComparison.Ordinal);

    [Fact]
    public void OutlooksConditionalCommentsSurvive()
    {
        var html = Rendered.Body("Text").FillHtml(Rendered.Ana);

        Assert.Contains("<!--[if mso]><table role=\"presentation\" width=\"600\"", html, StringComparison.Ordinal);
        Assert.Contains("<!--[if mso]></td></tr></table><![endif]-->", html, StringComparison.Ordinal);
        Assert.Contains("<!--[if mso]><noscript><xml>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void StylesAreInlinedAndDarkModeStaysInTheHead()
    {
        var page = Page("[x](https://example.com)");

        Assert.Contains("color:#a63d1a", page.QuerySelector(".content a")!.GetAttribute("style"), StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme:dark", page.QuerySelector("head style")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("[data-ogsc]", page.QuerySelector("head style")!.TextContent, StringComparison.Ordinal);
        Assert.NotNull(page.QuerySelector("meta[name=color-scheme]"));
    }

    [Fact]
    public void LayoutTablesAreNoTablesToAScreenReader()
    {
        var page = Page("| a |\n|---|\n| b |");

        Assert.All(page.QuerySelectorAll("table").Where(table => table.QuerySelector("th") is null || table.QuerySelector("table") is not null), table => Assert.Equal("presentation", table.GetAttribute("role")));
        Assert.Equal("col", page.QuerySelector("th")!.GetAttribute("scope"));
        Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
    }

    [Fact]
    public void ThePreheaderIsHiddenAndPadded()
    {
        var hidden = Page("Text", "title: T\npreheader: Look inside").QuerySelector("body > div[aria-hidden]")!;

        Assert.StartsWith("Look inside\u034F\u200C\u00A0", hidden.TextContent, StringComparison.Ordinal);
        Assert.Contains("display:none", hidden.GetAttribute("style"), StringComparison.Ordinal);
        Assert.Null(Page("Text").QuerySelector("body > div[aria-hidden]"));
    }

    [Fact]
    public void ABodyThatBeginsWithItsTitleHasItOnce() => Assert.Equal("My own", Assert.Single(Page("# My own\n\nText").QuerySelectorAll("h1")).TextContent);

    [Fact]
    public void ALeadAndItsListBeforeTheFirstHeadingAreAPanel()
    {
        var panel = Page("Welcome.\n\nHere's the tea\n\n- one\n- two\n\n## Heading\n\n- not this").QuerySelector(".summary")!;

        Assert.Equal("Here's the tea", panel.FirstElementChild!.TextContent);
        Assert.Equal(2, panel.QuerySelectorAll("li").Length);
        Assert.Null(Page("Welcome.\n\n- one\n- two").QuerySelector(".summary"));
    }

    [Fact]
    public void AnImageAloneIsAFigureWithItsTitleAsCaption()
    {
        var page = Page("![A tower](https://example.com/t.png \"The tower at dusk\")");
        var image = page.QuerySelector("img")!;

        Assert.Equal(("A tower", "520"), (image.GetAttribute("alt"), image.GetAttribute("width")));
        Assert.Equal("The tower at dusk", page.QuerySelector(".caption")!.TextContent);
    }

    [Fact]
    public void CalloutsTasksFootnotesAndTablesHaveTheirPlace()
    {
        var page = Page("> [!WARNING]\n> Careful\n\n- [x] done\n- [ ] open\n\nText[^1]\n\n| a | b |\n|:--|--:|\n| c | d |\n\n[^1]: The note");

        Assert.Equal("Warning", page.QuerySelector(".warning .callout-title")!.TextContent.Trim());
        Assert.Equal("☑ done", page.QuerySelector("li")!.TextContent.Trim());
        Assert.Equal("#fn:1", page.QuerySelector("a[href^='#']")!.GetAttribute("href"));
        Assert.Contains("text-align:right", page.QuerySelectorAll("td").First(cell => cell.TextContent == "d").GetAttribute("style")!.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(page.QuerySelectorAll("input, svg"));
    }

    [Theory]
    [InlineData("de", "19. April 2024")]
    [InlineData("en-GB", "19 April 2024")]
    [InlineData("ja", "2024年4月19日")]
    [InlineData("fr", "19 avril 2024")]
    [InlineData("es", "19 de abril de 2024")]
    [InlineData("xx-unknown", "2024")]
    public void TheDateIsInTheEditionsLanguage(string language, string date)
    {
        var page = Page("Text", $"title: T\nlanguage: {language}");

        Assert.Contains(date, page.QuerySelector(".issue")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(language, page.DocumentElement.GetAttribute("lang"));
    }

    [Fact]
    public void ScriptsFromRightToLeftAreMirrored()
    {
        var page = Page("> نص", "title: مرحبا\nslug: x\nlanguage: ar");

        Assert.Equal("rtl", page.DocumentElement.GetAttribute("dir"));
        Assert.Contains("border-right:3px", page.QuerySelector("blockquote")!.GetAttribute("style"), StringComparison.Ordinal);
        Assert.Equal("left", page.QuerySelector(".issue")!.GetAttribute("align"));
    }

    [Fact]
    public void MirroringSwapsSidesAndNothingElse() => Assert.Equal(
        "a { margin: 0; padding: 1px 4px 3px 2px; margin: 0 0 9px; border-radius: 8px 0 0 8px; border-right: 1px solid; width: 100% }",
        MirroredCss.Of("a { margin: 0; padding: 1px 2px 3px 4px; margin: 0 0 9px; border-radius: 0 8px 8px 0; border-left: 1px solid; width: 100% }"));

    [Fact]
    public void CssIsKeptAsWrittenAndTheMoreSpecificRuleWins()
    {
        var page = new HtmlParser().ParseDocument("<p class=\"a\" style=\"width: 1px\">x</p><p>y</p>");
        new CssInliner("/* c */ p.a { color: #06c; margin: 0 0 4px } p { color: red; margin-left: 3px; font: 12px/1.5 'A B', serif } p, b { width: 9px }").Apply(page);

        Assert.Equal("font:12px/1.5 'A B', serif;color:#06c;margin:0 0 4px;width:1px", page.QuerySelector("p.a")!.GetAttribute("style"));
        Assert.Equal("color:red;margin-left:3px;font:12px/1.5 'A B', serif;width:9px", page.QuerySelectorAll("p")[1].GetAttribute("style"));
    }

    [Theory]
    [InlineData("#24211d", "#ffffff")]
    [InlineData("#66615a", "#ffffff")]
    [InlineData("#66615a", "#f4f2ee")]
    [InlineData("#57524b", "#f4f2ee")]
    [InlineData("#a63d1a", "#ffffff")]
    [InlineData("#a63d1a", "#faf5ee")]
    [InlineData("#57524b", "#ffffff")]
    [InlineData("#2f5c82", "#f3f6f9")]
    [InlineData("#8a4f06", "#fdf4e7")]
    [InlineData("#dfddd8", "#191b1f")]
    [InlineData("#a5a099", "#191b1f")]
    [InlineData("#a5a099", "#0f1113")]
    [InlineData("#f2a284", "#191b1f")]
    [InlineData("#f2a284", "#24211f")]
    [InlineData("#9cc4e6", "#1d262e")]
    [InlineData("#f0bd7a", "#2c241a")]
    [InlineData("#dfddd8", "#5c4a12")]
    public void TextStandsOutFromItsGround(string text, string ground) => Assert.True(Contrast(text, ground) >= 4.5, $"{Contrast(text, ground):F2}");

    // WCAG 2.2, relative luminance and contrast ratio.
    private static double Contrast(string a, string b)
    {
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static double Luminance(string hex)
    {
        var channels = new[] { 1, 3, 5 }.Select(at => Convert.ToInt32(hex.Substring(at, 2), 16) / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * channels[0]) + (0.7152 * channels[1]) + (0.0722 * channels[2]);
    }

    private static IDocument Page(string body, string frontMatter = "title: Hello") =>
        new HtmlParser().ParseDocument(Rendered.Body(body, frontMatter).FillHtml(Rendered.Ana));
}
