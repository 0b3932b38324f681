namespace Newsletter.Mailer.Audience;

/// <summary>
/// What a newsletter changes about its theme; what is null stays the theme's. Colours are <c>#rrggbb</c>. Of a colour that is given for light
/// mode alone, the room Rendering makes one for dark mode that can be read there.
/// </summary>
public sealed record NewsletterDesign
{
    /// <summary>Links, buttons, strokes.</summary>
    public string? Accent { get; init; }

    public string? AccentDark { get; init; }

    /// <summary>The ground around the text's card.</summary>
    public string? Page { get; init; }

    public string? PageDark { get; init; }

    /// <summary>The ground of the text.</summary>
    public string? Card { get; init; }

    public string? CardDark { get; init; }

    /// <summary>The text.</summary>
    public string? Ink { get; init; }

    public string? InkDark { get; init; }

    /// <summary><c>sans</c>, <c>serif</c>, <c>rounded</c> or <c>mono</c>: fonts that readers have; mail can't bring others along.</summary>
    public string? Font { get; init; }

    /// <summary>The same for headings.</summary>
    public string? HeadingFont { get; init; }

    /// <summary>Width of the card in pixels, 480 to 720.</summary>
    public int? Width { get; init; }

    /// <summary>https; in the place of the name.</summary>
    public string? LogoUrl { get; init; }

    /// <summary>https; on dark grounds.</summary>
    public string? LogoDarkUrl { get; init; }

    /// <summary>Pixels, 16 to 600.</summary>
    public int? LogoWidth { get; init; }

    /// <summary>Text of the newsletter's own in the footer, one line.</summary>
    public string? Footer { get; init; }

    /// <summary>False takes out the link with which an issue can be read in a browser.</summary>
    public bool? WebLink { get; init; }

    /// <summary>True has that link lead each reader to their own copy, as the mail was, in every issue.</summary>
    public bool? PersonalWebLink { get; init; }
}
