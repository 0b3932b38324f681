using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Tests.Rendering;

namespace Newsletter.Mailer.Tests.Images;

/// <summary>What an edition may write for a picture of its own, and how it is found.</summary>
public sealed class PictureNameTests
{
    private const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    [Theory]
    [InlineData("picture.png", "picture.png")]
    [InlineData("./a/b.png", "a/b.png")]
    [InlineData("my%20picture.png", "my picture.png")]
    [InlineData("Küste.jpg", "Küste.jpg")]
    [InlineData("K%C3%BCste.jpg", "Küste.jpg")]
    public void APathIsReadAsItIsMeant(string written, string name)
    {
        Assert.True(PictureName.IsPath(written));
        Assert.Null(PictureName.TryRead(written, out var read));
        Assert.Equal(name, read);
    }

    [Theory]
    [InlineData("../picture.png", "downwards")]
    [InlineData("a/../../b.png", "downwards")]
    [InlineData("%2e%2e/b.png", "downwards")]
    [InlineData("a//b.png", "downwards")]
    [InlineData("a/./b.png", "downwards")]
    [InlineData("a/ /b.png", "downwards")]
    [InlineData("/etc/passwd", "begins with /")]
    [InlineData("%2Fetc/passwd", "begins with /")]
    [InlineData(@"a\b.png", "not \\")]
    [InlineData("a.png?x=1", "can't hold")]
    [InlineData("a%00.png", "can't hold")]
    [InlineData("%e2%80%ae.png", "can't hold")]
    [InlineData("./", "1 to 200")]
    public void APathThatLeadsElsewhereIsRefused(string written, string why)
    {
        Assert.True(PictureName.IsPath(written));
        Assert.Contains(why, PictureName.TryRead(written, out _), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com/a.png")]
    [InlineData("http:a.png")]
    [InlineData("data:image/png;base64,AAAA")]
    [InlineData("file:///etc/passwd")]
    [InlineData("cid:1")]
    [InlineData("//example.com/a.png")]
    [InlineData("#a")]
    [InlineData("?a")]
    [InlineData(" ")]
    [InlineData("")]
    [InlineData(null)]
    public void AnAddressIsNoPath(string? written) => Assert.False(PictureName.IsPath(written));

    [Fact]
    public void AnEditionsPicturesAreFoundWhereverTheyStand()
    {
        var edition = Rendered.Edition("""
            ![a](a.png "Caption") and [![b](<b c.png>)](https://example.com)

            ![d][ref] `![no](code.png)` ![slot]({{ links.site }}) ![far](https://example.com/x.png) ![up](../up.png)

            :::video https://example.com/v
            ![e](./e/e.png)
            :::

            <img alt="raw" src="raw.png">

            [ref]: d.png
            """);

        Assert.Equal(["a.png", "b c.png", "d.png", "e/e.png"], PictureReferences.NamesIn(edition, keepsHtml: false));
        Assert.Contains("raw.png", PictureReferences.NamesIn(edition, keepsHtml: true));
        Assert.Empty(PictureReferences.NamesIn(Rendered.Edition(new string('>', 2_000) + "![a](a.png)"), keepsHtml: false));
    }

    [Fact]
    public void KeptPicturesAreFoundByTheirAddresses()
    {
        const string Root = "https://news.example.com/images/";
        var text = $"![a]({Root}{Hash}.png) <img src=\"{Root}{Hash[..63]}0.jpg\"> {Root}{Hash}.svg {Root}zz https://elsewhere.example/images/{Hash}.png {Root}";

        Assert.Equal([Hash, Hash[..63] + "0"], PictureReferences.HashesIn(text, Root));
        Assert.Empty(PictureReferences.HashesIn(null, Root));
    }

    [Theory]
    [InlineData(Hash + ".png", true)]
    [InlineData(Hash + ".jpg", true)]
    [InlineData(Hash + ".gif", true)]
    [InlineData(Hash + ".webp", false)]
    [InlineData(Hash + ".PNG", false)]
    [InlineData(Hash, false)]
    [InlineData("../" + Hash + ".png", false)]
    [InlineData("9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.png", false)]
    [InlineData("", false)]
    public void AFileNameIsAHashAndAType(string name, bool good) => Assert.Equal(good, PictureFile.TryRead(name, out _, out _));
}
