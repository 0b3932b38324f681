using System.Collections.Concurrent;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Images.Cards;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>How a newsletter's social cards look: the light colours and the headings' type of its theme and design.</summary>
public static class CardDesign
{
    private const int MostKept = 500;

    private static readonly ConcurrentDictionary<(string Theme, NewsletterDesign? Design), CardLook> Kept = new();

    public static CardLook Of(NewsletterProfile newsletter)
    {
        ArgumentNullException.ThrowIfNull(newsletter);
        if (Kept.Count > MostKept)
            Kept.Clear();
        return Kept.GetOrAdd((newsletter.Theme, newsletter.Design), static key => Make(key.Theme, key.Design));
    }

    private static CardLook Make(string theme, NewsletterDesign? design)
    {
        var tokens = ThemeCatalog.Tokens(theme, design);
        return new CardLook(
            tokens["card"],
            // Design and theme are checked for contrast only in a preflight, whose warnings one may pass over.
            Colour.ReadableOn(tokens["head"], tokens["card"]),
            tokens["accent"],
            OnBand(tokens["accent"], tokens["on_accent"]),
            Fonts(design?.HeadingFont ?? design?.Font, tokens["heading_font"]));
    }

    // Of white and near-black neither will do on some greys between; black does wherever white doesn't.
    private static string OnBand(string band, string usual) => Colour.Contrast(usual, band) >= Colour.LeastContrast ? usual : "#000000";

    private static string Fonts(string? named, string stack) => named switch
    {
        "rounded" => CardFonts.Rounded,
        "mono" => CardFonts.Mono,
        "serif" => CardFonts.Serif,
        "sans" => CardFonts.Sans,
        _ => stack.EndsWith(" serif", StringComparison.Ordinal) ? CardFonts.Serif : CardFonts.Sans,
    };
}
