using System.Text;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class EditionPreviewTests
{
    private const string Source = "---\nnewsletter: my-letter\ntitle: Hello\n---\nHi {{ subscriber.first_name | default: \"friend\" }} of {{ subscriber.attributes.city | default: \"nowhere\" }}";

    [Fact]
    public void AFileIsShownAsAReaderWouldSeeIt()
    {
        var text = Show(new PreviewRequest { Source = Source, As = """{"first_name":"Ana","city":"Porto"}""", Format = PreviewFormat.Text, SentAt = Rendered.Friday });

        Assert.Contains("Hi Ana of Porto", text, StringComparison.Ordinal);
        Assert.StartsWith("My Letter\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ASlugWithTwoHyphensInARowIsMadeANameToo() =>
        Assert.StartsWith("My Letter\n", Show(new PreviewRequest { Source = Source.Replace("my-letter", "my--letter", StringComparison.Ordinal), Format = PreviewFormat.Text, SentAt = Rendered.Friday }), StringComparison.Ordinal);

    [Fact]
    public void AttributesCanStandApart() =>
        Assert.Contains("Hi Zoë of 7", Show(new PreviewRequest { Source = Source, As = """{"name":"Zoë Q","attributes":{"city":7}}""", Format = PreviewFormat.Text, SentAt = Rendered.Friday }), StringComparison.Ordinal);

    [Fact]
    public void NobodyInParticularGetsTheDefaults() =>
        Assert.Contains("Hi friend of nowhere", Show(new PreviewRequest { Source = Source, SentAt = Rendered.Friday }), StringComparison.Ordinal);

    [Fact]
    public void TheWholeMessageParses()
    {
        var mime = Show(new PreviewRequest { Source = Source, Format = PreviewFormat.Mime, SentAt = Rendered.Friday });

        Assert.Equal("Hello", MimeKit.MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(mime))).Subject);
    }

    [Fact]
    public void AVariantOrThemeIsShownByItsName()
    {
        const string Asked = "# Hi\n\n:::premium More\nSecret.\n:::\n\n:::only beta\nFor beta.\n:::\n\nYour tier: {{ subscriber.tier }}.";
        string Text(string? variant) => Show(new PreviewRequest { Source = Asked, Variant = variant, Format = PreviewFormat.Text, SentAt = Rendered.Friday });

        Assert.Contains("Secret.", Text("premium+beta"), StringComparison.Ordinal);
        Assert.Contains("Your tier: premium.", Text("premium"), StringComparison.Ordinal);
        Assert.DoesNotContain("For beta.", Text("premium"), StringComparison.Ordinal);
        Assert.DoesNotContain("Secret.", Text("free+beta"), StringComparison.Ordinal);
        Assert.DoesNotContain("Secret.", Text(null), StringComparison.Ordinal);
        Assert.Equal(
            ["free", "premium", "free+beta", "premium+beta"],
            Assert.IsType<PreviewOutcome.NoSuchVariant>(EditionPreview.Show(new PreviewRequest { Source = Asked, Variant = "gold", SentAt = Rendered.Friday })).Names);
        Assert.NotEqual(
            Show(new PreviewRequest { Source = Asked, Theme = "plain", SentAt = Rendered.Friday }), Show(new PreviewRequest { Source = Asked, Theme = "letter", SentAt = Rendered.Friday }));
        // An edition that asks nobody's tier looks the same to both.
        Assert.Contains("Hi friend", Show(new PreviewRequest { Source = Source, Variant = "premium", SentAt = Rendered.Friday }), StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageShowsFourViewsAndNothingInThemRuns()
    {
        var html = Show(new PreviewRequest { Source = "Hi & <b>bye</b> {{ subscriber.first_name | default: \"x\" }}", As = """{"first_name":"\"><script>alert(1)</script>"}""", Format = PreviewFormat.Page, SentAt = Rendered.Friday });
        var page = new AngleSharp.Html.Parser.HtmlParser().ParseDocument(html);

        Assert.Equal(["Desktop", "Phone", "Phone, dark"], page.QuerySelectorAll("iframe").Select(frame => frame.GetAttribute("title")));
        Assert.All(page.QuerySelectorAll("iframe"), frame => Assert.Equal("", frame.GetAttribute("sandbox")));
        Assert.Empty(page.QuerySelectorAll("script"));
        foreach (var frame in page.QuerySelectorAll("iframe"))
            Assert.Empty(new AngleSharp.Html.Parser.HtmlParser().ParseDocument(frame.GetAttribute("srcdoc")!).QuerySelectorAll("script"));
        Assert.DoesNotContain("prefers-color-scheme", page.QuerySelectorAll("iframe")[2].GetAttribute("srcdoc"), StringComparison.Ordinal);
        Assert.Contains("Hi &", page.QuerySelector("pre")!.TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{first_name:Ana}")]
    [InlineData("[1]")]
    [InlineData("")]
    public void AReaderThatIsNoJsonIsNamedSo(string json) =>
        Assert.Contains("""{"first_name":"Ana"}""", Refuse(new PreviewRequest { Source = Source, As = json, SentAt = Rendered.Friday })[0].Message, StringComparison.Ordinal);

    [Fact]
    public void ErrorsOfTheFileAreShownWithTheirLines()
    {
        Assert.Equal(2, Refuse(new PreviewRequest { Source = "---\nsubjet: x\n---\n", SentAt = Rendered.Friday })[0].Line);
        Assert.Equal(3, Refuse(new PreviewRequest { Source = "Text\n\n{{ nobody }}", SentAt = Rendered.Friday })[0].Line);
    }

    [Fact]
    public void ABadAddressIsNamedSo() =>
        Assert.Contains("address", Refuse(new PreviewRequest { Source = Source, As = """{"address":"x"}""", Format = PreviewFormat.Mime, SentAt = Rendered.Friday })[0].Message, StringComparison.Ordinal);

    private static string Show(PreviewRequest request) => Encoding.UTF8.GetString(Assert.IsType<PreviewOutcome.Shown>(EditionPreview.Show(request)).Output);

    private static IReadOnlyList<RenderProblem> Refuse(PreviewRequest request) => Assert.IsType<PreviewOutcome.Refused>(EditionPreview.Show(request)).Problems;
}
