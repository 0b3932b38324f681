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
