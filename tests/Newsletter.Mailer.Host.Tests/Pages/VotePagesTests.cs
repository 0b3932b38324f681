using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Deque.AxeCore.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>Voting, on the real server.</summary>
public sealed class VotePagesTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private ServerUnderTest _server = null!;
    private HttpClient _reader = null!;
    private KeyRing _keys = null!;
    private long _issue;
    private NumberedLink[] _polls = [];

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _reader = _server.ClientWith(null);
        _keys = _server.Services.GetRequiredService<KeyRing>();
        var newsletter = await Some.NewsletterAsync(_server.Database);
        await Some.SubscribersAsync(_server.Database, newsletter, 3);
        var edition = await Some.EditionAsync(_server.Database, newsletter, """
            :::poll How was <b>it</b>? {closes=2099-12-31}
            - 😍 Loved it
            - Fine & dandy
            :::

            :::poll And this? {anonymous}
            - Yes
            - No
            :::
            """);
        await Some.DueAsync(_server.Database, edition);
        await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default);
        _issue = await _server.Database.ScalarAsync<long>("select id from issues");
        _polls = [await NumberedLinks.OfPollAsync(_server.Database, _issue, 1), await NumberedLinks.OfPollAsync(_server.Database, _issue, 2)];
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        await _server.DisposeAsync();
    }

    private string Link(long reader, int poll = 1, int? choice = 2) =>
        $"/vote/{new VoteToken(_issue, reader).Sign(_keys, _keys.ActiveKey)}.{_polls.ElementAtOrDefault(poll - 1)}{(choice is null ? "" : $".{choice}")}";

    private Task<HttpResponseMessage> PostAsync(string link, string? choice, string? comment = null)
    {
        var fields = new Dictionary<string, string>();
        if (choice is not null)
            fields["choice"] = choice;
        if (comment is not null)
            fields["comment"] = comment;
        return _reader.PostAsync(link, new FormUrlEncodedContent(fields));
    }

    private Task<long> CountAsync() => _server.Database.ScalarAsync<long>("select count(*) from votes");

    [Fact]
    public async Task ScannersDoNotVote()
    {
        // STANDARDS S12: GET and HEAD on every link, twice.
        for (var round = 0; round < 2; round++)
            foreach (var link in (string[])[Link(1, 1, 1), Link(1, 1, 2), Link(1, 2, 1), Link(1, 2, 2)])
            {
                using var shown = await _reader.GetAsync(link);
                using var head = await _reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, link));
                Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (shown.StatusCode, head.StatusCode));
                Assert.Contains(" checked", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }

        Assert.Equal(0L, await CountAsync());
    }

    [Fact]
    public async Task WhatTheLinkNamesIsTickedAndAPostCounts()
    {
        var shown = await _reader.GetStringAsync(Link(1));
        Assert.Contains("""value="2" required checked>""", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>it</b>", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"plain results\"", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(" checked", await _reader.GetStringAsync(Link(1, choice: null)), StringComparison.Ordinal);
        Assert.DoesNotContain(" checked", await _reader.GetStringAsync(Link(1, choice: 9)), StringComparison.Ordinal);

        using var voted = await PostAsync(Link(1), "1", "Well <done>");
        using var other = await PostAsync(Link(2), "2");

        Assert.Equal(HttpStatusCode.OK, voted.StatusCode);
        Assert.False(voted.Headers.Contains("Set-Cookie"));
        var page = await other.Content.ReadAsStringAsync();
        Assert.Contains("Thank you. Your vote counts.", page, StringComparison.Ordinal);
        Assert.Contains("50 %", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Well", page, StringComparison.Ordinal);
        var again = await _reader.GetStringAsync(Link(1, choice: null));
        Assert.Contains("""value="1" required checked>""", again, StringComparison.Ordinal);
        Assert.Contains("Well &lt;done&gt;", again, StringComparison.Ordinal);
        Assert.Contains("Change my vote", again, StringComparison.Ordinal);
        using var changed = await PostAsync(Link(1), "2");
        Assert.Contains("100 %", await changed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(2L, await CountAsync());
    }

    [Fact]
    public async Task WhatCannotBeCountedIsTold()
    {
        foreach (var nonsense in (string?[])[null, "", "3", "-1", "x", "99999999999"])
        {
            using var refused = await PostAsync(Link(1), nonsense);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("Please choose one.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        foreach (var broken in (string[])["/vote/x", "/vote/k1.x.1.1", Link(1).Replace(_polls[0].ToString(), "1", StringComparison.Ordinal), Link(1).Replace(_polls[0].ToString(), "1-0123456789", StringComparison.Ordinal), Link(999), Link(1, 3), Link(1) + ".1"])
        {
            using var get = await _reader.GetAsync(broken);
            using var post = await PostAsync(broken, "1");
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (get.StatusCode, post.StatusCode));
        }

        using var json = await _reader.PostAsync(Link(1), JsonContent.Create(new { choice = 1 }));
        Assert.Equal(HttpStatusCode.BadRequest, json.StatusCode);
        Assert.Equal(0L, await CountAsync());
    }

    [Fact]
    public async Task ATestsLinksWorkAndCountNothing()
    {
        var link = $"/vote/{new VoteToken(0, 0).Sign(_keys, _keys.ActiveKey)}.1.1";

        Assert.Contains("This was a test mail.", await _reader.GetStringAsync(link), StringComparison.Ordinal);
        using var post = await PostAsync(link, "1");
        Assert.Contains("no vote is counted", await post.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePollsAreShownAndClosedByTheApi()
    {
        using var first = await PostAsync(Link(1), "1", "Hello");
        using var second = await PostAsync(Link(2, 2), "2");
        var polls = JsonNode.Parse(await _server.Client.GetStringAsync($"/api/issues/{_issue}/polls"))!["items"]!.AsArray();
        Assert.Equal(["How was <b>it</b>?", "And this?"], polls.Select(poll => (string)poll!["question"]!));
        Assert.Equal((1, 1, 1, "open", false), ((int)polls[0]!["options"]![0]!["votes"]!, (int)polls[0]!["votes"]!, (int)polls[0]!["comments"]!, (string)polls[0]!["state"]!, (bool)polls[0]!["anonymous"]!));
        var votes = JsonNode.Parse(await _server.Client.GetStringAsync($"/api/issues/{_issue}/polls/1/votes?commented=true"))!["items"]!;
        Assert.Equal((1, "Hello"), ((int)votes[0]!["subscriber"]!, (string)votes[0]!["comment"]!));
        Assert.Null(JsonNode.Parse(await _server.Client.GetStringAsync($"/api/issues/{_issue}/polls/2/votes"))!["items"]![0]!["subscriber"]);

        using var closed = await _server.Client.PutAsJsonAsync($"/api/issues/{_issue}/polls/1/state", new { state = "closed" });
        Assert.Equal("closed", (string)JsonNode.Parse(await closed.Content.ReadAsStringAsync())!["state"]!);
        using var late = await PostAsync(Link(3), "1");
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        var page = await late.Content.ReadAsStringAsync();
        Assert.Contains("This poll is closed.", page, StringComparison.Ordinal);
        Assert.Contains("100 %", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<button", page, StringComparison.Ordinal);
        using var nonsense = await _server.Client.PutAsJsonAsync($"/api/issues/{_issue}/polls/1/state", new { state = "ajar" });
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
        foreach (var path in (string[])["999/polls", $"{_issue}/polls/3/votes", $"{_issue}/polls/99999/votes"])
            Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.GetAsync($"/api/issues/{path}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.PutAsJsonAsync($"/api/issues/{_issue}/polls/99999/state", new { state = "open" })).StatusCode);
    }

    [Theory]
    [Trait("Category", "Browser")]
    [InlineData("en", true)]
    [InlineData("ar", false)]
    public async Task InABrowserItIsReadableAndUsableOnAPhoneWithoutAScript(string language, bool dark)
    {
        using var _ = await PostAsync(Link(2), "1");
        // Axe is a script itself: a window without any uses the page, another looks at it.
        await using var strict = await browser.OpenAsync(320, dark ? ColorScheme.Dark : ColorScheme.Light, scripts: false);
        await using var looking = await browser.OpenAsync(320, dark ? ColorScheme.Dark : ColorScheme.Light);
        var page = await strict.NewPageAsync();
        var looked = await looking.NewPageAsync();
        // Axe brings its own script, which the page's policy would not let run.
        await looked.RouteAsync("**", async route =>
        {
            var answer = await route.FetchAsync();
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = answer.Headers.Where(header => header.Key != "content-security-policy") });
        });

        var url = new Uri(_server.Url, $"{Link(1)}?lang={language}").ToString();
        await page.GotoAsync(url);
        await looked.GotoAsync(url);
        await CheckAsync(looked, language);
        await page.GetByRole(AriaRole.Button, new() { Name = Phrases.For(language).Text("vote.button") }).ClickAsync();
        await page.GetByText(Phrases.For(language).Text("vote.thanks")).WaitForAsync();
        // In the window whose policy holds: reader 2 chose the first, this one the second.
        var widths = new List<float>();
        foreach (var bar in await page.Locator("svg.bar").AllAsync())
            widths.Add((await bar.Locator("rect").BoundingBoxAsync())!.Width / (await bar.BoundingBoxAsync())!.Width);
        Assert.Equal(2, widths.Count);
        Assert.All(widths, width => Assert.InRange(width, 0.45, 0.55));
        await looked.GotoAsync(url);
        await looked.GetByRole(AriaRole.Button).ClickAsync();
        await looked.GetByText(Phrases.For(language).Text("vote.thanks")).WaitForAsync();
        await CheckAsync(looked, language);
        Assert.Equal(2L, await CountAsync());
    }

    private static async Task CheckAsync(IPage page, string language)
    {
        Assert.Equal(language == "ar" ? "rtl" : "ltr", await page.Locator("html").GetAttributeAsync("dir"));
        Assert.Equal(320, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        var found = await page.RunAxe();
        Assert.True(found.Violations.Length == 0, string.Join("; ", found.Violations.Select(violation => $"{violation.Id}: {violation.Help}: {string.Join(", ", violation.Nodes.Select(node => node.Html))}")));
    }
}
