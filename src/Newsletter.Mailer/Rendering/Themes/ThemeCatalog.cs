using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>The themes there are, by name.</summary>
public static class ThemeCatalog
{
    private const int MostKept = 500;

    private static readonly string[] Built = ["letter", "magazine", "plain"];

    private static readonly ConcurrentDictionary<(string Name, NewsletterDesign? Design, string? Layout), Theme> Kept = new();

    /// <summary>What a newsletter or an edition may name, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => Built;

    /// <summary>A theme with a newsletter's own tokens and layout.</summary>
    internal static bool TryFind(string name, NewsletterDesign? design, string? layout, [NotNullWhen(true)] out Theme? theme)
    {
        theme = null;
        if (!Built.Contains(name, StringComparer.Ordinal))
            return false;
        // Authors trying colours make many; forgetting all now and then costs some milliseconds each.
        if (Kept.Count > MostKept)
            Kept.Clear();
        theme = Kept.GetOrAdd((name, design, layout), static key => Load(key.Name, key.Design, key.Layout));
        return true;
    }

    /// <summary>A theme's tokens, with a newsletter's in their place.</summary>
    internal static DesignTokens Tokens(string name, NewsletterDesign? design = null) => DesignTokens.Of(Read(name, "tokens.json"), design);

    private static Theme Load(string name, NewsletterDesign? design, string? layout)
    {
        var tokens = Tokens(name, design);
        return new Theme(tokens, tokens.Into(Read("base", "inline.css") + Read(name, "inline.css")), tokens.Into(Read("base", "head.css") + Read(name, "head.css")))
        {
            HasOwnLayout = layout is not null,
            Html = Theme.Parse(name, layout ?? Read("base", "layout.html").Replace("<!--masthead-->\n", Read(name, "masthead.html"), StringComparison.Ordinal)),
            Text = Theme.Parse(name, Read("base", "layout.txt")),
        };
    }

    private static string Read(string theme, string file)
    {
        using var stream = typeof(ThemeCatalog).Assembly.GetManifestResourceStream($"themes/{theme}/{file}")
            ?? throw new InvalidOperationException($"The theme '{theme}' has no {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
