using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using Newsletter.Mailer.Host.Pages;

namespace Newsletter.Mailer.Host.Tests.Pages;

[Trait("Category", "Browser")]
public sealed class PagesInTheBrowserTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly string[] addresses =
        ["/inbox", "/inbox?q=ana", "/inbox?q=nobody", "/inbox/2", "/inbox/1?view=text", "/inbox/1?view=source", "/inbox/99", "/leave", "/left"];

    [Theory]
    [InlineData(375, ColorScheme.Dark)]
    [InlineData(1280, ColorScheme.Light)]
    public async Task EveryPageIsAccessible(int width, ColorScheme colors)
    {
        await using var site = await FilledAsync();
        await using var window = await browser.OpenAsync(width, colors);
        var page = await window.NewPageAsync();
        foreach (var address in addresses)
        {
            await OpenForAxeAsync(page, site.Root + address);
            var found = await page.RunAxe();
            Assert.True(found.Violations.Length == 0, $"{address}: {string.Join("; ", found.Violations.Select(one => $"{one.Id} at {one.Nodes[0].Html}"))}");
        }
    }

    [Theory]
    [InlineData(320)]
    [InlineData(600)]
    [InlineData(768)]
    [InlineData(1280)]
    public async Task EveryPageFitsItsWindowAndItsOwnPolicy(int width)
    {
        await using var site = await FilledAsync();
        await using var window = await browser.OpenAsync(width);
        var page = await window.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) => complaints.Add(message.Text);
        foreach (var address in addresses)
        {
            await page.GotoAsync(site.Root + address);
            Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        }

        Assert.DoesNotContain(complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AMailRunsNoScriptAndItsLinksOpenOutsideTheFrame()
    {
        await using var site = await FilledAsync();
        using var nasty = InboxSite.Some(html: $"""
            <html><head><title>x</title></head><body><p id="here">Safe</p><a href="{site.Root}/leave">Leave</a>
            <img src="x" onerror="document.getElementById('here').textContent = 'Owned'">
            <script>document.getElementById('here').textContent = 'Owned'; top.location = 'about:blank'</script></body></html>
            """);
        await site.DeliverAsync(nasty);
        await using var window = await browser.OpenAsync(1280);
        var page = await window.NewPageAsync();
        await page.GotoAsync($"{site.Root}/inbox/{site.Inbox.Messages.Count}");
        var frame = page.FrameLocator("iframe");
        Assert.Equal("Safe", await frame.Locator("#here").InnerTextAsync());

        var opened = await window.RunAndWaitForPageAsync(() => frame.GetByRole(AriaRole.Link, new() { Name = "Leave" }).ClickAsync());
        await opened.GetByRole(AriaRole.Heading, new() { Name = "Leave The Weekly Tea?" }).WaitForAsync();
        Assert.EndsWith($"/inbox/{site.Inbox.Messages.Count}", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EverythingWorksWithoutScripts()
    {
        await using var site = await FilledAsync();
        await using var window = await browser.OpenAsync(375, scripts: false);
        var page = await window.NewPageAsync();
        await page.GotoAsync(site.Root + "/inbox");
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Recipient" }).FillAsync("ana");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Here's the tea" }).ClickAsync();
        Assert.Contains("Hello", await page.FrameLocator("iframe").Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Link, new() { Name = "Text", Exact = true }).ClickAsync();
        await page.GetByText("Hello").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "All messages" }).ClickAsync();
        Assert.Equal(site.Root + "/inbox", page.Url);
    }

    /// <summary>Axe needs scripts in every frame, and gets none into a mail: there it meets an empty one instead.</summary>
    private static async Task OpenForAxeAsync(IPage page, string address)
    {
        await page.UnrouteAllAsync();
        await page.RouteAsync(address, async route =>
        {
            var answer = await route.FetchAsync();
            var body = Regex.Replace(await answer.TextAsync(), "sandbox=\"[^\"]*\"", "", RegexOptions.None, TimeSpan.FromSeconds(5));
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = body });
        });
        await page.RouteAsync("**/html", route => route.FulfillAsync(new RouteFulfillOptions
        {
            ContentType = "text/html",
            Body = "<!doctype html><html lang=\"en\"><head><title>Mail</title></head><body><h1>Mail</h1></body></html>",
        }));
        await page.GotoAsync(address);
    }

    private static async Task<InboxSite> FilledAsync()
    {
        var site = await InboxSite.StartAsync(map: routes =>
        {
            routes.MapGet("/leave", () => new PageShell
            {
                Title = "Leave The Weekly Tea?",
                Site = "The Weekly Tea",
                Body = Html.Of($"""
                    <h1>Leave The Weekly Tea?</h1><p class="lead">No further edition goes to <b>ana@example.com</b>.</p>
                    <form method="post" class="actions"><button class="button">Unsubscribe</button><a class="button quiet" href="/inbox">Keep reading</a></form>
                    """),
            });
            routes.MapGet("/left", () => new PageShell
            {
                Title = "Unsubscribed",
                Language = "ar",
                Body = Html.Of($"""<h1>Unsubscribed</h1><p>Good-bye.</p><p class="note">Gone.</p><p class="note warn">Really.</p>"""),
            });
        });
        using var plain = InboxSite.Some();
        using var wide = InboxSite.Some($"{new string('a', 60)}@{string.Join('.', Enumerable.Repeat("long-label", 15))}.test", string.Concat(Enumerable.Repeat("endless", 40)), id: $"{new string('x', 200)}@example.com");
        wide.To.Add(new MimeKit.MailboxAddress("", "用户@例子.test"));
        using var again = InboxSite.Some("ben@example.com", "", text: new string('w', 2000), id: $"{new string('x', 200)}@example.com");
        await site.DeliverAsync(plain);
        await site.DeliverAsync(wide);
        await site.DeliverAsync(again);
        return site;
    }
}
