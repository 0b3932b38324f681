using System.Text;
using NetVips;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Images;

/// <summary>Whatever an author uploads becomes a picture that mail programs show, or is refused with a reason.</summary>
public sealed class ImageReaderTests : IDisposable
{
    private readonly ImageReader _reader = new(new ImageOptions { MaxFrames = 20 });

    public static TheoryData<string, string> Formats => new()
    {
        { "jpeg", "image/jpeg" }, { "png", "image/png" }, { "png-photo", "image/jpeg" }, { "png-transparent", "image/png" }, { "png-solid-alpha", "image/png" },
        { "png-16", "image/png" }, { "png-grey", "image/png" }, { "jpeg-grey", "image/jpeg" }, { "jpeg-cmyk", "image/jpeg" }, { "webp", "image/jpeg" },
        { "webp-transparent", "image/png" }, { "gif-still", "image/png" }, { "gif-animated", "image/gif" }, { "webp-animated", "image/gif" },
    };

    public void Dispose() => _reader.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task EachFormatBecomesOneThatMailShows(string kind, string mediaType)
    {
        var made = await Read(Make(kind));

        Assert.Equal(mediaType, made.Facts.MediaType);
        using var picture = Image.NewFromBuffer(made.Content);
        Assert.Equal((made.Facts.Width, made.Facts.Bytes), (picture.Width, made.Content.Length));
        Assert.Equal(Enums.BandFormat.Uchar, picture.Format);
        Assert.Contains(picture.Interpretation, (Enums.Interpretation[])[Enums.Interpretation.Srgb, Enums.Interpretation.Bw]);
        Assert.DoesNotContain(picture.GetFields(), field => field.StartsWith("exif", StringComparison.Ordinal) || field.EndsWith("-data", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task TheSameBytesGiveTheSameBytes(string kind, string mediaType)
    {
        var file = Make(kind);
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Read(file)));

        Assert.All(all, made => Assert.Equal((mediaType, all[0].Facts.Sha256), (made.Facts.MediaType, made.Facts.Sha256)));
    }

    [Fact]
    public async Task WhatIsTooLargeIsMadeSmallerAndNothingIsMadeLarger()
    {
        var wide = await Read(TestPictures.Jpeg(3_000, 600));
        var tall = await Read(TestPictures.Png(200, 9_000));
        var small = await Read(TestPictures.Png(40, 30));

        Assert.Equal((1_400, 280), (wide.Facts.Width, wide.Facts.Height));
        Assert.Equal((178, 8_000), (tall.Facts.Width, tall.Facts.Height));
        Assert.Equal((40, 30), (small.Facts.Width, small.Facts.Height));
    }

    [Fact]
    public async Task ItIsTurnedUprightAndTellsNothingOfTheCamera()
    {
        using var photo = TestPictures.Flat(300, 200);
        using var turned = photo.Mutate(picture =>
        {
            picture.Set(GValue.GIntType, "orientation", 6);
            picture.Set(GValue.GStrType, "exif-ifd3-GPSLatitude", "52/1 31/1 12/1");
            picture.Set(GValue.GStrType, "exif-ifd0-Make", "SecretCamera");
        });
        var file = turned.JpegsaveBuffer(q: 95);
        Assert.Contains("SecretCamera", Encoding.Latin1.GetString(file), StringComparison.Ordinal);

        var made = await Read(file);

        Assert.Equal((200, 300), (made.Facts.Width, made.Facts.Height));
        Assert.DoesNotContain("SecretCamera", Encoding.Latin1.GetString(made.Content), StringComparison.Ordinal);
        Assert.DoesNotContain("Exif", Encoding.Latin1.GetString(made.Content), StringComparison.Ordinal);
        using var upright = Image.NewFromBuffer(made.Content);
        // The coloured area lay at the top left; a quarter turn to the right brings it to the top right.
        Assert.True(upright[upright.Width - 60, 60][1] < 100, "top right");
        Assert.True(upright[10, 290][1] > 200, "bottom left");
        Assert.False(upright.Contains("orientation"));
    }

    [Fact]
    public async Task AColourProfileIsAppliedAndDropped()
    {
        using var flat = TestPictures.Flat();
        var file = flat.JpegsaveBuffer(q: 95, profile: "p3");
        using (var written = Image.NewFromBuffer(file))
            Assert.True(written.Contains("icc-profile-data"));

        using var made = Image.NewFromBuffer((await Read(file)).Content);

        Assert.False(made.Contains("icc-profile-data"));
        using var before = Image.NewFromBuffer(file);
        Assert.NotEqual(before[100, 60], made[100, 60]);
    }

    [Fact]
    public async Task AnAnimationKeepsItsFramesAndTheirTime()
    {
        var made = await Read(TestPictures.Gif(frames: 5, width: 1_600, height: 100));

        using var gif = Image.NewFromBuffer(made.Content, "n=-1");
        Assert.Equal((1_400, 88), (made.Facts.Width, made.Facts.Height));
        Assert.Equal((5, 5 * 88), ((int)gif.Get("n-pages"), gif.Height));
        Assert.Equal(100, ((int[])gif.Get("delay"))[0]);
    }

    [Fact]
    public async Task WhatWouldBurstIsRefusedByItsHeader()
    {
        var bomb = await Refused(TestPictures.Bomb());
        var frames = await Refused(TestPictures.Gif(frames: 21));
        var bytes = await Refused(new byte[(10 * 1024 * 1024) + 1]);

        Assert.Equal((ImageRefusal.TooLarge, ImageRefusal.TooLarge, ImageRefusal.TooLarge), (bomb.Why, frames.Why, bytes.Why));
        Assert.Contains("60,000 × 60,000 pixels; at most 50,000,000", bomb.Problem, StringComparison.Ordinal);
        Assert.Contains("21 frames; at most 20", frames.Problem, StringComparison.Ordinal);
        Assert.Contains("10,485,761 bytes; at most 10,485,760", bytes.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FramesCountTogether()
    {
        using var reader = new ImageReader(new ImageOptions { MaxPixels = 10_000 });

        Assert.Contains("64 × 48 pixels in 5 frames", ((ImageReading.Refused)await reader.ReadAsync(TestPictures.Gif(frames: 5), default)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>", "an SVG")]
    [InlineData("<?xml version=\"1.0\"?><!-- x --><svg/>", "an SVG")]
    [InlineData("%PDF-1.7\n", "a PDF")]
    [InlineData("<!DOCTYPE html><html><img src=x onerror=alert(1)></html>", "a web page")]
    [InlineData("II*\0aaaa", "a TIFF")]
    [InlineData("MM\0*aaaa", "a TIFF")]
    [InlineData("BMaaaa", "a BMP")]
    [InlineData("\0\0\0\u001cftypavif", "an AVIF")]
    [InlineData("hello", "something else")]
    [InlineData("", "something else")]
    [InlineData("RIFFaaaaWAVE", "something else")]
    public async Task OtherFormatsAreRefusedByName(string text, string name)
    {
        var refused = await Refused(Encoding.Latin1.GetBytes(text));

        Assert.Equal(ImageRefusal.OtherFormat, refused.Why);
        Assert.Contains(name, refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATiffInTheClothesOfAnotherIsNotRead()
    {
        using var flat = TestPictures.Flat();
        Assert.Equal(ImageRefusal.OtherFormat, (await Refused(flat.TiffsaveBuffer())).Why);
        // Once pictures were read, libvips itself opens no other format in this process.
        Assert.ThrowsAny<VipsException>(() => Image.NewFromBuffer(flat.TiffsaveBuffer()).Dispose());
        Assert.ThrowsAny<VipsException>(() => Image.NewFromBuffer("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>"u8.ToArray()).Dispose());
    }

    [Theory]
    [InlineData("jpeg")]
    [InlineData("png")]
    [InlineData("gif-animated")]
    [InlineData("webp")]
    public async Task NoBytesBreakIt(string kind)
    {
        var file = Make(kind);
        var chance = new Random(42);
        foreach (var length in Enumerable.Range(0, 20).Select(n => n * file.Length / 20))
            Assert.NotNull(await _reader.ReadAsync(file[..length], default));
        for (var i = 0; i < 80; i++)
        {
            var broken = (byte[])file.Clone();
            for (var j = 0; j <= i % 8; j++)
                broken[chance.Next(i % 2 == 0 ? Math.Min(64, broken.Length) : broken.Length)] = (byte)chance.Next(256);
            Assert.NotNull(await _reader.ReadAsync(broken, default));
        }

        Assert.Equal(ImageRefusal.Damaged, (await Refused(file[..(file.Length / 2)])).Why);
    }

    private static byte[] Make(string kind)
    {
        using var photo = TestPictures.Photo();
        using var flat = TestPictures.Flat();
        using var transparent = TestPictures.Transparent();
        using var animation = TestPictures.Animation();
        using var solid = flat.Bandjoin(255);
        using var deep = flat.Colourspace(Enums.Interpretation.Rgb16);
        using var grey = flat.Colourspace(Enums.Interpretation.Bw);
        using var cmyk = flat.Colourspace(Enums.Interpretation.Cmyk);
        return kind switch
        {
            "jpeg" => photo.JpegsaveBuffer(q: 90),
            "png" => flat.PngsaveBuffer(),
            "png-photo" => photo.PngsaveBuffer(),
            "png-transparent" => transparent.PngsaveBuffer(),
            "png-solid-alpha" => solid.PngsaveBuffer(),
            "png-16" => deep.PngsaveBuffer(),
            "png-grey" => grey.PngsaveBuffer(),
            "jpeg-grey" => grey.JpegsaveBuffer(),
            "jpeg-cmyk" => cmyk.JpegsaveBuffer(),
            "webp" => photo.WebpsaveBuffer(q: 90),
            "webp-transparent" => transparent.WebpsaveBuffer(lossless: true),
            "gif-still" => flat.GifsaveBuffer(),
            "gif-animated" => animation.GifsaveBuffer(),
            "webp-animated" => animation.WebpsaveBuffer(),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private async Task<MadePicture> Read(byte[] file)
    {
        var reading = await _reader.ReadAsync(file, default);
        return reading is ImageReading.Read(var made) ? made : throw new InvalidOperationException(((ImageReading.Refused)reading).Problem);
    }

    private async Task<ImageReading.Refused> Refused(byte[] file) => Assert.IsType<ImageReading.Refused>(await _reader.ReadAsync(file, default));
}
