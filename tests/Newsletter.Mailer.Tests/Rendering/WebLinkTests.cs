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
    public void APersonalOneLeadsEachReaderToTheirOwnCopy()
    {
        var personal = Rendered.Newsletter with { Design = new NewsletterDesign { PersonalWebLink = true }, Measuring = new NewsletterMeasuring { Clicks = "individual" } };
        foreach (var theme in ThemeCatalog.Names)
            foreach (var audience in (string[])["", "\ntier: premium", "\nsegment: beta"])
            {
                var edition = Of($"title: Hello\ntheme: {theme}{audience}", personal);
                var message = MessageCompiler.Compile(edition.Variants[0], new IssueHeaders { IssueId = 35, Date = Rendered.Friday });

                Assert.True(message.LinksToCopies);
                Assert.Empty(edition.MeasuredLinks);
                foreach (var token in (string[])["k1.ANA", "k1.BEN"])
                {
                    var mail = Rendered.Parse(message.Fill(Rendered.Ana with { CopyToken = token }));
                    Assert.Contains($"<a href=\"https://news.example.com/copy/{token}\"", mail.HtmlBody, StringComparison.Ordinal);
                    Assert.Contains($"View in browser:\nhttps://news.example.com/copy/{token}\n", mail.TextBody!.ReplaceLineEndings("\n"), StringComparison.Ordinal);
                }
            }
    }

    [Fact]
    public void OnlyTheIssueItselfAndItsPreviewHaveAPersonalOne()
    {
        var personal = Rendered.Newsletter with { Design = new NewsletterDesign { PersonalWebLink = true } };
        var request = Rendered.Request(Rendered.Edition("Text", "title: Hello"), personal);
        Assert.Multiple(
            () => Assert.Contains("/copy/", Html(request with { IsMeasured = true }), StringComparison.Ordinal),
            () => Assert.DoesNotContain("View in browser", Html(request), StringComparison.Ordinal));
        Assert.False(MessageCompiler.Compile(Of("title: Hello").Variants[0], new IssueHeaders { IssueId = 35, Date = Rendered.Friday }).LinksToCopies);

        static string Html(RenderRequest request) =>
            Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(request)).Edition.FillHtml(Rendered.Ana with { CopyToken = "t" });
    }

    [Fact]
    public void WhoTakesTheLinkOutHasNoPersonalOne()
    {
        List<FieldProblem> problems = [];

        Assert.True(NewsletterDesignRules.Check(new NewsletterDesign { PersonalWebLink = true }, problems)!.PersonalWebLink);
        Assert.Null(NewsletterDesignRules.Check(new NewsletterDesign { PersonalWebLink = false }, problems));
        Assert.Empty(problems);
        NewsletterDesignRules.Check(new NewsletterDesign { WebLink = false, PersonalWebLink = true }, problems);
        Assert.Equal("design.personal_web_link", Assert.Single(problems).Field);
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
