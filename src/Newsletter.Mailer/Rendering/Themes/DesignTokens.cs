using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>The values that a theme's style sheets name as <c>$token</c>: its own, with a newsletter's in their place.</summary>
internal sealed partial class DesignTokens
{
    // The names that NewsletterDesignRules lets through.
    private static readonly FrozenDictionary<string, string> Fonts = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["sans"] = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
        ["serif"] = "Charter, 'Iowan Old Style', Georgia, 'Times New Roman', serif",
        ["rounded"] = "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Nunito, 'Segoe UI', Arial, sans-serif",
        ["mono"] = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly Dictionary<string, string> _values;

    private DesignTokens(Dictionary<string, string> values) => _values = values;

    /// <summary>Width of the card, pixels.</summary>
    public int Width => int.Parse(_values["width"].AsSpan(0, _values["width"].Length - 2), CultureInfo.InvariantCulture);

    /// <summary>A value by its name.</summary>
    public string this[string name] => _values[name];

    public static DesignTokens Of(string themeJson, NewsletterDesign? design)
    {
        var tokens = new DesignTokens(JsonSerializer.Deserialize<Dictionary<string, string>>(themeJson)!);
        if (design is not null)
            tokens.Take(design);
        tokens.Complete();
        return tokens;
    }

    /// <summary>A style sheet with every token's value.</summary>
    public string Into(string css) => Token().Replace(css, token => _values.TryGetValue(token.Groups["name"].Value, out var value)
        ? value
        : throw new InvalidOperationException($"A theme's style sheet names {token.Value}, which none of its tokens is."));

    private void Take(NewsletterDesign design)
    {
        TakeColour("page", design.Page, design.PageDark);
        TakeColour("card", design.Card, design.CardDark);
        // After the card, on which it is to be read.
        TakeColour("accent", design.Accent, design.AccentDark);
        TakeColour("ink", design.Ink, design.InkDark);
        TakeColour("head", design.Ink, design.InkDark);
        if (design.Font is { } font)
            _values["body_font"] = Fonts[font];
        if ((design.HeadingFont ?? design.Font) is { } heading)
            _values["heading_font"] = Fonts[heading];
        if (design.Width is { } width)
            _values["width"] = string.Create(CultureInfo.InvariantCulture, $"{width}px");
    }

    private void TakeColour(string name, string? light, string? dark)
    {
        if (light is not null)
            _values[name] = light;
        if (dark is not null)
            _values[name + "_dark"] = dark;
        // A ground that is light in dark mode too would blind; only what stands on a ground is made anew.
        else if (light is not null && name == "accent")
            _values["accent_dark"] = Colour.ReadableOn(light, _values["card_dark"]);
    }

    private void Complete()
    {
        _values["on_accent"] = Colour.On(_values["accent"]);
        _values["on_accent_dark"] = Colour.On(_values["accent_dark"]);
    }

    [GeneratedRegex(@"\$(?<name>[a-z_]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
