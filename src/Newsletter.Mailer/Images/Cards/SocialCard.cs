using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Images.Cards;

/// <summary>The picture that stands for an edition where a link to it is shown: everything that is drawn, and nothing else.</summary>
public sealed record SocialCard
{
    /// <summary>Pixels, as networks that show links ask for them.</summary>
    public const int Width = 1_200;

    /// <summary>Pixels.</summary>
    public const int Height = 630;

    /// <summary>How it is drawn, by number: another drawing has another address.</summary>
    private const int Drawing = 1;

    /// <summary>Name of the newsletter.</summary>
    public required string Newsletter { get; init; }

    public required string Title { get; init; }

    /// <summary>Number and day, in the edition's language.</summary>
    public required string Note { get; init; }

    /// <summary>BCP 47 tag: the same letter is written otherwise in Japanese and in Chinese.</summary>
    public required string Language { get; init; }

    public required CardLook Look { get; init; }

    /// <summary>Names the picture: 32 hexadecimal digits.</summary>
    public string Hash()
    {
        string[] parts = [$"{Drawing}", Newsletter, Title, Note, Language, Look.Ground, Look.Ink, Look.Band, Look.OnBand, Look.Fonts];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"{part.Length}:{part}")))).AsSpan(0, 16));
    }
}

/// <summary>Colours (<c>#rrggbb</c>) and type of a card.</summary>
/// <param name="Ground">Behind the title.</param>
/// <param name="Ink">The title's.</param>
/// <param name="Band">Along the foot.</param>
/// <param name="OnBand">The texts on the band.</param>
/// <param name="Fonts">Families of the title, the first that is there counts, parted by commas.</param>
public sealed record CardLook(string Ground, string Ink, string Band, string OnBand, string Fonts);
