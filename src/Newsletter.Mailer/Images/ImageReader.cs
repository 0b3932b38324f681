using System.Globalization;
using System.Security.Cryptography;
using NetVips;

namespace Newsletter.Mailer.Images;

/// <summary>
/// Makes a picture that mail programs show of an author's file: read by its content, turned upright, in sRGB, not wider than twice what mail is, and without
/// what the camera wrote into it (place, time, serial number). The same bytes always give the same bytes.
/// </summary>
public sealed class ImageReader(ImageOptions options) : IDisposable
{
    /// <summary>What is done here, by number: another number would give other bytes.</summary>
    public const short Recipe = 1;

    /// <summary>Twice the widest text column, for sharp screens.</summary>
    public const int MaxWidth = 1_400;

    /// <summary>Higher than any screen scrolls in a mail.</summary>
    public const int MaxHeight = 8_000;

    private const int Quality = 82;

    private readonly SemaphoreSlim _turns = new(options.Concurrency);

    /// <summary>Reads a file; few at the same time, the others wait.</summary>
    public async Task<ImageReading> ReadAsync(byte[] file, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Length > options.MaxBytes)
            return TooLarge(file.Length);
        if (!PictureFormat.IsRead(file, out var other))
            return new ImageReading.Refused(ImageRefusal.OtherFormat, $"A picture is a JPEG, PNG, GIF or WebP, and this is {other}. Save it as one of them.");
        await _turns.WaitAsync(stop);
        try
        {
            return await Task.Run(() => Read(file), stop);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>What is said of a file with too many bytes.</summary>
    public ImageReading.Refused TooLarge(long? bytes = null) => new(
        ImageRefusal.TooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The file has {(bytes is { } known ? $"{known:N0}" : "more")} bytes{(bytes is null ? " than Images:MaxBytes allows" : "")}; at most {options.MaxBytes:N0} are taken. Make it smaller: mail shows {MaxWidth} pixels at most."));

    public void Dispose() => _turns.Dispose();

    private ImageReading Read(byte[] file)
    {
        Libvips.Open();
        try
        {
            // Only the header is read here: what would burst when it is unpacked is refused before it is.
            int frames;
            using (var header = Image.NewFromBuffer(file, access: Enums.Access.Sequential))
            {
                frames = header.Contains("n-pages") ? (int)header.Get("n-pages") : 1;
                if (Refusal(header.Width, header.Height, frames) is { } refusal)
                    return refusal;
            }

            return new ImageReading.Read(frames > 1 ? Animated(file) : Still(file));
        }
        catch (VipsException e)
        {
            return new ImageReading.Refused(ImageRefusal.Damaged, $"The picture can't be read: it is cut off or damaged ({Reason(e)}). Save it anew.");
        }
    }

    private ImageReading.Refused? Refusal(long width, long height, int frames)
    {
        if (frames > options.MaxFrames)
            return new ImageReading.Refused(ImageRefusal.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The animation has {frames:N0} frames; at most {options.MaxFrames:N0} are taken. Leave some out."));
        return width * height * frames > options.MaxPixels
            ? new ImageReading.Refused(ImageRefusal.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The picture has {width:N0} × {height:N0} pixels{(frames > 1 ? $" in {frames:N0} frames" : "")}; at most {options.MaxPixels:N0} are taken in all. Make it smaller: mail shows {MaxWidth} across at most."))
            : null;
    }

    private static MadePicture Still(byte[] file)
    {
        using var thumbnail = Fit(file, "fail_on=truncated");
        // Read once into memory; it is looked at several times below.
        using var picture = thumbnail.CopyMemory();
        if (IsTransparent(picture))
            return Made(Png(picture), "image/png", picture.Width, picture.Height);
        using var opaque = picture.HasAlpha() ? picture.ExtractBand(0, picture.Bands - 1) : picture.Copy();
        var jpeg = opaque.JpegsaveBuffer(q: Quality, optimizeCoding: true, interlace: true, keep: Enums.ForeignKeep.None);
        // Drawings, screens and text are smaller and sharper as PNG; photographs are several times larger.
        if (file[0] == 0xFF)
            return Made(jpeg, "image/jpeg", opaque.Width, opaque.Height);
        var png = Png(opaque);
        return png.Length > 2L * jpeg.Length
            ? Made(jpeg, "image/jpeg", opaque.Width, opaque.Height)
            : Made(png, "image/png", opaque.Width, opaque.Height);
    }

    private static MadePicture Animated(byte[] file)
    {
        using var frames = Fit(file, "fail_on=truncated,n=-1");
        var gif = frames.GifsaveBuffer(keep: Enums.ForeignKeep.None);
        var height = frames.Contains("page-height") ? (int)frames.Get("page-height") : frames.Height;
        return Made(gif, "image/gif", frames.Width, height);
    }

    // Upright, in sRGB, smaller where it is too large and never larger. What is said to the reader of the format goes by its own options: thumbnailing doesn't pass fail_on on.
    private static Image Fit(byte[] file, string how) => Image.ThumbnailBuffer(
        file, MaxWidth, optionString: how, height: MaxHeight, size: Enums.Size.Down, outputProfile: "srgb");

    private static byte[] Png(Image picture) => picture.PngsaveBuffer(compression: 9, keep: Enums.ForeignKeep.None);

    private static bool IsTransparent(Image picture)
    {
        if (!picture.HasAlpha())
            return false;
        using var alpha = picture.ExtractBand(picture.Bands - 1);
        return alpha.Min() < 255;
    }

    private static MadePicture Made(byte[] content, string mediaType, int width, int height) => new(
        new Picture { Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)), MediaType = mediaType, Width = width, Height = height, Bytes = content.Length },
        content);

    // Its first line; the rest repeats it.
    private static string Reason(VipsException e)
    {
        var lines = e.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var reason = new string([.. (lines.Length > 1 ? lines[1] : lines.FirstOrDefault() ?? "").Where(c => !char.IsControl(c))]);
        return reason.Length <= 120 ? reason : reason[..120];
    }
}
