using System.Globalization;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Audience;

/// <summary>What a newsletter's design must look like. It ends in style sheets, so nothing but what is known gets through.</summary>
public static partial class NewsletterDesignRules
{
    private const int MaxUrlLength = 500;
    private const int MaxFooterLength = 300;

    /// <summary>Fonts that a design may choose.</summary>
    public static IReadOnlyList<string> Fonts { get; } = ["sans", "serif", "rounded", "mono"];

    /// <summary>The design, put in order; null where it changes nothing.</summary>
    public static NewsletterDesign? Check(NewsletterDesign? draft, List<FieldProblem> problems)
    {
        if (draft is null)
            return null;
        var design = new NewsletterDesign
        {
            Accent = Colour("accent", draft.Accent, problems),
            AccentDark = Colour("accent_dark", draft.AccentDark, problems),
            Page = Colour("page", draft.Page, problems),
            PageDark = Colour("page_dark", draft.PageDark, problems),
            Card = Colour("card", draft.Card, problems),
            CardDark = Colour("card_dark", draft.CardDark, problems),
            Ink = Colour("ink", draft.Ink, problems),
            InkDark = Colour("ink_dark", draft.InkDark, problems),
            Font = Font("font", draft.Font, problems),
            HeadingFont = Font("heading_font", draft.HeadingFont, problems),
            Width = Pixels("width", draft.Width, 480, 720, problems),
            LogoUrl = CheckUrl("design.logo_url", draft.LogoUrl, problems),
            LogoDarkUrl = CheckUrl("design.logo_dark_url", draft.LogoDarkUrl, problems),
            LogoWidth = Pixels("logo_width", draft.LogoWidth, 16, 600, problems),
            Footer = AudienceRules.CheckLine("design.footer", draft.Footer, MaxFooterLength, problems),
            WebLink = draft.WebLink is false ? false : null,
            PersonalWebLink = draft.PersonalWebLink is true ? true : null,
        };
        if (design is { WebLink: false, PersonalWebLink: true })
            problems.Add(new FieldProblem("design.personal_web_link", "There is no such link where web_link is false. Take out one of the two."));
        return design == new NewsletterDesign() ? null : design;
    }

    /// <summary>A whole https address that a mail may show; null where absent.</summary>
    internal static string? CheckUrl(string field, string? raw, List<FieldProblem> problems)
    {
        if (AudienceRules.CheckLine(field, raw, MaxUrlLength, problems) is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.Host.Length > 0 && url.UserInfo.Length == 0)
            return url.AbsoluteUri;
        problems.Add(new FieldProblem(field, "It must be a whole https address, such as https://example.com/premium."));
        return null;
    }

    private static string? Colour(string field, string? raw, List<FieldProblem> problems)
    {
        if (string.IsNullOrWhiteSpace(raw))
            return null;
        if (HexColour().Match(raw.Trim()) is not { Success: true } colour)
        {
            problems.Add(new FieldProblem($"design.{field}", "A colour is written as #rrggbb, for instance #a63d1a."));
            return null;
        }

        var hex = colour.Value[1..].ToLowerInvariant();
        return "#" + (hex.Length == 6 ? hex : string.Concat(hex.Select(digit => new string(digit, 2))));
    }

    private static string? Font(string field, string? raw, List<FieldProblem> problems)
    {
        if (string.IsNullOrWhiteSpace(raw))
            return null;
        if (Fonts.Contains(raw, StringComparer.Ordinal))
            return raw;
        problems.Add(new FieldProblem($"design.{field}", $"It must be one of {string.Join(", ", Fonts)}: mail shows only fonts that its reader has."));
        return null;
    }

    private static int? Pixels(string field, int? raw, int least, int most, List<FieldProblem> problems)
    {
        if (raw is null || raw >= least && raw <= most)
            return raw;
        problems.Add(new FieldProblem($"design.{field}", string.Create(CultureInfo.InvariantCulture, $"It must be from {least} to {most} pixels.")));
        return null;
    }

    [GeneratedRegex(@"\A#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\z")]
    private static partial Regex HexColour();
}
