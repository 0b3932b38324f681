using AngleSharp.Html.Parser;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>Pictures of the program's own in an edition: by relative path, with their size, or an error where they are missing.</summary>
public sealed class PictureTests
{
    private const string Root = "https://news.example.com/images/";

    private static readonly Picture Large = new() { Sha256 = new string('a', 64), MediaType = "image/jpeg", Width = 1_400, Height = 700, Bytes = 1_200_000 };
    private static readonly Picture Small = new() { Sha256 = new string('b', 64), MediaType = "image/png", Width = 120, Height = 80, Bytes = 4_000 };
    private static readonly Picture Heavy = new() { Sha256 = new string('c', 64), MediaType = "image/png", Width = 600, Height = 400, Bytes = 1_900_000 };

    [Fact]
    public void ARelativePathBecomesTheImmutableAddressWithItsSize()
    {
        var page = Page(Of("![A boat](boat.jpg \"At dusk\")\n\nInline ![Icon](./icons/small.png) here.\n\n![Far](https://pics.example.org/x.png)\n\nEnd."));

        var images = page.QuerySelectorAll(".content img, img[alt]").Distinct().ToDictionary(image => image.GetAttribute("alt")!);
        Assert.Equal((Root + Large.FileName, "520", "260"), Facts(images["A boat"]));
        Assert.Equal((Root + Small.FileName, "120", "80"), Facts(images["Icon"]));
        Assert.Equal(("https://pics.example.org/x.png", "520", null), Facts(images["Far"]));
        Assert.Contains("At dusk", page.Body!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void APictureOnItsOwnIsNotBlownUp() =>
        Assert.Equal((Root + Small.FileName, "120", "80"), Facts(Page(Of("![Icon](icons/small.png)\n\nText.")).QuerySelector("img[alt=Icon]")!));

    [Fact]
    public void OurOwnWholeAddressesHaveTheirSizeToo() =>
        Assert.Equal((Root + Small.FileName, "120", "80"), Facts(Page(Of($"See ![Icon]({Root}{Small.FileName}) here.")).QuerySelector("img[alt=Icon]")!));

    [Fact]
    public void TheWebEditionHasTheWholePicture()
    {
        var web = new HtmlParser().ParseDocument(Of("![A boat](boat.jpg)\n\nText.").ToWeb().Html!);

        Assert.Equal((Root + Large.FileName, "1400", "700"), Facts(web.QuerySelector("figure img")!));
    }

    [Fact]
    public void RawHtmlMayNamePicturesAndAskForLess()
    {
        var newsletter = Rendered.Newsletter with { RawHtml = true };
        var page = Page(Of("Text <img src=\"boat.jpg\" alt=\"Raw\" width=\"200\"> here.", newsletter));

        Assert.Equal((Root + Large.FileName, "200", "100"), Facts(page.QuerySelector("img[alt=Raw]")!));
        Assert.Contains("no picture \"gone.png\"", Refusal("Text <img src=\"gone.png\"> here.", newsletter: newsletter).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AVideoMayShowOne()
    {
        var page = Page(Of(":::video https://example.com/watch The tide\n![Tide](boat.jpg)\n:::\n\nText."));

        Assert.Equal(Root + Large.FileName, page.QuerySelector("img[alt=Tide]")!.GetAttribute("src"));
    }

    [Theory]
    [InlineData("Hello ![x](gone.png).", 4, 7, "There is no picture \"gone.png\". Upload")]
    [InlineData("Hello ![x](../up.png).", 4, 7, "downwards")]
    [InlineData("\n![x](/etc/passwd)", 5, 1, "begins with /")]
    [InlineData("![x](torn.png)", 4, 1, "It is cut off.")]
    public void OneThatIsMissingIsAnErrorAtItsPlace(string body, int line, int column, string says)
    {
        var problem = Refusal(body);

        Assert.Equal((line, column, RenderSeverity.Error), (problem.Line, problem.Column, problem.Severity));
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WherePicturesDontMatterOneIsLeftOutAndWarnedAbout()
    {
        foreach (var book in (PictureBook?[])[null, new PictureBook(Root) { IsStrict = false }])
        {
            var outcome = Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Rendered.Request(Rendered.Edition("Text ![x](gone.png).")) with { Pictures = book }));
            Assert.Equal(RenderSeverity.Warning, Assert.Single(outcome.Warnings).Severity);
            Assert.Null(Page(outcome.Edition).QuerySelector("img[alt=x]"));
        }
    }

    [Fact]
    public void PreflightKnowsThemWithoutAsking()
    {
        Assert.Equal(["image-too-large"], Codes("![A boat](boat.jpg)"));
        Assert.Equal(["image-too-large", "image-too-large", "images-heavy"], Codes("![A boat](boat.jpg)\n\n![A storm](heavy.png)"));
        Assert.Equal(["image-dead"], Codes($"![Gone]({Root}{new string('d', 64)}.png)"));
        Assert.Empty(Codes("Inline ![An icon](icons/small.png) here"));
        var place = Check("Text.\n\n![A boat](boat.jpg)").Findings.Single(finding => finding.Code == "image-too-large");
        Assert.Equal((7, 11), (place.Line, place.Column));
    }

    [Fact]
    public void TheirWeightCountsTogetherWithTheOthers()
    {
        var report = Check("![A boat](boat.jpg)\n\n![Far](https://pics.example.org/x.png)");
        var far = new Dictionary<string, AddressState> { ["https://pics.example.org/x.png"] = new(AddressVerdict.Fine, null, 1_850_000, "image/png") };

        Assert.Contains(report.With(far).Findings, finding => finding.Code == "images-heavy" && finding.Message.Contains("3.0 MB", StringComparison.Ordinal) || finding.Message.Contains("3.1 MB", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Codes(string body) => Check(body).Findings.Select(finding => finding.Code).Where(code => code.StartsWith("image", StringComparison.Ordinal)).Order();

    private static PreflightReport Check(string body) => EditionPreflight.Check(new PreflightRequest
    {
        Source = $"---\ntitle: Letters\npreheader: From the harbour\n---\n{body}\n\nText.\n",
        Now = Rendered.Friday,
        Newsletter = Rendered.Newsletter,
        Pictures = Book(),
    });

    private static RenderProblem Refusal(string body, NewsletterProfile? newsletter = null) =>
        Assert.Single(Assert.IsType<RenderOutcome.Refused>(EditionRenderer.Render(Rendered.Request(Rendered.Edition(body), newsletter) with { Pictures = Book() })).Problems);

    private static RenderedEdition Of(string body, NewsletterProfile? newsletter = null) =>
        Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Rendered.Request(Rendered.Edition(body), newsletter) with { Pictures = Book() })).Edition;

    private static PictureBook Book()
    {
        var book = new PictureBook(Root);
        book.Add(Large, "boat.jpg");
        book.Add(Small, "icons/small.png");
        book.Add(Heavy, "heavy.png");
        book.Refuse("torn.png", "It is cut off.");
        return book;
    }

    private static AngleSharp.Dom.IDocument Page(RenderedEdition edition) => new HtmlParser().ParseDocument(edition.FillHtml(Rendered.Ana));

    private static (string?, string?, string?) Facts(AngleSharp.Dom.IElement image) => (image.GetAttribute("src"), image.GetAttribute("width"), image.GetAttribute("height"));
}
