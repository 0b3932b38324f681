using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using MimeKit;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>A reader's whole life in a real browser on a small phone, without a script.</summary>
[Trait("Category", "Browser")]
public sealed class ReaderLifeTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private ServerUnderTest _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?> { ["Audience:SignUps:MinFillSeconds"] = "0.2" });
        await Some.NewsletterAsync(_server.Database, draft => draft with { Name = "The <Weekly> Tea" });
        await Some.NewsletterAsync(_server.Database, draft => draft with { Slug = "coffee", Name = "Coffee" });
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private InboxServer Inbox => _server.Services.GetRequiredService<OpenRelays>().Inbox!;

    [Fact]
    public async Task SignUpConfirmChoosePauseLeaveComeBackAndBeForgotten()
    {
        await using var window = await browser.OpenAsync(320, scripts: false);
        var page = await window.NewPageAsync();

        // Sign up and confirm.
        await page.GotoAsync(At("/subscribe"));
        await page.GetByRole(AriaRole.Link, new() { Name = "The <Weekly> Tea" }).ClickAsync();
        await page.GetByLabel("E-mail address").FillAsync("ana@example.com");
        await Task.Delay(250);
        await ClickAsync(page, "Subscribe");
        await SeeAsync(page, "Look in your inbox");
        await page.GotoAsync(await LinkAsync(1, "/confirm/"));
        await ClickAsync(page, "Yes, subscribe me");
        await SeeAsync(page, "You are subscribed.");
        Assert.Equal("active", await StatusAsync());

        // Choose, in another language, and take a break.
        await page.GotoAsync(await LinkAsync(2, "/preferences/"));
        var coffee = page.GetByRole(AriaRole.Group, new() { Name = "Coffee" });
        await coffee.GetByLabel("A digest once a month").CheckAsync();
        await page.GetByLabel("Name").FillAsync("Ana");
        await page.GetByLabel("Time zone").SelectOptionAsync("Asia/Tokyo");
        await page.GetByLabel("Language", new() { Exact = true }).SelectOptionAsync("de");
        await page.GetByLabel("Plain text only").CheckAsync();
        await ClickAsync(page, "Save");
        await page.GetByText("Gespeichert.").WaitForAsync();
        Assert.Equal("Ana Asia/Tokyo de t", await _server.Database.ScalarAsync<string>("select concat_ws(' ', name, time_zone, language, plain_text) from subscribers"));
        Assert.Equal("active digest", await _server.Database.ScalarAsync<string>("select concat(status, ' ', frequency) from subscriptions x join newsletters n on n.id = x.newsletter_id where n.slug = 'coffee'"));
        await ClickAsync(page, "4 Wochen Pause");
        Assert.Equal(2L, await _server.Database.ScalarAsync<long>("select count(*) from subscriptions where paused_until > now()"));
        await ClickAsync(page, "Jetzt fortsetzen");
        Assert.Equal(0L, await _server.Database.ScalarAsync<long>("select count(*) from subscriptions where paused_until > now()"));

        // Leave, say why, and take it back; then leave everything.
        await page.GotoAsync(await LinkAsync(2, "/unsubscribe/"));
        await page.GetByText("Warum? Nur wenn Sie mögen.").First.ClickAsync();
        await page.GetByLabel("Zu viele Mails").CheckAsync();
        await page.GetByLabel("In eigenen Worten").FillAsync("Jeden Tag!");
        await ClickAsync(page, "Abmelden");
        await SeeAsync(page, "Sie sind abgemeldet.");
        Assert.Equal(("unsubscribed", "too_many Jeden Tag!"), (await StatusAsync(), await _server.Database.ScalarAsync<string>("select reason || ' ' || note from consents where action = 'withdrawn'")));
        await ClickAsync(page, "Rückgängig machen");
        await SeeAsync(page, "Sie sind wieder dabei.");
        Assert.Equal("active", await StatusAsync());
        await page.GotoAsync(await LinkAsync(2, "/unsubscribe/"));
        await ClickAsync(page, "Alles abbestellen");
        Assert.Equal(2L, await _server.Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'unsubscribed'"));

        // Be forgotten.
        await page.GotoAsync(await LinkAsync(2, "/preferences/"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Mich löschen" }).ClickAsync();
        await ClickAsync(page, "Ja, mich löschen");
        await SeeAsync(page, "Sie sind vergessen.");
        Assert.Equal(0L, await _server.Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task AFormOnAnotherSiteEndsInOursFilledIn()
    {
        await using var window = await browser.OpenAsync(375, scripts: false);
        var page = await window.NewPageAsync();
        await page.GotoAsync(At("/n/tea/subscribe/form"));
        var snippet = (await page.Locator("pre").InnerTextAsync()).Replace("http://localhost:8080/", _server.Url.ToString(), StringComparison.Ordinal);
        await page.SetContentAsync($"<!doctype html><title>Another site</title>{snippet}");

        await page.GetByLabel("E-mail address").FillAsync("ana@example.com");
        await ClickAsync(page, "Subscribe");
        await page.GetByText("One more step").WaitForAsync();
        Assert.Equal("ana@example.com", await page.GetByLabel("E-mail address").InputValueAsync());
        await Task.Delay(250);
        await ClickAsync(page, "Subscribe");
        await SeeAsync(page, "Look in your inbox");

        Assert.Equal("embed", await _server.Database.ScalarAsync<string>("select form from sign_ups"));
        await Inbox.Messages.WaitForAsync(1, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task WhoIsFasterThanAPersonPressesOnceMore()
    {
        await using var window = await browser.OpenAsync(375, scripts: false);
        var page = await window.NewPageAsync();
        await page.GotoAsync(At("/n/tea/subscribe"));
        var early = page.APIRequest.CreateFormData();
        early.Set("email", "ana@example.com");
        early.Set("form", new FormToken(1, TimeProvider.System.GetUtcNow().AddSeconds(1), "page", "en").Sign(Keys, Keys.ActiveKey));
        var answer = await page.APIRequest.PostAsync(At("/n/tea/subscribe"), new() { Form = early });

        Assert.Contains("One more step", await answer.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(0L, await _server.Database.ScalarAsync<long>("select count(*) from sign_ups"));
    }

    public static TheoryData<string, int, ColorScheme> Looks
    {
        get
        {
            var looks = new TheoryData<string, int, ColorScheme>();
            foreach (var words in Phrases.All)
                looks.Add(words.Language, 320, words.Language is "de" or "ja" ? ColorScheme.Dark : ColorScheme.Light);
            looks.Add("en", 1280, ColorScheme.Dark);
            looks.Add("ar", 375, ColorScheme.Dark);
            return looks;
        }
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task EveryPageIsAccessibleAndFitsASmallPhone(string language, int width, ColorScheme colors)
    {
        var reader = await ReaderAsync();
        await using var window = await browser.OpenAsync(width, colors);
        var page = await window.NewPageAsync();
        // Axe brings its own script, which the page's policy would not let run.
        await page.RouteAsync("**", async route =>
        {
            var answer = await route.FetchAsync();
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = answer.Headers.Where(header => header.Key != "content-security-policy") });
        });
        foreach (var (path, buttons) in reader.Pages)
        {
            await page.GotoAsync(At($"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}lang={language}"));
            await LookAsync(page, path, language, width, byAxe: language is "en" || width == 375);
            foreach (var button in buttons)
            {
                await page.Locator(button).First.ClickAsync();
                await LookAsync(page, $"{path} after {button}", language, width, byAxe: language is "en" || width == 375);
            }
        }
    }

    [Fact]
    public async Task ScannersOpenEveryPageTwiceAndNothingChanges()
    {
        var reader = await ReaderAsync();
        using var scanner = _server.ClientWith(null);
        var before = await StateAsync();

        foreach (var path in reader.Pages.Select(page => page.Path).Concat(reader.Pages.SelectMany(page => (string[])[page.Path + "?page", page.Path + "?undo", page.Path + "?all", page.Path + "?pause", page.Path + "?digest", page.Path + "?link"])))
            foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head, HttpMethod.Get, HttpMethod.Head])
            {
                using var answer = await scanner.SendAsync(new HttpRequestMessage(method, path));
                Assert.True((int)answer.StatusCode < 500, $"{method} {path}: {answer.StatusCode}");
                Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
                Assert.StartsWith("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
                // The archive is everyone's; every other page is a reader's own.
                Assert.Equal(("nosniff", path.StartsWith("/n/tea/archive", StringComparison.Ordinal) ? "public, max-age=300" : "no-store"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.CacheControl!.ToString()));
                Assert.False(answer.Headers.Contains("Set-Cookie"));
            }

        Assert.Equal(before, await StateAsync());

        Task<string?> StateAsync() => _server.Database.ScalarAsync<string>("""
            select concat((select jsonb_agg(s order by id) from subscribers s), (select jsonb_agg(x order by newsletter_id, subscriber_id) from subscriptions x),
                          (select jsonb_agg(u order by id) from sign_ups u), (select jsonb_agg(c order by id) from consents c), (select count(*) from outbox))
            """);
    }

    // What axe looks at is the same in every language but for its direction; whether the words fit isn't.
    private async Task LookAsync(IPage page, string where, string language, int width, bool byAxe = true)
    {
        Assert.Equal(language, await page.Locator("html").GetAttributeAsync("lang"));
        Assert.Equal(language == "ar" ? "rtl" : "ltr", await page.Locator("html").GetAttributeAsync("dir"));
        Assert.True(width == await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), $"{where} in {language} is wider than {width}");
        if (!byAxe)
            return;
        var found = await page.RunAxe();
        Assert.True(found.Violations.Length == 0, $"{where} in {language}: {string.Join("; ", found.Violations.Select(one => $"{one.Id} at {one.Nodes[0].Html}"))}");
    }

    /// <summary>A reader of both newsletters with one link of each kind, and every page there is with the buttons to press on it.</summary>
    private async Task<(long Id, (string Path, string[] Buttons)[] Pages)> ReaderAsync()
    {
        var id = await _server.Database.ScalarAsync<long>("""
            with reader as (insert into subscribers (address, name) values ('a.reader.with.a.long.address@a-long-domain.example.com', 'Ana') returning id),
            joined as (insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) select n.id, r.id, 'active', now() from newsletters n, reader r),
            asked as (
                insert into sign_ups (newsletter_id, address, language, form, wording, network, state, mailed_at)
                values (1, 'b@example.com', 'en', 'page', 'w', 'n', 'mailed', now()), (1, 'c@example.com', 'en', 'page', 'w', 'n', 'mailed', now() - interval '8 days'),
                       (1, 'd@example.com', 'en', 'page', 'w', 'n', 'mailed', now())),
            edition as (
                insert into editions (newsletter_id, number, slug, title, subject, source, state)
                select 1, 7, 'kettle', 'A kettle of a-very-long-word-that-has-no-place-to-break-anywhere', 's', '', 'published' returning id),
            issue as (
                insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce)
                select id, 1, 202601, 'finished', 'k1', '2026-03-27T08:00:00Z', 'n' from edition)
            select id from reader
            """);
        var preferences = $"/preferences/{new PreferencesToken(id).Sign(Keys, Keys.ActiveKey)}";
        var leave = $"/unsubscribe/{new UnsubscribeToken(1, id, 0).Sign(Keys, Keys.ActiveKey)}";
        return (id,
        [
            ("/subscribe", []),
            ("/n/tea/subscribe", ["button"]),
            ("/n/nope/subscribe", []),
            ("/archive", []),
            ("/n/tea/archive", []),
            ("/n/nope/archive", []),
            ("/n/tea/subscribe/form", []),
            (Confirm(1), ["button"]),
            (Confirm(2), ["button"]),
            (Confirm(3) + "/not-me", ["button"]),
            ("/confirm/k1.bad", []),
            (preferences, ["form button", "form[action*=pause] button"]),
            (preferences + "/erase", []),
            (leave, ["summary"]),
            (leave, ["form[action*=pause] button"]),
            (leave, ["form[action*=digest] button"]),
            (leave, ["form[action*=page] button", "form[action*=undo] button"]),
            (leave, ["form[action*=all] button"]),
            ($"/unsubscribe/{new UnsubscribeToken(1, 0, 0).Sign(Keys, Keys.ActiveKey)}", []),
            (preferences + "/erase", ["form button"]),
        ]);

        string Confirm(long signUp) => $"/confirm/{new ConfirmToken(signUp).Sign(Keys, Keys.ActiveKey)}";
    }

    private KeyRing Keys => _server.Services.GetRequiredService<KeyRing>();

    private string At(string path) => new Uri(_server.Url, path).ToString();

    private static Task ClickAsync(IPage page, string button) => page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    private static Task SeeAsync(IPage page, string heading) => page.GetByRole(AriaRole.Heading, new() { Name = heading }).WaitForAsync();

    private Task<string?> StatusAsync() =>
        _server.Database.ScalarAsync<string>("select x.status from subscriptions x join newsletters n on n.id = x.newsletter_id where n.slug = 'tea'");

    private async Task<string> LinkAsync(long mail, string path)
    {
        await Inbox.Messages.WaitForAsync(mail, TimeSpan.FromSeconds(30));
        var text = MimeMessage.Load(new MemoryStream(Inbox.Messages.ReadBody(mail)!.Bytes)).TextBody!;
        return At(Regex.Match(text, $"http://localhost:8080({path}\\S+)").Groups[1].Value);
    }
}
