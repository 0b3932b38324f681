using System.Net;
using System.Text;
using Deque.AxeCore.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>Leaving, and the archive, on the real server.</summary>
public sealed class LeavingTests : IAsyncLifetime
{
    private ServerUnderTest _server = null!;
    private HttpClient _reader = null!;
    private long _newsletter;
    private long _subscriber;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _reader = _server.ClientWith(null);
        var newsletter = await Some.NewsletterAsync(_server.Database, draft => draft with { Name = "Tea <b>&</b> Biscuits" });
        _newsletter = newsletter.Id;
        _subscriber = (await Some.SubscribersAsync(_server.Database, newsletter, 1))[0];
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        await _server.DisposeAsync();
    }

    private string Link(long issue = 35, long? subscriber = null)
    {
        var keys = _server.Services.GetRequiredService<KeyRing>();
        return "/unsubscribe/" + new UnsubscribeToken(_newsletter, subscriber ?? _subscriber, issue).Sign(keys, keys.ActiveKey);
    }

    private Task<string?> StatusAsync() => _server.Database.ScalarAsync<string>("select status from subscriptions where subscriber_id = $1", _subscriber);

    [Fact]
    public async Task LookingAtTheLinkChangesNothingHoweverOften()
    {
        // STANDARDS S12: scanners follow every link of a mail, by GET and by HEAD, more than once.
        for (var i = 0; i < 2; i++)
        {
            using var shown = await _reader.GetAsync(Link());
            using var head = await _reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, Link()));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (shown.StatusCode, head.StatusCode));
            Assert.Contains("<button", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal("active", await StatusAsync());
    }

    [Fact]
    public async Task NothingIsOfferedThatIsNotThere()
    {
        await _server.Database.ExecuteAsync("update newsletters set digests = false");
        var keys = _server.Services.GetRequiredService<KeyRing>();
        foreach (var words in Phrases.All)
            foreach (var path in (string[])[Link(), $"/preferences/{new PreferencesToken(_subscriber).Sign(keys, keys.ActiveKey)}"])
            {
                var page = await _reader.GetStringAsync($"{path}?lang={words.Language}");
                Assert.Contains("pause", page, StringComparison.Ordinal);
                Assert.DoesNotContain("digest", page, StringComparison.OrdinalIgnoreCase);
            }

        using var stale = await _reader.PostAsync(Link() + "?digest", null);
        Assert.Contains("<button", await stale.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("every", await FrequencyAsync());
    }

    [Fact]
    public async Task ADigestIsOfferedInThePlaceOfLeavingAndOnlyOnce()
    {
        Assert.Contains("?digest", await _reader.GetStringAsync(Link()), StringComparison.Ordinal);

        using var taken = await _reader.PostAsync(Link() + "?digest&lang=de", null);

        Assert.Contains("Ab jetzt eine Übersicht im Monat.", await taken.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(("active", "digest"), (await StatusAsync(), await FrequencyAsync()));
        Assert.DoesNotContain("?digest", await _reader.GetStringAsync(Link()), StringComparison.Ordinal);
    }

    private Task<string?> FrequencyAsync() => _server.Database.ScalarAsync<string>("select frequency from subscriptions where subscriber_id = $1", _subscriber);

    public static TheoryData<string> Bodies => new("urlencoded", "multipart", "empty");

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task OneClickLeavesWithoutCookieOrRedirectAndTwiceIsNoError(string kind)
    {
        for (var i = 0; i < 2; i++)
        {
            using HttpContent body = kind switch
            {
                "urlencoded" => new StringContent("List-Unsubscribe=One-Click", Encoding.ASCII, "application/x-www-form-urlencoded"),
                "multipart" => new MultipartFormDataContent { { new StringContent("One-Click"), "List-Unsubscribe" } },
                _ => new ByteArrayContent([]),
            };
            using var answer = await _reader.PostAsync(Link(issue: 35), body);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }

        Assert.Equal("unsubscribed", await StatusAsync());
        Assert.Equal("one_click", await _server.Database.ScalarAsync<string>("select unsubscribed_by from subscriptions where subscriber_id = $1", _subscriber));
        Assert.Equal(35, await _server.Database.ScalarAsync<long>("select unsubscribed_issue from subscriptions where subscriber_id = $1", _subscriber));
    }

    [Fact]
    public async Task AReaderErasedLongAgoIsToldTheSame()
    {
        using var answer = await _reader.PostAsync(Link(subscriber: 999_999), null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task TheLinkOfATestMailSaysThatItIsOne()
    {
        Assert.Contains("test mail", await _reader.GetStringAsync(Link(issue: 0, subscriber: 0)), StringComparison.Ordinal);
        using var posted = await _reader.PostAsync(Link(issue: 0, subscriber: 0), null);
        Assert.Contains("test mail", await posted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("active", await StatusAsync());
    }

    [Theory]
    [InlineData("/unsubscribe/k1.bad")]
    [InlineData("/unsubscribe/k1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("/unsubscribe/x")]
    [InlineData("/unsubscribe/%00%ff")]
    public async Task AForgedOrDamagedLinkIsAPageThatSaysWhatToDo(string path)
    {
        using var shown = await _reader.GetAsync(path);
        using var posted = await _reader.PostAsync(path, null);
        Assert.True(shown.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{shown.StatusCode}");
        Assert.True(posted.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{posted.StatusCode}");
        Assert.Equal("active", await StatusAsync());
    }

    [Fact]
    public async Task APagesOfAReaderTellNobodyWhereTheyWere()
    {
        using var shown = await _reader.GetAsync(Link());
        Assert.Equal("no-referrer", string.Join(",", shown.Headers.GetValues("Referrer-Policy")));
        Assert.Contains("default-src 'none'", string.Join(",", shown.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheArchiveListsWhatWasSentAndTheShortRouteServesTheOnlyNewsletter()
    {
        Assert.Contains("not been published", await _reader.GetStringAsync("/n/tea/archive"), StringComparison.Ordinal);
        await _server.Database.ExecuteAsync("""
            with edition as (
                insert into editions (newsletter_id, number, slug, title, subject, source, state) values ($1, 7, 'x', 'A <i>kettle</i>', 'x', 'x', 'published') returning id)
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce)
            select id, $1, 1, 'finished', 'k1', '2026-03-27T08:00:00Z', 'n' from edition
            """, _newsletter);

        var page = await _reader.GetStringAsync("/n/tea/archive");
        Assert.Contains("March 27, 2026", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/n/tea/archive/x\"><bdi>#7 A &lt;i&gt;kettle&lt;/i&gt;</bdi></a>", page, StringComparison.Ordinal);
        Assert.Equal(page, await _reader.GetStringAsync("/archive"));
        var german = await _reader.GetStringAsync("/n/tea/archive?lang=de");
        Assert.Contains("<html lang=\"de\"", german, StringComparison.Ordinal);
        Assert.Contains("27. März 2026", german, StringComparison.Ordinal);
        using var missing = await _reader.GetAsync("/n/coffee/archive");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    [Trait("Category", "Browser")]
    public async Task ThePageIsAccessibleAndItsButtonLeavesWithoutAScript()
    {
        var browser = new Browser();
        await browser.InitializeAsync();
        try
        {
            var link = new Uri(_server.Url, Link()).ToString();
            foreach (var colors in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await using var looking = await browser.OpenAsync(375, colors);
                var looked = await looking.NewPageAsync();
                // Axe brings its own script, which the page's policy would not let run.
                await looked.RouteAsync("**", async route =>
                {
                    var answer = await route.FetchAsync();
                    await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = answer.Headers.Where(header => header.Key != "content-security-policy") });
                });
                await looked.GotoAsync(link);
                Assert.Empty((await looked.RunAxe()).Violations);
            }

            await using var window = await browser.OpenAsync(320, ColorScheme.Light, scripts: false);
            var page = await window.NewPageAsync();
            await page.GotoAsync(link);
            await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Unsubscribe", Exact = true }).ClickAsync();
            await page.GetByText("You are unsubscribed.").WaitForAsync();
            Assert.Equal("unsubscribed", await StatusAsync());
            Assert.Equal("page", await _server.Database.ScalarAsync<string>("select unsubscribed_by from subscriptions where subscriber_id = $1", _subscriber));
        }
        finally
        {
            await browser.DisposeAsync();
        }
    }
}
