using System.Buffers.Binary;
using NetVips;

namespace Newsletter.Mailer.Testing;

/// <summary>Pictures made on the spot, of every kind that an author may upload.</summary>
public static class TestPictures
{
    /// <summary>Noise in colours: what a photograph is to a compressor.</summary>
    public static Image Photo(int width = 320, int height = 200)
    {
        using var red = Image.Gaussnoise(width, height, mean: 120, sigma: 40, seed: 7);
        using var green = Image.Gaussnoise(width, height, mean: 90, sigma: 40, seed: 8);
        using var blue = Image.Gaussnoise(width, height, mean: 140, sigma: 40, seed: 9);
        using var joined = red.Bandjoin(green, blue);
        using var bytes = joined.Cast(Enums.BandFormat.Uchar);
        return bytes.Copy(interpretation: Enums.Interpretation.Srgb);
    }

    /// <summary>A few areas of one colour each: what a drawing or a screen is.</summary>
    public static Image Flat(int width = 320, int height = 200, int hue = 40)
    {
        using var black = Image.Black(width, height, bands: 3);
        using var ground = black + new double[] { 250, 250, 245 };
        using var bytes = ground.Cast(Enums.BandFormat.Uchar);
        using var drawn = bytes.Mutate(picture => picture.DrawRect([200, hue, 30], width / 8, height / 8, width / 2, height / 2, fill: true));
        return drawn.Copy(interpretation: Enums.Interpretation.Srgb);
    }

    /// <summary>The same, seen through at one side.</summary>
    public static Image Transparent(int width = 320, int height = 200)
    {
        using var flat = Flat(width, height);
        using var left = Image.Black(width / 2, height);
        using var right = Image.Black(width - (width / 2), height);
        using var solid = right + 255;
        using var joined = left.Join(solid, Enums.Direction.Horizontal);
        using var alpha = joined.Cast(Enums.BandFormat.Uchar);
        using var both = flat.Bandjoin(alpha);
        return both.CopyMemory();
    }

    /// <summary>Frames of different colours, one below the other as libvips has them, a tenth of a second each.</summary>
    public static Image Animation(int frames = 3, int width = 64, int height = 48)
    {
        var all = Enumerable.Range(0, frames).Select(n => Flat(width, height, hue: n * 255 / frames)).ToArray();
        using var strip = Image.Arrayjoin(all, across: 1);
        foreach (var frame in all)
            frame.Dispose();
        return strip.Mutate(picture =>
        {
            picture.Set(GValue.GIntType, "page-height", height);
            picture.Set(GValue.ArrayIntType, "delay", Enumerable.Repeat(100, frames).ToArray());
        });
    }

    public static byte[] Jpeg(int width = 320, int height = 200)
    {
        using var photo = Photo(width, height);
        return photo.JpegsaveBuffer(q: 90);
    }

    public static byte[] Png(int width = 320, int height = 200)
    {
        using var flat = Flat(width, height);
        return flat.PngsaveBuffer();
    }

    public static byte[] TransparentPng()
    {
        using var transparent = Transparent();
        return transparent.PngsaveBuffer();
    }

    public static byte[] Gif(int frames = 3, int width = 64, int height = 48)
    {
        using var animation = Animation(frames, width, height);
        return animation.GifsaveBuffer();
    }

    public static byte[] Webp(int width = 320, int height = 200)
    {
        using var photo = Photo(width, height);
        return photo.WebpsaveBuffer(q: 90);
    }

    /// <summary>A few bytes that say they are a huge picture, with a right checksum.</summary>
    public static byte[] Bomb(int width = 60_000, int height = 60_000)
    {
        var png = Png(8, 8);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Checksum(png.AsSpan(12, 17)));
        return png;
    }

    // CRC-32 as PNG has it (ISO 3309).
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum & 1) == 1 ? (sum >> 1) ^ 0xEDB88320u : sum >> 1;
        }

        return ~sum;
    }
}
