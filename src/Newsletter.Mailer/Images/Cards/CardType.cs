using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NetVips;

namespace Newsletter.Mailer.Images.Cards;

/// <summary>Texts set into a given room. Sizes are pixels.</summary>
/// <param name="fonts">Families, parted by commas; the first that is there counts.</param>
/// <param name="colour"><c>#rrggbb</c>.</param>
/// <param name="language">BCP 47 tag.</param>
internal sealed class CardType(string fonts, string colour, string language)
{
    /// <summary>Steps of narrowing a column while its lines stay as many.</summary>
    private const int Narrowings = 5;

    /// <summary>As large as fits, in lines of about the same length; cut short where even the smallest is too large.</summary>
    /// <param name="text">Cleaned.</param>
    /// <param name="sizes">From the largest down.</param>
    /// <param name="width">Of the column.</param>
    /// <param name="height">Of the column.</param>
    public Image Block(string text, ReadOnlySpan<int> sizes, int width, int height)
    {
        foreach (var size in sizes)
        {
            if (Lines(text, size, width, Enums.TextWrap.Word) is not { } block)
                continue;
            if (block.Width <= width && block.Height <= height)
                return Balanced(text, size, block);
            block.Dispose();
        }

        var smallest = sizes[^1];
        return Cut(text, shown => Lines(shown, smallest, width, Enums.TextWrap.WordChar), drawn => drawn.Height <= height && drawn.Width <= width);
    }

    /// <summary>One line, cut short where it is too long.</summary>
    public Image Line(string text, int size, int width, bool bold) =>
        Cut(text, shown => Draw(shown, size, bold, null, Enums.TextWrap.None), drawn => drawn.Width <= width);

    /// <summary>Draws markup; false where nothing is to be seen of it, or where it is larger than a picture can be.</summary>
    public static bool TryText(string markup, string font, [NotNullWhen(true)] out Image? drawn, int? width = null, Enums.TextWrap? wrap = null, bool rgba = false)
    {
        try
        {
            drawn = Image.Text(markup, font: font, width: width, dpi: 72, rgba: rgba, wrap: wrap);
            return true;
        }
        catch (VipsException)
        {
            // So libvips says that a text has no ink, or more than 32,767 pixels across or down: an answer, here.
            drawn = null;
            return false;
        }
    }

    // The last line's lonely word goes to the others: the narrowest column that makes no more lines of it.
    private Image Balanced(string text, int size, Image block)
    {
        var (narrow, wide, best) = (block.Width / 2, block.Width, block);
        for (var step = 0; step < Narrowings; step++)
        {
            var middle = (narrow + wide) / 2;
            var tried = Lines(text, size, middle, Enums.TextWrap.Word);
            // A line's accents and tails may be others.
            if (tried is not null && tried.Width <= middle && tried.Height <= block.Height + (size / 3))
            {
                if (!ReferenceEquals(best, block))
                    best.Dispose();
                (wide, best) = (middle, tried);
                continue;
            }

            tried?.Dispose();
            narrow = middle;
        }

        if (!ReferenceEquals(best, block))
            block.Dispose();
        return best;
    }

    /// <summary>All of the text where that fits, else the longest beginning that does.</summary>
    private static Image Cut(string text, Func<string, Image?> draw, Func<Image, bool> fits)
    {
        var whole = draw(text);
        if (whole is not null && fits(whole))
            return whole;
        whole?.Dispose();
        var (known, over) = (0, CardText.Length(text));
        while (over - known > 1)
        {
            var middle = (known + over) / 2;
            using var tried = draw(CardText.Start(text, middle).TrimEnd() + CardText.Ellipsis);
            (known, over) = tried is not null && fits(tried) ? (middle, over) : (known, middle);
        }

        return draw(AtAWord(CardText.Start(text, known)) + CardText.Ellipsis) ?? throw new InvalidOperationException("Not even the beginning of a text can be drawn.");
    }

    // Not in the middle of a word, where words are parted by blanks.
    private static string AtAWord(string text)
    {
        var blank = text.LastIndexOf(' ');
        return (blank > text.Length * 2 / 3 ? text[..blank] : text).TrimEnd(' ', ',', ';', ':', '.', '-', '–', '—', '…');
    }

    private Image? Lines(string text, int size, int width, Enums.TextWrap wrap) => Draw(text, size, bold: true, width, wrap);

    private Image? Draw(string text, int size, bool bold, int? width, Enums.TextWrap wrap)
    {
        // In Pango's units, 1,024 to the pixel: fonts differ much in how far apart they want their lines.
        var lineHeight = (int)(size * CardText.LineHeight(text) * 1_024);
        var markup = string.Create(CultureInfo.InvariantCulture, $"<span foreground=\"{colour}\" lang=\"{CardText.Escaped(language)}\" line_height=\"{lineHeight}\">{CardText.Escaped(text)}</span>");
        return TryText(markup, string.Create(CultureInfo.InvariantCulture, $"{fonts}, {(bold ? "Bold " : "")}{size}"), out var drawn, width, wrap, rgba: true) ? drawn : null;
    }
}
