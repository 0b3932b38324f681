using System.Globalization;
using System.Text;
using NetVips;

namespace Newsletter.Mailer.Images.Cards;

/// <summary>Draws cards: the title on its ground, and along the foot a band with the newsletter's name, number and day.</summary>
public static class CardPainter
{
    private const int Margin = 84;
    private const int BandHeight = 118;
    private const int TitleHeight = 330;
    private const int SmallSize = 32;
    private const int NoteWidth = 420;
    private const int Gap = 48;
    private const int ColumnWidth = SocialCard.Width - (2 * Margin);

    /// <summary>Families of the texts on the band.</summary>
    private const string SmallFonts = CardFonts.Sans;

    private static readonly int[] TitleSizes = [120, 104, 92, 84, 76, 68, 62, 56, 50, 46];

    /// <summary>
    /// The card as it can be written with the fonts there are: without signs that none of them has. Null where one of its letters is missing, or where there
    /// is no title left, or no library to draw with.
    /// </summary>
    /// <param name="card">As the edition has it.</param>
    /// <param name="missing">The first letter that no font has; U+0000 where that isn't the reason.</param>
    public static SocialCard? Writable(SocialCard card, out Rune missing)
    {
        ArgumentNullException.ThrowIfNull(card);
        missing = default;
        return Libvips.IsThere
            && CardLetters.Writable(CardText.Clean(card.Title), out missing) is { Length: > 0 } title
            && CardLetters.Writable(CardText.Clean(card.Newsletter), out missing) is { } newsletter
            && CardLetters.Writable(CardText.Clean(card.Note), out missing) is { } note
            ? card with { Title = title, Newsletter = newsletter, Note = note }
            : null;
    }

    /// <summary>Draws one that is <see cref="Writable"/>, as PNG.</summary>
    public static byte[] Draw(SocialCard card)
    {
        ArgumentNullException.ThrowIfNull(card);
        Libvips.Open();
        var look = card.Look;
        var mirrored = CardText.IsRightToLeft(card.Title);
        using var ground = Plain(look.Ground, SocialCard.Width, SocialCard.Height);
        using var band = Plain(look.Band, SocialCard.Width, BandHeight);
        using var grounds = ground.Insert(band, 0, SocialCard.Height - BandHeight);
        using var title = new CardType(look.Fonts, look.Ink, card.Language).Block(card.Title, TitleSizes, ColumnWidth, TitleHeight);
        var top = (SocialCard.Height - BandHeight - title.Height) / 2;
        using var titled = grounds.Composite2(title, Enums.BlendMode.Over, Left(title, atStart: true, mirrored), top);
        var small = new CardType(SmallFonts, look.OnBand, card.Language);
        using var noted = OnBand(titled, card.Note, text => small.Line(text, SmallSize, NoteWidth, bold: false), atStart: false, mirrored, out var noteWidth);
        using var named = OnBand(noted, card.Newsletter, text => small.Line(text, SmallSize, ColumnWidth - noteWidth - Gap, bold: true), atStart: true, mirrored, out _);
        using var opaque = named.ExtractBand(0, 3);
        return opaque.PngsaveBuffer(compression: 9, keep: Enums.ForeignKeep.None);
    }

    private static Image OnBand(Image card, string text, Func<string, Image> set, bool atStart, bool mirrored, out int width)
    {
        width = 0;
        if (text.Length == 0)
            return card.Copy();
        using var line = set(text);
        width = line.Width;
        // By the line rather than by its ink: two texts beside each other stand on one.
        var top = SocialCard.Height - (BandHeight / 2) - (SmallSize * 6 / 10) + line.Yoffset - (SmallSize / 10);
        return card.Composite2(line, Enums.BlendMode.Over, Left(line, atStart, mirrored), top);
    }

    private static int Left(Image text, bool atStart, bool mirrored) => atStart != mirrored ? Margin : SocialCard.Width - Margin - text.Width;

    private static Image Plain(string colour, int width, int height)
    {
        using var black = Image.Black(width, height, bands: 3);
        using var coloured = black + Channels(colour);
        using var bytes = coloured.Cast(Enums.BandFormat.Uchar);
        return bytes.Copy(interpretation: Enums.Interpretation.Srgb);
    }

    private static double[] Channels(string colour) =>
        [.. Enumerable.Range(0, 3).Select(channel => (double)int.Parse(colour.AsSpan(1 + (2 * channel), 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
}
