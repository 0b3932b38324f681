using System.Diagnostics.CodeAnalysis;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>The themes there are, by name.</summary>
public static class ThemeCatalog
{
    private static readonly Dictionary<string, Lazy<Theme>> Themes = new(StringComparer.Ordinal)
    {
        ["plain"] = new(() => Load("plain")),
    };

    /// <summary>What a newsletter or an edition may name, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => [.. Themes.Keys.Order(StringComparer.Ordinal)];

    internal static bool TryFind(string name, [NotNullWhen(true)] out Theme? theme)
    {
        theme = Themes.GetValueOrDefault(name)?.Value;
        return theme is not null;
    }

    private static Theme Load(string name) =>
        new(name, Read(name, "layout.html"), Read(name, "layout.txt"), Read(name, "inline.css"), Read(name, "head.css"));

    private static string Read(string theme, string file)
    {
        using var stream = typeof(ThemeCatalog).Assembly.GetManifestResourceStream($"themes/{theme}/{file}")
            ?? throw new InvalidOperationException($"The theme '{theme}' has no {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
