using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class BodyTests
{
    [Theory]
    [InlineData("**b** *i* ~~s~~ ==m==", "<strong>b</strong> <em>i</em> <del>s</del> <mark")]
    [InlineData("H~2~O and x^2^ and ~200B", "H~2~O and x^2^ and ~200B")]
    [InlineData("# {onclick=alert(1)} x", "{onclick=alert(1)} x")]
    [InlineData("[x](https://example.com){onclick=alert(1)}", "{onclick=alert(1)}")]
    [InlineData("www.example.com/a", "href=\"http://www.example.com/a\"")]
    public void TheDialectIsOurs(string body, string expected) => Assert.Contains(expected, Rendered.Body(body).FillHtml(Rendered.Ana), StringComparison.Ordinal);

    [Theory]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](&#106;avascript:alert(1))")]
    [InlineData("[x](data:text/html,x)")]
    [InlineData("[x](vbscript:x)")]
    [InlineData("[x](file:///etc/passwd)")]
    [InlineData("[x](/relative)")]
    [InlineData("[x](//example.com/a)")]
    [InlineData("[x](www.example.com)")]
    [InlineData("[x](https://)")]
    [InlineData("[x](https:///a)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("[x][r]\n\n[r]: javascript:alert(1)")]
    public void OnlyLinksThatLeadSomewhereAreKept(string body)
    {
        var outcome = Rendered.Of(Rendered.Edition(body));

        Assert.Equal(4, Assert.Single(outcome.Warnings).Line);
        Assert.Empty(outcome.Edition.Links);
        Assert.Empty(Page(outcome.Edition).QuerySelectorAll(".content a"));
    }

    [Theory]
    [InlineData("[x](mailto:a@example.com?subject=hi)", "mailto:a@example.com?subject=hi")]
    [InlineData("<a@example.com>", "mailto:a@example.com")]
    [InlineData("<https://example.com/a?b=c&d=e>", "https://example.com/a?b=c&d=e")]
    [InlineData("see https://example.com/a_(b) now", "https://example.com/a_(b)")]
    [InlineData("[x][r]\n\n[r]: https://example.com/r", "https://example.com/r")]
    public void LinksAreListedWithTheirPlace(string body, string url)
    {
        var link = Assert.Single(Rendered.Body(body).Links);

        Assert.Equal((url, 4), (link.Url, link.Line));
    }

    [Fact]
    public void CommentsAreDroppedAndLinesStayTrue()
    {
        var outcome = Rendered.Of(Rendered.Edition("<!-- secret -->\nOne <!-- inline --> two\n\n<!--\nlong\n\nsecret {{ x }}\n-->text after\n\n[x](/bad)"));
        var html = outcome.Edition.FillHtml(Rendered.Ana);

        Assert.DoesNotContain("secret", html + outcome.Edition.FillText(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("One  two", html, StringComparison.Ordinal);
        Assert.Contains("<p", html[html.IndexOf("text after", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Empty(Page(outcome.Edition).QuerySelectorAll("pre"));
        Assert.Equal(13, Assert.Single(outcome.Warnings).Line);
    }

    [Fact]
    public void CommentsInCodeStay() => Assert.Contains("<!-- a -->", Rendered.Body("`<!-- a -->`\n\n    <!-- a -->").FillText(Rendered.Ana), StringComparison.Ordinal);

    [Fact]
    public void RawTagsAreShownAsTextAndWarnedAboutWithTheirLine()
    {
        var outcome = Rendered.Of(Rendered.Edition("Text <b>bold</b>\n\n<div class=\"x\">\n**strong**\n</div>"));

        Assert.Equal([4, 6], outcome.Warnings.Select(warning => warning.Line));
        Assert.Contains("&lt;b&gt;bold&lt;/b&gt;", outcome.Edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("<strong>strong</strong>", outcome.Edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[a](")]
    [InlineData("# a\n")]
    [InlineData("*a ")]
    [InlineData("{{")]
    [InlineData("<!--")]
    [InlineData("<!---->")]
    [InlineData("> ")]
    [InlineData("[^1]")]
    [InlineData(":::ad x\n")]
    [InlineData("> :::ad x\n")]
    [InlineData("|a|\n|-|\n")]
    public async Task BombsAreAnsweredInTime(string piece)
    {
        var edition = Rendered.Edition(string.Concat(Enumerable.Repeat(piece, 190_000 / piece.Length)));

        // Generous for a busy machine: without bounds, some of these take minutes.
        await Task.Run(() => EditionRenderer.Render(Rendered.Request(edition))).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("www.a.b ", 20_000)]
    [InlineData("https://a.example/x ", 9_000)]
    public void ThousandsOfBareLinksAreRefused(string link, int times) =>
        Assert.Contains("more than 2000 links", Assert.Single(Rendered.Problems(string.Concat(Enumerable.Repeat(link, times)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Hello.\n\n<title>x\n\nRest", 6, "<title> is opened here and never closed")]
    [InlineData("Hello.\n\nSome <textarea>x and rest", 6, "<textarea> is opened here")]
    [InlineData("Hello.\n\n<style>\np { color: red }\n\nRest", 6, "<style> is opened here")]
    [InlineData("<iframe src=\"https://example.com\" />\n\nRest", 4, "<iframe> is opened here")]
    [InlineData("Hello.\n\n<!-- oops\n\nRest", 6, "<!-- is opened here and not closed")]
    [InlineData("<?php echo 1;\n\nRest", 4, "is no HTML")]
    [InlineData("<![CDATA[ x\n\nRest", 4, "is no HTML")]
    public void RawHtmlThatWouldSwallowTheRestIsAnError(string body, int line, string message)
    {
        var refused = Assert.IsType<RenderOutcome.Refused>(EditionRenderer.Render(Rendered.Request(Rendered.Edition(body), Rendered.Newsletter with { RawHtml = true })));

        var problem = Assert.Single(refused.Problems, problem => problem.Severity == RenderSeverity.Error);
        Assert.Equal(line, problem.Line);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<title>x</title>\n\nRest")]
    [InlineData("<svg><title>x</title><path/></svg> Rest")]
    [InlineData("<div>\n\nRest")]
    [InlineData("`<title>` Rest")]
    [InlineData("<!-- closed --> Rest")]
    public void RawHtmlThatEndsIsNone(string body) =>
        Assert.Contains("Rest", Rendered.Of(Rendered.Edition(body), Rendered.Newsletter with { RawHtml = true }).Edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);

    [Fact]
    public async Task RawElementsAThousandDeepAreRefused()
    {
        var edition = Rendered.Edition(string.Concat(Enumerable.Repeat("<div>", 10_000)));

        var outcome = await Task.Run(() => EditionRenderer.Render(Rendered.Request(edition, Rendered.Newsletter with { RawHtml = true }))).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Contains(Assert.IsType<RenderOutcome.Refused>(outcome).Problems, problem => problem.Message.Contains("deep here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AThousandContainersInOneAnotherAreRefused()
    {
        var body = string.Concat(Enumerable.Repeat(":::ad x\n", 10_000)) + string.Concat(Enumerable.Repeat(":::\n", 10_000));

        var problems = await Task.Run(() => Rendered.Problems(body)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Contains(problems, problem => problem.Message.Contains("nested too deeply", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(39)]
    [InlineData(60)]
    [InlineData(120)]
    public void ABoxDeepInQuotesIsSetOrRefused(int levels)
    {
        var quotes = string.Concat(Enumerable.Repeat("> ", levels));

        // Neither throws: what is too deep is a problem with a place.
        Assert.NotNull(EditionRenderer.Render(Rendered.Request(Rendered.Edition($"{quotes}:::ad x\n{quotes}*a **b** _c_*\n{quotes}:::\n\n{quotes}:::premium\n{quotes}x\n{quotes}:::"))));
    }

    [SharedFact]
    [Trait("Category", "Shared")]
    public void KnownAttacksAreInert()
    {
        using var payloads = JsonDocument.Parse(File.ReadAllText(SharedFolder.Of("data", "xss", "payloads.json")));
        foreach (var payload in payloads.RootElement.EnumerateArray().Select(entry => entry.GetProperty("payload")))
        {
            foreach (var text in payload.ValueKind == JsonValueKind.Array ? payload.EnumerateArray().Select(one => one.GetString()!) : [payload.GetString()!])
            {
                AssertInert(text);
                AssertInert($"[x]({text})");
                AssertInert($"![x]({text} \"{text}\")");
                AssertInert($"<{text}>");
                AssertInert($"```{text}\nx\n```");
                AssertInert($"| {text} |\n|---|\n| {text} |");
                AssertInert($":::summary {text}\n{text}\n:::");
                AssertInert($":::button {text} x");
                AssertInert($":::video https://example.com/ {text}\n![{text}]({text})\n:::");
                AssertInert($"x[^1]\n\n[^1]: {text}");
            }
        }
    }

    [Fact]
    public void RawHtmlIsKeptWhereTheNewsletterAllowsItAndSanitised()
    {
        var newsletter = Rendered.Newsletter with { RawHtml = true };
        var outcome = Rendered.Of(Rendered.Edition("<div class=\"x\" onclick=\"a()\">Raw <u>under</u> <kbd>K</kbd></div>\n\nInline <b>bold</b><iframe src=\"https://example.com\">in</iframe>\n\n<a href=\"/relative\">rel</a> <a href=\"javascript:alert(1)\">js</a>"), newsletter);
        var page = Page(outcome.Edition);

        Assert.Equal(("under", "K", "bold"), (page.QuerySelector(".content u")!.TextContent, page.QuerySelector("kbd")!.TextContent, page.QuerySelector(".content b")!.TextContent));
        Assert.Empty(page.QuerySelectorAll("iframe, [onclick], .content a[href]"));
        Assert.Contains(outcome.Warnings, warning => warning.Line == 6 && warning.Message.StartsWith("<iframe", StringComparison.Ordinal));
        Assert.Contains("Raw under K", outcome.Edition.FillText(Rendered.Ana), StringComparison.Ordinal);
        AssertInert(page);
    }

    [Theory]
    [InlineData("<a href=\"https://{{ subscriber.name }}/\">x</a>")]
    [InlineData("<a href=\"{{ subscriber.name }}\">x</a>")]
    public void ASlotInRawHtmlMayNotChooseTheHost(string body) =>
        Assert.Contains("slot", Assert.Single(
            Assert.IsType<RenderOutcome.Refused>(EditionRenderer.Render(Rendered.Request(Rendered.Edition(body), Rendered.Newsletter with { RawHtml = true }))).Problems,
            problem => problem.Severity == RenderSeverity.Error).Message, StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("\"><svg/onload=alert(1)>")]
    public void AttacksInEveryValueOfAProfileAreInert(string attack)
    {
        var newsletter = Rendered.Newsletter with { Name = attack, PostalAddress = attack + "\n" + attack };
        var edition = Rendered.Of(Rendered.Edition("Text {{ newsletter.name }}", $"title: '{attack}'\nauthor: '{attack}'\npreheader: '{attack}'"), newsletter).Edition;

        AssertInert(Page(edition));
    }

    private static void AssertInert(string markdown)
    {
        foreach (var newsletter in new[] { Rendered.Newsletter, Rendered.Newsletter with { RawHtml = true } })
        {
            var edition = Rendered.Edition("x", "title: T\ntemplate: off") with { Body = markdown };
            if (EditionRenderer.Render(Rendered.Request(edition, newsletter)) is RenderOutcome.Rendered rendered)
                AssertInert(Page(rendered.Edition));
        }
    }

    private static void AssertInert(IDocument page)
    {
        Assert.Empty(page.QuerySelectorAll("script, iframe, object, embed, svg, math, form, input, link, base, .content style"));
        Assert.Equal(6, page.QuerySelectorAll("meta").Length);
        foreach (var attribute in page.All.SelectMany(element => element.Attributes))
        {
            Assert.False(attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase), attribute.Name);
            if (attribute.Name is "href" or "src")
                Assert.Matches("^(https?:|mailto:|#fn)", attribute.Value);
            if (attribute.Name == "style")
                Assert.DoesNotMatch("(?i)expression|url\\(|javascript", attribute.Value);
        }
    }

    private static IDocument Page(RenderedEdition edition) => new HtmlParser().ParseDocument(edition.FillHtml(Rendered.Ana));
}
