using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Host.Tests.Jobs;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>The pictures that editions' pages name for link previews, on the real server.</summary>
[Trait("Category", "Fonts")]
public sealed class CardPagesTests : PublishedEditionsTest
{
    private const string Image = "meta[property='og:image']";

    private static readonly string NoFonts = Path.Combine(AppContext.BaseDirectory, "no-fonts.conf");

    [Theory]
    [InlineData("title: 'High <b>&</b> \"water\"'")]
    [InlineData("title: Nur für euch\ntier: premium\nlanguage: de")]
    [InlineData("title: 'שלום עולם'\nlanguage: he")]
    public async Task ThePageNamesAPictureThatIsThere(string frontMatter)
    {
        await Some.SubscribersAsync(Server.Database, Newsletter, 1, tier: "premium");
        await PublishTitledAsync(frontMatter, "high");
        var page = await PageAsync("high");
        var address = Content(page, Image)!;

        Assert.Matches($"^{Root}/n/tea/archive/high/card-[0-9a-f]{{32}}\\.png$", address);
        Assert.Equal(("1200", "630", "image/png"), (Content(page, "meta[property='og:image:width']"), Content(page, "meta[property='og:image:height']"), Content(page, "meta[property='og:image:type']")));
        Assert.Equal(("summary_large_image", address), (Content(page, "meta[name='twitter:card']"), Content(page, "meta[name='twitter:image']")));
        Assert.Equal($"{page.QuerySelector("h1")!.TextContent} · Tea <b>&</b> \"Biscuits\" #1", Content(page, "meta[property='og:image:alt']"));
        var data = JsonNode.Parse(page.QuerySelectorAll("script").Single().TextContent)!["image"]!;
        Assert.Equal(("ImageObject", address, 1_200, 630), ((string?)data["@type"], (string?)data["url"], (int)data["width"]!, (int)data["height"]!));
        using var answer = await Reader.GetAsync(new Uri(address).PathAndQuery);
        Assert.Equal((HttpStatusCode.OK, "image/png"), (answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
        Assert.Equal((1_200, 630), SizeOf(await answer.Content.ReadAsByteArrayAsync()));
    }

    [Fact]
    public async Task ItMayBeKeptForEverAndHeadSaysTheSame()
    {
        await PublishTitledAsync("title: High water", "high");
        var path = await CardAsync("high");
        using var head = await Reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        using var answer = await Reader.GetAsync(path);

        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl!.ToString());
        Assert.Equal((answer.Headers.ETag, answer.Content.Headers.ContentLength, HttpStatusCode.OK), (head.Headers.ETag, head.Content.Headers.ContentLength, head.StatusCode));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.Equal(("nosniff", "cross-origin"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Cross-Origin-Resource-Policy").Single()));
        using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { answer.Headers.ETag! } } };
        using var known = await Reader.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    [Fact]
    public async Task AnotherHashLeadsToTheCardOfNowAndNonsenseNowhere()
    {
        await PublishTitledAsync("title: High water", "high");
        var before = await CardAsync("high");
        var tag = (await Reader.GetAsync("/n/tea/archive/high")).Headers.ETag;
        await Server.Database.ExecuteAsync("""update newsletters set design = '{"accent":"#0a5c36"}'""");
        var after = await CardAsync("high");

        Assert.NotEqual(before, after);
        Assert.NotEqual(tag, (await Reader.GetAsync("/n/tea/archive/high")).Headers.ETag);
        using var moved = await Reader.GetAsync(before);
        Assert.Equal((HttpStatusCode.Redirect, after, "public, max-age=300"), (moved.StatusCode, moved.Headers.Location!.OriginalString, moved.Headers.CacheControl!.ToString()));
        foreach (var hash in (string[])["", "x", new string('g', 32), new string('0', 31), new string('0', 33), new string('A', 32), "%00", "%F0%9F%8D%B5", "..%2f" + new string('0', 32)])
        {
            using var answer = await Reader.GetAsync($"/n/tea/archive/high/card-{hash}.png");
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{hash}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task WhatHasNoPageHasNoCard()
    {
        await PublishTitledAsync("title: High water", "high");
        await PublishTitledAsync("title: For some", "segment");
        await Some.EditionAsync(Server.Database, Newsletter, "Draft.");
        var (hash, some) = ((await CardAsync("high")).Split('-')[^1], (await CardAsync("segment")).Split('-')[^1]);
        await Server.Database.ExecuteAsync("update issues set segment = 'Some', segment_filter = 'tier = free' where edition_id = (select id from editions where slug = 'segment')");

        foreach (var path in (string[])[$"/n/tea/archive/segment/card-{some}", $"/n/tea/archive/edition-3/card-{hash}", $"/n/tea/archive/nope/card-{hash}", $"/n/nope/archive/high/card-{hash}", $"/n/%00/archive/high/card-{hash}"])
        {
            using var answer = await Reader.GetAsync(path);
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task WhatSearchEnginesMayNotListTheyMayNotListAsAPictureEither()
    {
        await PublishTitledAsync("title: High water", "high");
        await Server.Database.ExecuteAsync("update newsletters set indexed = false");
        using var answer = await Reader.GetAsync(await CardAsync("high"));
        Assert.Equal("noindex", answer.Headers.GetValues("X-Robots-Tag").Single());
    }

    [Fact]
    public async Task ATitleThatNoFontCanWriteHasAPageWithoutACard()
    {
        await PublishTitledAsync("title: 'High \U00031350'", "high");
        AssertCardless(await PageAsync("high"));
    }

    [Fact]
    public async Task WithoutAnyFontPagesAreWithoutACardAndTheLogSaysSoOnce()
    {
        await PublishTitledAsync("title: High water", "high");
        await PublishTitledAsync("title: Low water", "low");
        var card = await CardAsync("high");
        await File.WriteAllTextAsync(NoFonts, "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig><dir>/nonexistent</dir></fontconfig>");
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Take()}");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["FONTCONFIG_FILE"] = NoFonts,
            ["Web__Urls"] = url,
            ["Inbox__Enabled"] = "false",
            ["Logging__LogLevel__Default"] = "Warning",
            ["ConnectionStrings__Newsletter"] = Server.Database.ConnectionString,
            ["Links__Keys__k1"] = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(i => (byte)i)]),
        };
        using var bare = Testing.ProgramProcess.Start(environment, "serve", "--role", "web");
        using var reader = new HttpClient { BaseAddress = new Uri(url) };
        await Workers.UntilAsync(() => bare.HasExited ? throw new InvalidOperationException(bare.Said) : AnswersAsync(reader), "a server that answers", TimeSpan.FromSeconds(60));

        foreach (var slug in (string[])["high", "low", "high"])
            AssertCardless(new HtmlParser().ParseDocument(await reader.GetStringAsync($"/n/tea/archive/{slug}")));
        using var missing = await reader.GetAsync(card);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        await Workers.UntilAsync(() => Task.FromResult(bare.Said.Contains("no installed font has the letter U+0048", StringComparison.Ordinal)), "a line about it", TimeSpan.FromSeconds(20));
        Assert.Single(bare.Said.Split('\n'), line => line.Contains("no installed font", StringComparison.Ordinal));
    }

    private static void AssertCardless(IDocument page)
    {
        Assert.Null(page.QuerySelector(Image));
        Assert.Equal("summary", Content(page, "meta[name='twitter:card']"));
        Assert.Null(JsonNode.Parse(page.QuerySelectorAll("script").Single().TextContent)!["image"]);
    }

    // Nobody listens at first.
    private static async Task<bool> AnswersAsync(HttpClient reader)
    {
        try
        {
            using var answer = await reader.GetAsync("/health/live");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task PublishTitledAsync(string frontMatter, string slug) => PublishAsync("The text.", frontMatter, slug);

    private async Task<string> CardAsync(string slug) => new Uri(Content(await PageAsync(slug), Image)!).PathAndQuery;

    // PNG §11.2.2: IHDR stands first.
    private static (int Width, int Height) SizeOf(byte[] png) => (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
}
