using System.Text;
using System.Text.Json;
using Deque.AxeCore.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>The web edition in a real browser: what its author put into it, at every width, by axe's rules, and nothing that runs.</summary>
[Trait("Category", "Browser")]
public sealed class EditionInTheBrowserTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private ServerUnderTest _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        await Some.NewsletterAsync(_server.Database);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task TheSampleEditionIsAccessibleAndFitsEveryWindow()
    {
        var sample = SampleEdition.Source[(SampleEdition.Source.IndexOf("\n---", 3, StringComparison.Ordinal) + 4)..];
        var table = $"\n| a wide one | {string.Join(" | ", Enumerable.Range(1, 14).Select(i => $"column{i}"))} |\n|{string.Concat(Enumerable.Repeat("---|", 15))}\n| x | {string.Join(" | ", Enumerable.Range(1, 14).Select(i => $"value{i}"))} |\n";
        foreach (var words in Phrases.All)
            await PublishAsync($"---\ntitle: Sea and tea\nauthor: Mo\nlanguage: {words.Language}\nslug: in-{words.Language}\n---\n{sample}\n{table}\n```\n{new string('x', 300)}\n```\n");

        foreach (var (language, width, colors) in Phrases.All.Select((words, i) => (words.Language, 320, i % 2 == 0 ? ColorScheme.Light : ColorScheme.Dark)).Append(("en", 1280, ColorScheme.Dark)).Append(("ar", 768, ColorScheme.Light)))
        {
            await using var window = await browser.OpenAsync(width, colors);
            var page = await OpenAsync(window, $"/n/tea/archive/in-{language}");
            Assert.True(width == await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), $"The page in {language} is wider than {width}.");
            // What axe looks at is the same in every language but for its direction; whether the words fit isn't.
            if (language is not ("en" or "ar"))
                continue;
            var found = await page.RunAxe();
            Assert.True(found.Violations.Length == 0, $"{language}: {string.Join("; ", found.Violations.Select(one => $"{one.Id} at {one.Nodes[0].Html}"))}");
        }
    }

    [Fact]
    public async Task ThePreviewShowsADesktopAPhoneADarkOneAndTheText()
    {
        var made = await Some.EditionAsync(_server.Database, (await _server.Services.GetRequiredService<NewsletterStore>().FindAsync("tea", default))!);
        foreach (var (width, colors) in ((int, ColorScheme)[])[(375, ColorScheme.Light), (1200, ColorScheme.Dark), (2000, ColorScheme.Light)])
        {
            await using var window = await browser.OpenAsync(width, colors);
            var page = await window.NewPageAsync();
            // The API asks for a key, and the page's policy lets nothing in: as its author sees it, but for axe's script.
            await page.RouteAsync("**", async route =>
            {
                using var answer = await _server.Client.GetAsync(new Uri(route.Request.Url).PathAndQuery);
                await route.FulfillAsync(new RouteFulfillOptions { BodyBytes = await answer.Content.ReadAsByteArrayAsync(), ContentType = "text/html; charset=utf-8" });
            });
            await page.GotoAsync(new Uri(_server.Url, $"/api/editions/{made.Id}/preview?format=page").ToString());

            Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            Assert.Equal(3, await page.Locator("iframe").CountAsync());
            if (width > 1000)
                Assert.Equal(375, await page.Locator(".phone iframe").First.EvaluateAsync<int>("frame => frame.clientWidth"));
            var found = await page.RunAxe(new Deque.AxeCore.Commons.AxeRunOptions { Iframes = false });
            Assert.True(found.Violations.Length == 0, string.Join("; ", found.Violations.Select(one => $"{one.Id} at {one.Nodes[0].Html}")));
        }
    }

    [Fact]
    public async Task ThePolicyLetsItsOwnStyleThroughAndNothingIsRefused()
    {
        await PublishAsync($"---\ntitle: T\nslug: one\n---\n| a | b |\n|--:|---|\n| 1 | 2 |\n");
        await using var window = await browser.OpenAsync(1280);
        var page = await window.NewPageAsync();
        var refused = new List<string>();
        page.Console += (_, message) => refused.Add(message.Text);
        await page.GotoAsync(new Uri(_server.Url, "/n/tea/archive/one").ToString());

        Assert.Empty(refused);
        Assert.Equal("right", await page.Locator("td").First.EvaluateAsync<string>("cell => getComputedStyle(cell).textAlign"));
        Assert.InRange(await page.Locator("main").EvaluateAsync<double>("main => main.clientWidth"), 500, 900);
    }

    [SharedFact]
    [Trait("Category", "Shared")]
    public async Task NoKnownAttackRunsEvenWithoutThePolicy()
    {
        using var payloads = JsonDocument.Parse(File.ReadAllText(SharedFolder.Of("data", "xss", "payloads.json")));
        var body = new StringBuilder("---\ntitle: Attacks\nslug: attacks\ntemplate: off\n---\n");
        foreach (var payload in payloads.RootElement.EnumerateArray().Select(entry => entry.GetProperty("payload")))
            foreach (var text in payload.ValueKind == JsonValueKind.Array ? payload.EnumerateArray().Select(one => one.GetString()!) : [payload.GetString()!])
                body.Append(text).Append("\n\n[x](").Append(text).Append(")\n\n");
        // Editions hold no control characters; their being refused is tested elsewhere.
        await PublishAsync(new string([.. body.ToString().Where(c => c == '\n' || !char.IsControl(c))]));

        await using var window = await browser.OpenAsync(800);
        var ran = new List<string>();
        var page = await OpenAsync(window, "/n/tea/archive/attacks", page => page.Dialog += async (_, dialog) =>
        {
            ran.Add(dialog.Message);
            await dialog.DismissAsync();
        });
        foreach (var _ in Enumerable.Range(0, 5))
            await page.Keyboard.PressAsync("Tab");

        Assert.Empty(ran);
        Assert.Equal(1, await page.Locator("script").CountAsync());
        Assert.Equal(0, await page.Locator("main").Locator("script, iframe, object, embed, svg, form, style, link").CountAsync());
    }

    // Axe brings its own script, and attacks are to fail without the page's policy.
    private async Task<IPage> OpenAsync(IBrowserContext window, string path, Action<IPage>? before = null)
    {
        var page = await window.NewPageAsync();
        before?.Invoke(page);
        await page.RouteAsync("**", async route =>
        {
            if (!route.Request.Url.StartsWith(_server.Url.ToString(), StringComparison.Ordinal))
            {
                await route.AbortAsync();
                return;
            }

            var answer = await route.FetchAsync();
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = answer.Headers.Where(header => header.Key != "content-security-policy") });
        });
        await page.GotoAsync(new Uri(_server.Url, path).ToString());
        return page;
    }

    private async Task PublishAsync(string source)
    {
        var kept = await _server.Services.GetRequiredService<EditionDesk>().CreateAsync("tea", source, default);
        var edition = kept is EditionChange.Saved saved ? saved.Edition : throw new InvalidOperationException($"The edition was not kept: {kept}");
        await Some.DueAsync(_server.Database, edition);
        Assert.Equal(Publishing.Frozen, await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default));
    }
}
