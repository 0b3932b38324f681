using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>Measured links and the picture of an opened mail, on the real server.</summary>
public sealed class ClickPagesTests : IAsyncLifetime
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";

    private ServerUnderTest _server = null!;
    private HttpClient _reader = null!;
    private KeyRing _keys = null!;
    private long _issue;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _reader = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = _server.Client.BaseAddress };
        _keys = _server.Services.GetRequiredService<KeyRing>();
        var newsletter = await Some.NewsletterAsync(_server.Database, draft => draft with { Measuring = new NewsletterMeasuring { Clicks = "individual", Opens = true } });
        await Some.SubscribersAsync(_server.Database, newsletter, 2);
        var edition = await Some.EditionAsync(_server.Database, newsletter, "[a](https://example.org/a?x=1&y=%22#z) [b](https://exämple.org/ü) [c](https://example.org/c) [d](https://example.org/d)");
        await Some.DueAsync(_server.Database, edition);
        await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default);
        _issue = await _server.Database.ScalarAsync<long>("select id from issues");
        await _server.Database.ExecuteAsync("update deliveries set status = 'accepted', updated_at = now() - interval '1 hour'");
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        await _server.DisposeAsync();
    }

    private string Token(long reader) => new ClickToken(_issue, reader).Sign(_keys, _keys.ActiveKey);

    private async Task<string> LinkAsync(long reader, int link) => $"/c/{Token(reader)}.{await NumberedLinks.OfAsync(_server.Database, _issue, link)}";

    private async Task<HttpResponseMessage> AskAsync(string path, string method = "GET", string agent = Browser)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        return await _reader.SendAsync(request);
    }

    private Task<string?> SumsAsync() => _server.Database.ScalarAsync<string>("select coalesce(sum(human), 0) || ' ' || coalesce(sum(machine), 0) from clicks");

    [Fact]
    public async Task ALinkLeadsToWhatIsStoredAndLeaksNothing()
    {
        using var answer = await AskAsync(await LinkAsync(1, 1));

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("https://example.org/a?x=1&y=%22#z", answer.Headers.GetValues("Location").Single());
        Assert.Equal(("no-referrer", "no-store"), (answer.Headers.GetValues("Referrer-Policy").Single(), answer.Headers.CacheControl!.ToString()));
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        using var other = await AskAsync(await LinkAsync(1, 2));
        Assert.Equal("https://xn--exmple-cua.org/%C3%BC", other.Headers.GetValues("Location").Single());
        Assert.Equal("2 0", await SumsAsync());
    }

    [Fact]
    public async Task AScannerOnEveryLinkIsCountedAsOne()
    {
        // STANDARDS S12: GET and HEAD on every link, twice, with a browser's name.
        for (var round = 0; round < 2; round++)
            for (var link = 1; link <= 4; link++)
                foreach (var method in (string[])["HEAD", "GET"])
                {
                    using var answer = await AskAsync(await LinkAsync(1, link), method);
                    Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
                }

        Assert.Equal("0 16", await SumsAsync());
        Assert.Equal(0L, await _server.Database.ScalarAsync<long>("select count(*) from engagement where clicked_issue is not null"));
        Assert.Equal(2L, await _server.Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'active'"));
    }

    [Fact]
    public async Task WhatIsNoLinkOfOursLeadsNowhere()
    {
        var unsubscribe = new UnsubscribeToken(1, 1, _issue).Sign(_keys, _keys.ActiveKey);
        foreach (var path in (string[])[$"/c/{Token(1)}.1", $"/c/{Token(1)}.2-0123456789", $"/c/{Token(1)}.5", $"/c/{Token(1)}.0", $"/c/{Token(1)}", "/c/x", "/c/k1.AAAA.1", $"/c/{unsubscribe}.1", $"/c/{Token(1)}.99999999999", "/c/https:%2F%2Fevil.test.1"])
        {
            using var answer = await AskAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Location"));
        }

        Assert.Equal("0 0", await SumsAsync());
    }

    [Fact]
    public async Task WhatWasFollowedOfLateStillLeadsThereWhileNothingCanBeCounted()
    {
        using var before = await AskAsync(await LinkAsync(1, 1));
        await _server.Database.ExecuteAsync("alter table clicks rename to gone; alter table opens rename to gone_too");

        using var link = await AskAsync(await LinkAsync(2, 1));
        using var picture = await AskAsync($"/o/{Token(2)}.gif");

        Assert.Equal((HttpStatusCode.Found, "https://example.org/a?x=1&y=%22#z"), (link.StatusCode, link.Headers.GetValues("Location").Single()));
        Assert.Equal(HttpStatusCode.OK, picture.StatusCode);
    }

    [Fact]
    public async Task ThePictureIsGivenAndCountedByWhoLoadsIt()
    {
        foreach (var agent in (string[])[Browser, "Mozilla/5.0", "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "curl/8"])
        {
            using var answer = await AskAsync($"/o/{Token(2)}.gif", agent: agent);
            Assert.Equal((HttpStatusCode.OK, "image/gif", "no-store"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, answer.Headers.CacheControl!.ToString()));
            Assert.StartsWith("GIF89a", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var broken = await AskAsync("/o/x.gif");
        Assert.Equal(HttpStatusCode.NotFound, broken.StatusCode);
        Assert.Equal("1 2 1", await _server.Database.ScalarAsync<string>("select human || ' ' || proxy || ' ' || machine from opens"));
    }

    [Fact]
    public async Task TheCountsAreToldByTheApi()
    {
        using var first = await AskAsync(await LinkAsync(1, 1));
        using var second = await AskAsync(await LinkAsync(2, 1), agent: "curl/8");
        using var opened = await AskAsync($"/o/{Token(2)}.gif");

        var links = JsonNode.Parse(await _server.Client.GetStringAsync($"/api/issues/{_issue}/links"))!;
        Assert.Equal(("https://example.org/a?x=1&y=%22#z", 1, 1, 1), ((string)links["items"]![0]!["url"]!, (int)links["items"]![0]!["readers"]!, (int)links["items"]![0]!["clicks"]!, (int)links["items"]![0]!["machine_clicks"]!));
        Assert.Equal((1, 1, 4), ((int)links["readers"]!, (int)links["opens"]!["readers"]!, links["items"]!.AsArray().Count));
        var page = JsonNode.Parse(await _server.Client.GetStringAsync($"/api/issues/{_issue}/clicks?limit=1"))!;
        Assert.Equal((1, 1), ((int)page["items"]![0]!["subscriber"]!, (int)page["items"]![0]!["links"]![0]!["clicks"]!));
        var rest = JsonNode.Parse(await _server.Client.GetStringAsync($"/api/issues/{_issue}/clicks?limit=1&after={(string)page["next"]!}"))!;
        Assert.Equal((2, "agent"), ((int)rest["items"]![0]!["subscriber"]!, (string)rest["items"]![0]!["links"]![0]!["machine_reason"]!));
        Assert.Null(rest["next"]);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.GetAsync("/api/issues/999/links")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.GetAsync("/api/issues/999/clicks")).StatusCode);
        using var narrow = await _server.ClientWithScopesAsync(Scopes.ReadIssues);
        Assert.Equal(HttpStatusCode.Forbidden, (await narrow.GetAsync($"/api/issues/{_issue}/clicks")).StatusCode);
    }

    [Fact]
    public async Task WhatIsWrongWithASettingIsToldByItsField()
    {
        using var refused = await _server.Client.PutAsJsonAsync("/api/newsletters/1", new
        {
            name = "The Tea",
            from_address = "tea@example.com",
            measuring = new { clicks = "all", opens = true, utm = new { source = "{{ subscriber.address }}", hosts = new[] { "x y" } } },
        });

        var errors = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["errors"]!.AsObject();
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(["measuring.clicks", "measuring.utm.hosts", "measuring.utm.source"], errors.Select(error => error.Key).Order(StringComparer.Ordinal));
        using var taken = await _server.Client.PutAsJsonAsync("/api/newsletters/1", new { name = "The Tea", from_address = "tea@example.com", measuring = new { clicks = "anonymous" } });
        Assert.Equal("anonymous", (string)JsonNode.Parse(await taken.Content.ReadAsStringAsync())!["measuring"]!["clicks"]!);
    }
}
