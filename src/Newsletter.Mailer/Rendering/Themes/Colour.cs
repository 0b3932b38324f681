using System.Globalization;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>How well colours can be told apart, after WCAG 2.2. Colours are <c>#rrggbb</c>.</summary>
public static class Colour
{
    /// <summary>The least contrast of text (WCAG 1.4.3).</summary>
    public const double LeastContrast = 4.5;

    /// <summary>Contrast ratio, 1 to 21.</summary>
    public static double Contrast(string a, string b)
    {
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    /// <summary>White or near-black, whichever is read better on a ground.</summary>
    public static string On(string ground) => Contrast("#ffffff", ground) >= Contrast("#14120f", ground) ? "#ffffff" : "#14120f";

    /// <summary>The colour, moved towards white or black until it can be read on a ground.</summary>
    public static string ReadableOn(string colour, string ground)
    {
        var target = Luminance(ground) < 0.18 ? 255 : 0;
        for (var step = 0; step <= 20; step++)
        {
            var moved = Mix(colour, target, step / 20.0);
            if (Contrast(moved, ground) >= LeastContrast)
                return moved;
        }

        return On(ground);
    }

    private static string Mix(string colour, int target, double share)
    {
        var channels = Channels(colour).Select(channel => (int)Math.Round(channel + ((target - channel) * share))).ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"#{channels[0]:x2}{channels[1]:x2}{channels[2]:x2}");
    }

    private static double Luminance(string colour)
    {
        var linear = Channels(colour).Select(channel => channel / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
    }

    private static IEnumerable<int> Channels(string colour) =>
        Enumerable.Range(0, 3).Select(channel => 1 + (2 * channel)).Select(at => int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
