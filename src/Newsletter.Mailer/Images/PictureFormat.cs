namespace Newsletter.Mailer.Images;

/// <summary>What a file is by its first bytes; its name and what its sender says of it don't count.</summary>
internal static class PictureFormat
{
    /// <summary>The formats that are read, by how libvips calls their loader.</summary>
    public static readonly IReadOnlyList<string> Loaders = ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadNsgif", "VipsForeignLoadWebp"];

    /// <summary>JPEG, PNG, GIF or WebP; else <paramref name="other"/> says what it looks like.</summary>
    public static bool IsRead(ReadOnlySpan<byte> file, out string other)
    {
        other = "";
        if (file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || file.StartsWith((ReadOnlySpan<byte>)[0x89, .. "PNG\r\n\u001a\n"u8])
            || file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8) || (file.StartsWith("RIFF"u8) && file.Length >= 12 && file.Slice(8, 4).SequenceEqual("WEBP"u8)))
            return true;
        other = Guess(file);
        return false;
    }

    private static string Guess(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith("%PDF"u8))
            return "a PDF";
        if (file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8))
            return "a TIFF";
        if (file.StartsWith("BM"u8))
            return "a BMP";
        if (file.Length >= 12 && file.Slice(4, 4).SequenceEqual("ftyp"u8))
            return "an AVIF, HEIC or MP4";
        var text = System.Text.Encoding.Latin1.GetString(file[..Math.Min(file.Length, 1_024)]);
        if (text.Contains("<svg", StringComparison.OrdinalIgnoreCase))
            return "an SVG, which mail programs don't show";
        return text.Contains("<html", StringComparison.OrdinalIgnoreCase) || text.Contains("<!doctype", StringComparison.OrdinalIgnoreCase) ? "a web page" : "something else";
    }
}
