using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using AngleSharp.Html.Parser;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>The web edition, feeds and sitemap on the real server.</summary>
public sealed class EditionPagesTests : PublishedEditionsTest
{
    [Fact]
    public async Task TheEditionIsAPageBetweenItsNeighbours()
    {
        foreach (var title in (string[])["Low water", "High </script><script>alert(1)</script> water", "Slack water"])
            await PublishAsync("Dear {{ subscriber.first_name | default: \"friend\" }}, [leave]({{ links.unsubscribe }}).", $"title: '{title}'\nauthor: Mo <i>\npreheader: \"Say \\\"tide\\\"\"", title.Split(' ')[0].ToLowerInvariant());

        using var answer = await Reader.GetAsync("/n/tea/archive/high");
        var page = await ReadAsync(answer);

        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("High </script><script>alert(1)</script> water", page.QuerySelector("h1")!.TextContent);
        Assert.Equal("Dear friend, leave.", page.QuerySelector(".text p")!.TextContent);
        Assert.Equal("By Mo <i>", page.QuerySelector(".byline")!.TextContent);
        Assert.DoesNotContain("/unsubscribe/", page.DocumentElement.OuterHtml, StringComparison.Ordinal);
        Assert.Equal(("/n/tea/archive/low", "/n/tea/archive/slack"), (Href(page, ".near a[rel=prev]"), Href(page, ".near a[rel=next]")));
        Assert.Equal((Root + "/n/tea/archive/low", Root + "/n/tea/archive/slack"), (Href(page, "link[rel=prev]"), Href(page, "link[rel=next]")));
        Assert.Equal(Root + "/n/tea/archive/high", Href(page, "link[rel=canonical]"));
        Assert.Equal([Root + "/n/tea/feed.xml", Root + "/n/tea/feed.json"], page.QuerySelectorAll("link[rel=alternate]").Select(link => link.GetAttribute("href")));
        Assert.Equal("Say \"tide\"", Content(page, "meta[property='og:description']"));
        Assert.Equal(("article", Root + "/n/tea/archive/high"), (Content(page, "meta[property='og:type']"), Content(page, "meta[property='og:url']")));
        var data = JsonNode.Parse(page.QuerySelectorAll("script").Single().TextContent)!;
        Assert.Equal(("BlogPosting", page.QuerySelector("h1")!.TextContent, "Mo <i>", true), ((string?)data["@type"], (string?)data["headline"], (string?)data["author"]!["name"], (bool)data["isAccessibleForFree"]!));
        Assert.Equal(3, (await ReadAsync(await Reader.GetAsync("/n/tea/archive"))).QuerySelectorAll("main li a").Length);
        Assert.Null((await PageAsync("low")).QuerySelector("a[rel=prev]"));
        Assert.Null((await PageAsync("slack")).QuerySelector("a[rel=next]"));
    }

    [Fact]
    public async Task ItIsWhatWasSentWhateverBecomesOfTheDraft()
    {
        await PublishAsync("As sent.", slug: "one");
        await Server.Database.ExecuteAsync("update editions set source = replace(source, 'As sent', 'As rewritten')");

        Assert.Contains("As sent.", (await PageAsync("one")).Body!.TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/n/tea/archive/one")]
    [InlineData("/n/tea/archive")]
    [InlineData("/n/tea/feed.xml")]
    [InlineData("/n/tea/feed.json")]
    [InlineData("/feed.xml")]
    [InlineData("/sitemap.xml")]
    [InlineData("/robots.txt")]
    public async Task WhoeverHasItIsToldSoUntilItChanges(string path)
    {
        await PublishAsync("One.", slug: "one");
        using var first = await Reader.GetAsync(path);
        using var head = await Reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        var tag = first.Headers.ETag!;

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, head.StatusCode));
        Assert.Equal((tag, first.Content.Headers.ContentLength), (head.Headers.ETag, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.Equal("public, max-age=300", first.Headers.CacheControl!.ToString());
        Assert.StartsWith("default-src 'none'", first.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(("nosniff", "no-referrer", false), (first.Headers.GetValues("X-Content-Type-Options").Single(), first.Headers.GetValues("Referrer-Policy").Single(), first.Headers.Contains("X-Robots-Tag")));
        Assert.Equal(HttpStatusCode.NotModified, await AskAsync("If-None-Match", $"\"x\", W/{tag}"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("If-None-Match", "\"x\""));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("If-None-Match", "x y"));
        if (first.Content.Headers.LastModified is { } changed)
        {
            Assert.Equal(HttpStatusCode.NotModified, await AskAsync("If-Modified-Since", changed.ToString("R")));
            Assert.Equal(HttpStatusCode.OK, await AskAsync("If-Modified-Since", changed.AddSeconds(-1).ToString("R")));
        }

        await PublishAsync("Two.", slug: "two");
        Assert.Equal(path == "/robots.txt" ? HttpStatusCode.NotModified : HttpStatusCode.OK, await AskAsync("If-None-Match", tag.ToString()));

        async Task<HttpStatusCode> AskAsync(string header, string value)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation(header, value);
            using var answer = await Reader.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task OfAPremiumEditionThePageAndTheFeedsTellTitleAndWay()
    {
        await Some.SubscribersAsync(Server.Database, Newsletter, 1, tier: "premium");
        await PublishAsync("The secret is salt.", "title: Only for you\ntier: premium\npreheader: About salt", "paid");

        var page = await PageAsync("paid");
        Assert.Equal("Only for you", page.QuerySelector("h1")!.TextContent);
        Assert.Contains("premium readers", page.QuerySelector(".gate")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("About salt", page.QuerySelector(".lead")!.TextContent);
        Assert.Equal("/n/tea/subscribe?lang=en", Href(page, ".call a"));
        Assert.False((bool)JsonNode.Parse(page.QuerySelector("script")!.TextContent)!["isAccessibleForFree"]!);
        foreach (var path in (string[])["/n/tea/archive/paid", "/n/tea/archive", "/n/tea/feed.xml", "/n/tea/feed.json"])
        {
            var text = await Reader.GetStringAsync(path);
            Assert.Contains("Only for you", text, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WhatWasNotPublishedForEveryoneIsNotThere()
    {
        await PublishAsync("Public.", slug: "public");
        await Some.EditionAsync(Server.Database, Newsletter, "Draft.");
        await PublishAsync("Digest.", slug: "digest");
        await PublishAsync("Segment.", slug: "segment");
        await PublishAsync("Cancelled.", slug: "cancelled");
        await Server.Database.ExecuteAsync("update issues set kind = 'digest' where edition_id = (select id from editions where slug = 'digest')");
        await Server.Database.ExecuteAsync("update issues set segment = 'Some', segment_filter = 'tier = free' where edition_id = (select id from editions where slug = 'segment')");
        await Server.Database.ExecuteAsync("update issues set state = 'cancelled' where edition_id = (select id from editions where slug = 'cancelled')");

        foreach (var slug in (string[])["edition-2", "digest", "segment", "cancelled", "nope", "%00", "%F0%9F%8D%B5", "..%2fpublic"])
        {
            using var answer = await Reader.GetAsync($"/n/tea/archive/{slug}");
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{slug}: {answer.StatusCode}");
            Assert.NotEqual(true, answer.Headers.CacheControl?.Public);
        }

        foreach (var path in (string[])["/n/tea/archive", "/n/tea/feed.xml", "/n/tea/feed.json", "/sitemap.xml"])
        {
            var text = await Reader.GetStringAsync(path);
            Assert.Contains("archive/public", text, StringComparison.Ordinal);
            foreach (var slug in (string[])["edition-2", "digest", "segment", "cancelled"])
                Assert.DoesNotContain($"archive/{slug}", text, StringComparison.Ordinal);
        }

        Assert.Null((await PageAsync("public")).QuerySelector(".near"));
        using var nowhere = await Reader.GetAsync("/n/nope/archive/public");
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
    }

    [Fact]
    public async Task FeedsCarryTheWholeTextAndLinksThatWorkElsewhere()
    {
        await PublishAsync("Salt[^1] & <water>.\n\n[^1]: Of the sea. It says href=\"#x.", "title: A & B\nauthor: Mo\npreheader: Sea", "salt");
        await PublishAsync("Newer.", slug: "newer");

        var rss = XDocument.Parse(await Reader.GetStringAsync("/n/tea/feed.xml")).Root!.Element("channel")!;
        var items = rss.Elements("item").ToList();
        XNamespace content = "http://purl.org/rss/1.0/modules/content/", atom = "http://www.w3.org/2005/Atom", dc = "http://purl.org/dc/elements/1.1/";
        Assert.Equal(("Tea <b>&</b> \"Biscuits\"", Root + "/n/tea/archive", "en"), (rss.Element("title")!.Value, rss.Element("link")!.Value, rss.Element("language")!.Value));
        Assert.Equal((Root + "/n/tea/feed.xml", "self"), (rss.Element(atom + "link")!.Attribute("href")!.Value, rss.Element(atom + "link")!.Attribute("rel")!.Value));
        Assert.Equal([Root + "/n/tea/archive/newer", Root + "/n/tea/archive/salt"], items.Select(item => item.Element("guid")!.Value));
        Assert.Equal(("A & B", "Mo", "Sea"), (items[1].Element("title")!.Value, items[1].Element(dc + "creator")!.Value, items[1].Element("description")!.Value));
        Assert.EndsWith(" GMT", items[1].Element("pubDate")!.Value, StringComparison.Ordinal);
        AssertText(items[1].Element(content + "encoded")!.Value);

        var feed = JsonNode.Parse(await Reader.GetStringAsync("/n/tea/feed.json"))!;
        Assert.Equal(("https://jsonfeed.org/version/1.1", Root + "/n/tea/feed.json", Root + "/n/tea/archive"), ((string?)feed["version"], (string?)feed["feed_url"], (string?)feed["home_page_url"]));
        var item = feed["items"]![1]!;
        Assert.Equal((Root + "/n/tea/archive/salt", "A & B", "Sea", "Mo", "en"), ((string?)item["id"], (string?)item["title"], (string?)item["summary"], (string?)item["authors"]![0]!["name"], (string?)item["language"]));
        AssertText((string)item["content_html"]!);

        static void AssertText(string html)
        {
            var text = new HtmlParser().ParseDocument(html);
            Assert.Contains("Salt1 & <water>.", text.Body!.TextContent, StringComparison.Ordinal);
            Assert.Contains("href=\"#x.", text.Body!.TextContent, StringComparison.Ordinal);
            Assert.All(text.QuerySelectorAll("a"), link => Assert.StartsWith(Root + "/n/tea/archive/salt#fn", link.GetAttribute("href"), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task TheShortRoutesServeTheOnlyNewsletterElseListThem()
    {
        Assert.Equal(await Reader.GetStringAsync("/n/tea/feed.json"), await Reader.GetStringAsync("/feed.json"));
        await Some.NewsletterAsync(Server.Database, draft => draft with { Slug = "coffee", Name = "Coffee" });

        foreach (var file in (string[])["feed.xml", "feed.json"])
        {
            Assert.Contains($"href=\"/n/coffee/{file}?lang=en\"", await Reader.GetStringAsync($"/{file}"), StringComparison.Ordinal);
            using var missing = await Reader.GetAsync($"/n/nope/{file}");
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    [Fact]
    public async Task ANewsletterCanKeepSearchEnginesOut()
    {
        await PublishAsync("One.", slug: "one");
        XNamespace map = "http://www.sitemaps.org/schemas/sitemap/0.9";
        Assert.Equal(
            [$"{Root}/n/tea/archive", $"{Root}/n/tea/archive/one"],
            XDocument.Parse(await Reader.GetStringAsync("/sitemap.xml")).Root!.Elements(map + "url").Select(url => url.Element(map + "loc")!.Value));
        Assert.Contains($"Sitemap: {Root}/sitemap.xml", await Reader.GetStringAsync("/robots.txt"), StringComparison.Ordinal);

        var changed = await Server.Services.GetRequiredService<NewsletterStore>().UpdateAsync(Newsletter.Id, NewsletterDraft.Of(Newsletter) with { Indexed = false }, default);
        Assert.False(Assert.IsType<AudienceOutcome<NewsletterProfile>.Updated>(changed).Value.Indexed);

        Assert.DoesNotContain("<url", (await Reader.GetStringAsync("/sitemap.xml")).Replace("<urlset", "", StringComparison.Ordinal), StringComparison.Ordinal);
        foreach (var path in (string[])["/n/tea/archive", "/n/tea/archive/one", "/n/tea/feed.xml"])
        {
            using var answer = await Reader.GetAsync(path);
            Assert.Equal("noindex", answer.Headers.GetValues("X-Robots-Tag").Single());
        }

        Assert.Equal("noindex", Content(await PageAsync("one"), "meta[name=robots]"));
    }

    [Fact]
    public async Task WhatWasFrozenBeforePagesWereKeptIsMadeWhenAskedFor()
    {
        await PublishAsync("From an earlier version.", slug: "old");
        await PublishAsync("Can't be read any more.", slug: "broken");
        await Server.Database.ExecuteAsync("delete from issue_pages");
        await Server.Database.ExecuteAsync("update editions set source = 'x' where slug = 'broken'");

        Assert.Contains("From an earlier version.", (await PageAsync("old")).QuerySelector(".text")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("From an earlier version.", await Reader.GetStringAsync("/n/tea/feed.xml"), StringComparison.Ordinal);
        Assert.Contains("can’t be shown here", (await PageAsync("broken")).QuerySelector(".gate")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(2L, await Server.Database.ScalarAsync<long>("select count(*) from issue_pages"));
    }

    [Theory]
    [InlineData("ar", "ar", "rtl", "rtl", "بقلم")]
    [InlineData("ja", "ja", "ltr", "ltr", "前の号")]
    [InlineData("he", "en", "ltr", "rtl", "By ")]
    public async Task ThePageSpeaksTheEditionsLanguage(string language, string page, string direction, string text, string word)
    {
        await PublishAsync("First.", $"title: T\nlanguage: {language}", "first");
        await PublishAsync("Second.", $"title: T\nlanguage: {language}\nauthor: Mo", "second");
        var shown = await PageAsync("second");

        Assert.Equal((page, direction), (shown.DocumentElement.GetAttribute("lang"), shown.DocumentElement.GetAttribute("dir")));
        Assert.Equal((language, text), (shown.QuerySelector("article")!.GetAttribute("lang"), shown.QuerySelector("article")!.GetAttribute("dir")));
        Assert.Contains(word, shown.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
    }
}
