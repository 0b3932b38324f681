using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class RealEditionTests
{
    [SharedFact]
    [Trait("Category", "Shared")]
    public void ARealWeeklyEditionComesOutWhole()
    {
        var source = File.ReadAllText(SharedFolder.Of("samples", "edition-035.md"));
        var outcome = Rendered.Of(Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse(source, FrontMatterRules.Edition)).Edition);
        var written = Regex.Matches(source, @"\]\((?<url>[^)]+)\)").Select(link => link.Groups["url"].Value).ToList();
        var page = new HtmlParser().ParseDocument(outcome.Edition.FillHtml(Rendered.Ana));

        Assert.Empty(outcome.Warnings);
        Assert.True(outcome.Edition.HtmlBytes < 90 * 1024, $"{outcome.Edition.HtmlBytes} bytes");
        Assert.Equal(written, outcome.Edition.Links.Select(link => link.Url));
        Assert.Equal(written, page.QuerySelectorAll(".content a").Select(link => link.GetAttribute("href")!));
        Assert.All(written, url => Assert.Contains(url, outcome.Edition.FillText(Rendered.Ana), StringComparison.Ordinal));
        Assert.Equal("Meta releases their new AI models 🤖", page.QuerySelector(".summary li")!.TextContent.Trim());
    }

    [SharedTheory]
    [Trait("Category", "Shared")]
    [InlineData("haskell-weekly-538.md")]
    [InlineData("swift-weekly-186.md")]
    public void EditionsOfOtherToolsCanBeLookedAt(string file)
    {
        var source = File.ReadAllText(SharedFolder.Of("data", "newsletters", file));
        foreach (var format in Enum.GetValues<PreviewFormat>())
        {
            var shown = Assert.IsType<PreviewOutcome.Shown>(EditionPreview.Show(new PreviewRequest { Source = source, BodyOnly = true, Format = format, SentAt = Rendered.Friday }));
            Assert.DoesNotContain("excerpt--", Encoding.UTF8.GetString(shown.Output), StringComparison.Ordinal);
        }

        var body = Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse(source, FrontMatterRules.ForeignBody)).Edition.Body;
        Assert.Empty(Rendered.Of(Rendered.Edition(body, "title: T\ntemplate: off")).Warnings);
    }

    [Fact]
    public void TheSampleEditionComesOutWithoutAWarning()
    {
        var edition = Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse(SampleEdition.Source, FrontMatterRules.Edition)).Edition;
        var outcome = Rendered.Of(edition, SampleEdition.Newsletter);

        Assert.Empty(outcome.Warnings);
        Assert.Equal(SampleEdition.Newsletter.Slug, edition.Newsletter);
        Assert.Equal("Ana, can you read a lighthouse?", outcome.Edition.FillSubject(Rendered.Ana));
        Assert.True(outcome.Edition.HtmlBytes < 40 * 1024);
    }
}
