using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>A style sheet for scripts written from right to left: left and right change places. Logical properties would do, but too few mail clients know them.</summary>
internal static partial class MirroredCss
{
    public static string Of(string css) => FourSides().Replace(Side().Replace(css, SwapSide), SwapShorthand);

    private static string SwapSide(Match side) => side.Value == "left" ? "right" : "left";

    // top right bottom left; corners go top-left, top-right, bottom-right, bottom-left.
    private static string SwapShorthand(Match shorthand)
    {
        var (a, b, c, d) = (shorthand.Groups["a"].Value, shorthand.Groups["b"].Value, shorthand.Groups["c"].Value, shorthand.Groups["d"].Value);
        var name = shorthand.Groups["name"].Value;
        return name == "border-radius" ? $"{name}: {b} {a} {d} {c}" : $"{name}: {a} {d} {c} {b}";
    }

    [GeneratedRegex(@"\b(left|right)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Side();

    [GeneratedRegex(@"(?<name>padding|margin|border-radius): (?<a>[^\s;}]+) (?<b>[^\s;}]+) (?<c>[^\s;}]+) (?<d>[^\s;}]+)", RegexOptions.CultureInvariant)]
    private static partial Regex FourSides();
}
