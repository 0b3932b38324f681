using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>Where the links of a mail lead: straight on, with UTM parameters, or by way of us.</summary>
public sealed class LinkTargetsTests
{
    private const string Body = """
        # Hello

        One [tea](https://example.org/tea), [the same](https://example.org/tea), [another](http://example.org/cup?x=1&y=2#top), [mail](mailto:a@example.org),
        [yours](https://example.org/for?name={{ subscriber.first_name | default: "you" }}), [on the web]({{ links.web }}), [leave]({{ links.unsubscribe }}).

        Bare: https://example.org/bare and [example.org/cup](https://example.org/cup2) and a note[^1].

        :::button https://example.org/go
        Go
        :::

        [^1]: See [there](https://example.org/note).
        """;

    private static readonly Recipient Ana = Rendered.Ana with { ClickToken = "k1.TOKEN" };

    private static RenderedEdition Render(NewsletterMeasuring? measuring, bool isMeasured = true, string body = Body, string frontMatter = "title: Hello\nnumber: 35\nslug: tea & more") =>
        Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Rendered.Request(
            Rendered.Edition(body, frontMatter.Replace("tea & more", "tea-and-more", StringComparison.Ordinal)), Rendered.Newsletter with { Measuring = measuring }) with
        { IsMeasured = isMeasured })).Edition;

    private static List<string> Links(RenderedEdition edition) =>
        [.. new HtmlParser().ParseDocument(edition.FillHtml(Ana)).QuerySelectorAll("a[href]").Select(link => link.GetAttribute("href")!)];

    [Fact]
    public void WithMeasuringOffNoLinkOfAMailCanBeTracedButLeaving()
    {
        foreach (var measuring in (NewsletterMeasuring?[])[null, new() { Clicks = "off" }, new() { Clicks = "off", Opens = true }])
        {
            var edition = Render(measuring);
            var (ana, bo) = (Ana, Ana with { Address = "bo@example.net", UnsubscribeUrl = "https://news.example.com/unsubscribe/k1.bo" });
            string[] Ways(Recipient reader) => [.. Regex.Matches(edition.FillHtml(reader) + edition.FillText(reader), "https?://[^\\s\"<)]+").Select(url => url.Value)];

            Assert.Equal(["https://news.example.com/unsubscribe/k1.abc"], Ways(ana).Except(Ways(bo)));
            Assert.DoesNotContain("news.example.com/c/", edition.FillHtml(ana) + edition.FillText(ana), StringComparison.Ordinal);
            Assert.DoesNotContain("news.example.com/o/", edition.FillHtml(ana), StringComparison.Ordinal);
            Assert.Empty(edition.MeasuredLinks);
        }
    }

    [Fact]
    public void EachAddressIsOneMeasuredLinkInBothParts()
    {
        var edition = Render(new NewsletterMeasuring { Clicks = "individual" });

        Assert.Equal(
            ["https://example.org/tea", "http://example.org/cup?x=1&y=2#top", "https://news.example.com/n/the-tide-table/archive/tea-and-more", "https://example.org/go", "https://example.org/note"],
            edition.MeasuredLinks);
        var links = Links(edition);
        Assert.Equal(
            ((int[])[1, 1, 2, 3, 4, 5]).Select(number => $"https://news.example.com/c/k1.TOKEN.{NumberedLink.To(number, edition.MeasuredLinks[number - 1])}"),
            links.Where(link => link.Contains("/c/", StringComparison.Ordinal)));
        // What leads each reader elsewhere, is no page, or names its address to the reader leads there.
        Assert.All(
            (string[])["mailto:a@example.org", "https://example.org/for?name=Ana", "https://news.example.com/unsubscribe/k1.abc", "https://example.org/bare", "https://example.org/cup2"],
            straight => Assert.Contains(straight, links));
        var text = edition.FillText(Ana);
        for (var number = 1; number <= 5; number++)
            Assert.Contains($"https://news.example.com/c/k1.TOKEN.{number}", text, StringComparison.Ordinal);
        Assert.Contains("https://example.org/bare", text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://example.org/tea", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ATestOrPreviewLeadsStraight() =>
        Assert.DoesNotContain(Links(Render(new NewsletterMeasuring { Clicks = "individual", Opens = true }, isMeasured: false)), link => link.Contains("/c/", StringComparison.Ordinal));

    [Fact]
    public void WhereNobodyIsToKnowWhoFollowedALinkAllGetTheSame()
    {
        var variant = Render(new NewsletterMeasuring { Clicks = "anonymous", Opens = true }).Variants[0];
        var headers = new IssueHeaders { IssueId = 35, Date = Rendered.Friday, ClickToken = "k1.ALL" };

        foreach (var message in (CompiledMessage[])[MessageCompiler.Compile(variant, headers), MessageCompiler.CompilePlain(variant, headers)])
        {
            Assert.False(message.MeasuresReaders);
            var stored = CompiledMessage.FromBytes(message.ToBytes()).Fill(Ana with { ClickToken = null });
            Assert.Contains("https://news.example.com/c/k1.ALL.1", Rendered.Parse(stored).TextBody, StringComparison.Ordinal);
        }

        var html = Rendered.Parse(MessageCompiler.Compile(variant, headers).Fill(Ana)).HtmlBody;
        Assert.Contains("https://news.example.com/c/k1.ALL.5", html, StringComparison.Ordinal);
        Assert.Contains("https://news.example.com/o/k1.ALL.gif", html, StringComparison.Ordinal);
        Assert.DoesNotContain("TOKEN", html, StringComparison.Ordinal);
    }

    [Fact]
    public void WhereReadersAreCountedEachHasALinkOfTheirOwn()
    {
        var message = MessageCompiler.Compile(
            Render(new NewsletterMeasuring { Clicks = "individual", Opens = true }).Variants[0], new IssueHeaders { IssueId = 35, Date = Rendered.Friday });

        Assert.True(message.MeasuresReaders);
        Assert.True(CompiledMessage.FromBytes(message.ToBytes()).MeasuresReaders);
        var picture = new HtmlParser().ParseDocument(Rendered.Parse(message.Fill(Ana)).HtmlBody!).QuerySelector("img:last-of-type")!;
        Assert.Equal(("https://news.example.com/o/k1.TOKEN.gif", "", "1", "1"), (picture.GetAttribute("src"), picture.GetAttribute("alt"), picture.GetAttribute("width"), picture.GetAttribute("height")));
    }

    [Fact]
    public void AChoiceKeepsItsLinksApart()
    {
        const string Chosen = "{% if subscriber.first_name %}[a](https://example.org/a){% else %}[b](https://example.org/b){% endif %} done";
        var message = MessageCompiler.Compile(
            Render(new NewsletterMeasuring { Clicks = "anonymous" }, body: Chosen).Variants[0], new IssueHeaders { IssueId = 35, Date = Rendered.Friday, ClickToken = "k1.ALL" });

        Assert.Contains("c/k1.ALL.1", Rendered.Parse(message.Fill(Ana)).HtmlBody, StringComparison.Ordinal);
        Assert.DoesNotContain("c/k1.ALL.2", Rendered.Parse(message.Fill(Ana)).HtmlBody, StringComparison.Ordinal);
        Assert.Contains("c/k1.ALL.2", Rendered.Parse(message.Fill(Ana with { FirstName = null, Name = null })).HtmlBody, StringComparison.Ordinal);
    }

    [Fact]
    public void UtmParametersGoWhereTheyAreMeantTo()
    {
        var rule = new UtmRule { Source = "{{ newsletter.slug }}", Medium = "email", Campaign = "no {{ edition.number }}", Hosts = ["example.org"] };
        var links = Links(Render(new NewsletterMeasuring { Clicks = "off", Utm = rule }, body: """
            [a](https://example.org/a) [b](https://www.example.org/b?x=1#f) [c](https://example.com/c) [own](https://example.org/d?utm_source=me) [q](https://example.org/?)
            [not](https://notexample.org/) [mail](mailto:a@example.org?subject=x) <https://example.org/auto>
            """));

        const string Added = "utm_source=the-tide-table&utm_medium=email&utm_campaign=no%2035";
        Assert.Equal(
            [
                $"https://example.org/a?{Added}", $"https://www.example.org/b?x=1&{Added}#f", "https://example.com/c", "https://example.org/d?utm_source=me", $"https://example.org/?{Added}",
                "https://notexample.org/", "mailto:a@example.org?subject=x", $"https://example.org/auto?{Added}",
            ],
            links.Take(8));
    }

    [Fact]
    public void AnAddressInOtherLettersIsStoredInTheOneSpellingThatCanBeSent()
    {
        var edition = Render(new NewsletterMeasuring { Clicks = "individual" }, body: "[ü](https://exämple.org/straße?q=日本#ä)");

        Assert.Equal(["https://xn--exmple-cua.org/stra%C3%9Fe?q=%E6%97%A5%E6%9C%AC#%C3%A4"], edition.MeasuredLinks);
    }

    [Fact]
    public void TheWebEditionLeadsStraight()
    {
        var web = Render(new NewsletterMeasuring { Clicks = "individual", Opens = true }).ToWeb();

        Assert.Contains("https://example.org/tea", web.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/c/", web.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/o/", web.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAuthorCannotWriteTheToken() =>
        Assert.Contains("Unknown name \"message.click\"", Rendered.Problems("Hi {{ message.click }}")[0].Message, StringComparison.Ordinal);
}
