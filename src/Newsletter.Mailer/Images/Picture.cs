namespace Newsletter.Mailer.Images;

/// <summary>A kept picture, without its bytes.</summary>
public sealed record Picture
{
    /// <summary>0 of one that isn't kept.</summary>
    public long Id { get; init; }

    /// <summary>SHA-256 of its bytes, 64 hexadecimal digits in lower case.</summary>
    public required string Sha256 { get; init; }

    /// <summary><c>image/jpeg</c>, <c>image/png</c> or <c>image/gif</c>.</summary>
    public required string MediaType { get; init; }

    /// <summary>In pixels.</summary>
    public required int Width { get; init; }

    /// <summary>In pixels, of one frame.</summary>
    public required int Height { get; init; }

    /// <summary>Its length.</summary>
    public required int Bytes { get; init; }

    /// <summary>When it was first kept.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What it is called in which newsletters.</summary>
    public IReadOnlyList<NamedPicture> Names { get; init; } = [];

    /// <summary>The last part of its address: it never stands for other bytes.</summary>
    public string FileName => PictureFile.NameOf(Sha256, MediaType);
}

/// <summary>A picture's name.</summary>
/// <param name="Newsletter">Slug of the newsletter in which it is called so.</param>
/// <param name="Name">The relative path that an edition writes.</param>
public sealed record NamedPicture(string Newsletter, string Name);

/// <summary>A picture made fit for mail.</summary>
/// <param name="Facts">What is known of it.</param>
/// <param name="Content">Its bytes.</param>
public sealed record MadePicture(Picture Facts, byte[] Content);

/// <summary>What pictures are called as files and in addresses: hash and type.</summary>
public static class PictureFile
{
    private const int HashLength = 64;

    /// <summary>Such as <c>9f86…0f00.png</c>.</summary>
    public static string NameOf(string sha256, string mediaType) => $"{sha256}.{Extension(mediaType)}";

    /// <summary>Reads what <see cref="NameOf"/> wrote, and nothing else.</summary>
    public static bool TryRead(string? name, out string sha256, out string mediaType)
    {
        (sha256, mediaType) = ("", "");
        if (name is not { Length: > HashLength + 1 } || name[HashLength] != '.' || !name.AsSpan(0, HashLength).ContainsOnlyLowerHex())
            return false;
        mediaType = name[(HashLength + 1)..] switch { "jpg" => "image/jpeg", "png" => "image/png", "gif" => "image/gif", _ => "" };
        sha256 = name[..HashLength];
        return mediaType.Length > 0;
    }

    private static string Extension(string mediaType) => mediaType switch { "image/jpeg" => "jpg", "image/gif" => "gif", _ => "png" };

    private static bool ContainsOnlyLowerHex(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        return true;
    }
}
