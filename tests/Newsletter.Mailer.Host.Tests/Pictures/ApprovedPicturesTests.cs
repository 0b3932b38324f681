using System.Text;
using Microsoft.Playwright;
using NetVips;
using Newsletter.Mailer.Host.Tests.Pages;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Host.Tests.Pictures;

/// <summary>
/// The sample edition as its readers see it, beside pictures that somebody has looked at and approved. NEWSLETTER_APPROVE=1 approves what is there now.
/// </summary>
[Trait("Category", "Browser")]
public sealed class ApprovedPicturesTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Pictures", "Approved");

    public static TheoryData<string> Themes => new(ThemeCatalog.Names);

    [Theory]
    [MemberData(nameof(Themes))]
    public async Task TheSampleEditionLooksAsApproved(string theme)
    {
        var differences = new List<string>();
        foreach (var (width, colours) in (from width in (int[])[600, 375] from colours in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark] select (width, colours)))
        {
            var name = $"{theme}-{width}-{colours.ToString().ToLowerInvariant()}.png";
            var shot = await ShootAsync(Mail(theme), width, colours);
            if (Environment.GetEnvironmentVariable("NEWSLETTER_APPROVE") == "1")
                Approve(name, shot);
            else
                differences.AddRange(Compare(name, shot));
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    /// <summary>Each of what could go wrong is seen, by what is said of it.</summary>
    [Theory]
    [InlineData("prefers-color-scheme:dark", "prefers-color-scheme:none", 600, ColorScheme.Dark, "is missing")]
    [InlineData("background-color:#faf5ee", "background-color:#ffffff", 600, ColorScheme.Light, "#faf5ee is missing")]
    [InlineData("src=\"https://news.example.com/samples/lizard.png\"", "src=\"https://news.example.com/samples/none.png\"", 600, ColorScheme.Light, "is missing")]
    [InlineData("background-color:#a63d1a", "background-color:#eeeeee", 375, ColorScheme.Light, "#a63d1a covers")]
    [InlineData("</body>", "<div style=\"width:500px\">wide</div></body>", 375, ColorScheme.Light, "wider than the screen")]
    [InlineData("</body>", "<div style=\"height:900px\"></div></body>", 600, ColorScheme.Light, "pixels high")]
    public async Task DamageIsSeen(string whole, string damaged, int width, ColorScheme colours, string said)
    {
        var mail = Mail("plain");
        Assert.Contains(whole, mail, StringComparison.Ordinal);

        var shot = await ShootAsync(mail.Replace(whole, damaged, StringComparison.Ordinal), width, colours);

        Assert.Contains(Compare($"plain-{width}-{colours.ToString().ToLowerInvariant()}.png", shot, keeps: false), difference => difference.Contains(said, StringComparison.Ordinal));
    }

    /// <summary>Machines have other typefaces, wider and narrower: those alone are no difference.</summary>
    [Theory]
    [InlineData("serif")]
    [InlineData("monospace")]
    public async Task AnotherTypefaceIsNoDamage(string family)
    {
        foreach (var width in (int[])[600, 375])
        {
            var mail = Mail("plain").Replace("</head>", $"<style>*{{font-family:{family}!important;{(family == "monospace" ? "font-size-adjust:0.42" : "")}}}</style></head>", StringComparison.Ordinal);

            var differences = Compare($"plain-{width}-light.png", await ShootAsync(mail, width, ColorScheme.Light), keeps: false);

            Assert.True(differences.Count == 0, string.Join('\n', differences));
        }
    }

    private static string Mail(string theme)
    {
        var shown = EditionPreview.Show(new PreviewRequest
        {
            Source = SampleEdition.Source,
            Theme = theme,
            Newsletter = SampleEdition.Newsletter,
            As = """{"first_name":"Ana"}""",
            SentAt = new DateTimeOffset(2026, 5, 1, 8, 0, 0, TimeSpan.FromHours(1)),
        });
        return Encoding.UTF8.GetString(Assert.IsType<PreviewOutcome.Shown>(shown).Output);
    }

    private async Task<byte[]> ShootAsync(string mail, int width, ColorScheme colours)
    {
        await using var window = await browser.OpenAsync(width, colours, scripts: false);
        var page = await window.NewPageAsync();
        await page.RouteAsync("**", route => SampleEdition.Picture(Path.GetFileName(new Uri(route.Request.Url).AbsolutePath)) is { } picture
            ? route.FulfillAsync(new RouteFulfillOptions { BodyBytes = Bytes(picture), ContentType = "image/png" })
            : route.AbortAsync());
        await page.SetContentAsync(mail, new PageSetContentOptions { WaitUntil = WaitUntilState.Load });
        return await page.ScreenshotAsync(new PageScreenshotOptions { FullPage = true, Animations = ScreenshotAnimations.Disabled });
    }

    private static IReadOnlyList<string> Compare(string name, byte[] shot, bool keeps = true)
    {
        var approved = Path.Combine(Folder, name);
        Assert.True(File.Exists(approved), $"{name} was never approved: look at the mail, and run the test with NEWSLETTER_APPROVE=1.");
        var differences = PictureComparison.Differences(PictureAreas.Of(File.ReadAllBytes(approved)), PictureAreas.Of(shot));
        if (differences.Count == 0 || !keeps)
            return differences;
        var kept = Path.Combine(AppContext.BaseDirectory, "Pictures", "Actual", name);
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        File.WriteAllBytes(kept, shot);
        return [$"{name} is not as approved; it is kept at {kept}. If it is as it should be, run the test with NEWSLETTER_APPROVE=1.", .. differences.Select(difference => "  " + difference)];
    }

    // Beside the tests' source, in a palette: twelve of them are no more than a photograph.
    private static void Approve(string name, byte[] shot)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Newsletter.Mailer.sln")))
            root = root.Parent;
        using var picture = Image.NewFromBuffer(shot);
        File.WriteAllBytes(
            Path.Combine(root.FullName, "tests", "Newsletter.Mailer.Host.Tests", "Pictures", "Approved", name),
            picture.PngsaveBuffer(compression: 9, palette: true, q: 90, dither: 0, keep: Enums.ForeignKeep.None));
    }

    private static byte[] Bytes(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
