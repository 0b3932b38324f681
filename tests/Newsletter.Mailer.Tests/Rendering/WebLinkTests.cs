using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>The link with which an issue is read in a browser.</summary>
public sealed class WebLinkTests
{
    private const string Url = "https://news.example.com/n/the-tide-table/archive/hello";

    [Fact]
    public void EveryThemeAndTheTextLinkToTheEditionOnTheWeb()
    {
        foreach (var theme in ThemeCatalog.Names)
        {
            var edition = Of("title: Hello\ntheme: " + theme);

            Assert.Contains($"<a href=\"{Url}\"", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
            Assert.Contains(">View in browser</a>", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
            Assert.Contains($"\n\nView in browser:\n{Url}\n\nUnsubscribe with one click:\n", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("de", "Im Browser ansehen")]
    [InlineData("es", "Ver en el navegador")]
    [InlineData("fr", "Voir dans le navigateur")]
    [InlineData("ja", "ブラウザで表示")]
    [InlineData("ar", "عرض في المتصفّح")]
    public void ItSpeaksTheEditionsLanguage(string language, string words)
    {
        var edition = Of("title: Hello\nlanguage: " + language);

        Assert.Contains($">{words}</a>", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains($"\n{words}:\n{Url}\n", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void ItIsTheSameForEveryReaderAndNeverMeasured()
    {
        var measured = Rendered.Newsletter with { Measuring = new NewsletterMeasuring { Clicks = "individual", Utm = new UtmRule { Source = "mail" } } };
        foreach (var newsletter in (NewsletterProfile[])[Rendered.Newsletter, measured])
        {
            var edition = Of("title: Hello", newsletter);
            Assert.Empty(edition.MeasuredLinks);
            Assert.All((Recipient[])[Rendered.Ana with { ClickToken = "t" }, Rendered.Ana with { Address = "ben@example.net", ClickToken = "u" }],
                reader => Assert.Contains($"href=\"{Url}\"", edition.FillHtml(reader), StringComparison.Ordinal));
        }
    }

    [Fact]
    public void ItIsAbsentWhereThereIsNothingToRead()
    {
        Assert.Multiple(
            () => AssertAbsent(Rendered.Body("Text")),
            () => AssertAbsent(Of("title: Hello\ntier: premium")),
            () => AssertAbsent(Of("title: Hello\nsegment: beta")),
            () => AssertAbsent(Of("title: Hello", Rendered.Newsletter with { Design = new NewsletterDesign { WebLink = false } })));
    }

    [Fact]
    public void ANewslettersOwnLayoutMayShowIt()
    {
        const string Layout = "<p>{{ content }}{% if web_url %}<a href=\"{{ web_url }}\">{{ web }}!</a>{% endif %}<a href=\"{{ unsubscribe_url }}\">x</a>{{ postal_address }}</p>";

        Assert.Empty(LayoutCheck.Check(Layout, Rendered.Newsletter));
        Assert.Contains($"<a href=\"{Url}\">View in browser!</a>", Of("title: Hello", Rendered.Newsletter with { Layout = Layout }).FillHtml(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void SwitchingItOffIsAllThatTheSettingDoes()
    {
        List<FieldProblem> problems = [];

        Assert.False(NewsletterDesignRules.Check(new NewsletterDesign { WebLink = false }, problems)!.WebLink);
        Assert.Null(NewsletterDesignRules.Check(new NewsletterDesign { WebLink = true }, problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void APreviewShowsItOnceTheEditionIsKept()
    {
        Assert.DoesNotContain("View in browser", Preview(null), StringComparison.Ordinal);
        Assert.Contains("View in browser", Preview(3), StringComparison.Ordinal);

        static string Preview(int? number) => System.Text.Encoding.UTF8.GetString(Assert.IsType<PreviewOutcome.Shown>(EditionPreview.Show(new PreviewRequest { Source = "---\ntitle: Hello\n---\nText", Number = number, SentAt = Rendered.Friday })).Output);
    }

    private static void AssertAbsent(RenderedEdition edition) =>
        Assert.DoesNotContain("View in browser", edition.FillHtml(Rendered.Ana) + edition.FillText(Rendered.Ana), StringComparison.Ordinal);

    private static RenderedEdition Of(string frontMatter, NewsletterProfile? newsletter = null) =>
        Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Rendered.Request(Rendered.Edition("Text", frontMatter), newsletter) with { HasWebEdition = true })).Edition;
}
