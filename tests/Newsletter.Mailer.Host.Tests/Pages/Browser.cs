using Microsoft.Playwright;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>A real browser, without a window, that asks nobody on the network.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private IPlaywright? playwright;
    private IBrowser? browser;

    public async Task InitializeAsync()
    {
        var program = Array.Find(places, File.Exists)
            ?? throw new InvalidOperationException($"The tests of pages need Chromium at one of {string.Join(", ", places)}: apt-get install chromium fonts-dejavu-core.");
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        });
    }

    /// <summary>A window of its own, with nothing remembered.</summary>
    public Task<IBrowserContext> OpenAsync(int width, ColorScheme colors = ColorScheme.Light, bool scripts = true) =>
        browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = colors,
            JavaScriptEnabled = scripts,
        });

    public async Task DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
    }
}
