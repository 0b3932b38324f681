using System.Globalization;

namespace Newsletter.Mailer.Host.Tests.Pictures;

/// <summary>What is different between a screenshot and the approved one.</summary>
internal static class PictureComparison
{
    /// <summary>Smaller areas are left to the tests of the markup: a button is larger, a stripe of a sky in a photograph smaller.</summary>
    private const double LeastShare = 0.005;

    // Measured with serifs and with a fixed width in the place of sans-serif: 2.7 % less high, areas within 9 %, middles within one point of a hundred, edges
    // within 4 pixels. Damage is far from that: a ground or a button's colour is gone, a phone's screen 117 pixels too narrow.
    private const double Taller = 0.1;
    private const double Larger = 0.35;
    private const double Lower = 0.04;
    private const int Beside = 14;

    /// <summary>Nothing where they are alike.</summary>
    public static IReadOnlyList<string> Differences(PictureAreas approved, PictureAreas actual)
    {
        var found = new List<string>();
        if (approved.Width != actual.Width)
            return [$"It is {actual.Width} pixels wide and not {approved.Width}: something in it is wider than the screen."];
        if (Ratio(actual.Height, approved.Height) > 1 + Taller)
            found.Add($"It is {actual.Height} pixels high and not about {approved.Height}.");
        foreach (var (colour, area) in approved.Areas.Where(one => IsSeen(one.Value, approved)))
            found.AddRange(Differences(Name(colour), area, Nearest(actual, colour), approved, actual));
        foreach (var (colour, area) in actual.Areas.Where(one => IsSeen(one.Value, actual) && Nearest(approved, one.Key) is null))
            found.Add($"{Name(colour)} is new, on {area.Pixels} pixels.");
        return found;
    }

    private static IEnumerable<string> Differences(string name, PictureArea area, PictureArea? other, PictureAreas approved, PictureAreas actual)
    {
        if (other is not { } there)
        {
            yield return $"{name} is missing.";
            yield break;
        }

        if (Ratio(there.Pixels, area.Pixels) > 1 + Larger)
            yield return $"{name} covers {there.Pixels} pixels and not about {area.Pixels}.";
        if (Math.Abs((there.Middle / actual.Height) - (area.Middle / approved.Height)) > Lower)
            yield return $"{name} has its middle at {Percent(there.Middle / actual.Height)} of the height and not at about {Percent(area.Middle / approved.Height)}.";
        if (Math.Abs(there.Left - area.Left) > Beside || Math.Abs(there.Right - area.Right) > Beside)
            yield return $"{name} goes from {there.Left} to {there.Right} and not from {area.Left} to {area.Right}.";
    }

    private static bool IsSeen(PictureArea area, PictureAreas of) => area.Pixels >= LeastShare * of.Width * of.Height;

    // What is near may have fallen apart into two.
    private static PictureArea? Nearest(PictureAreas areas, (int R, int G, int B) colour) =>
        areas.Areas.Where(one => PictureAreas.AreNear(one.Key, colour)).Select(one => (PictureArea?)one.Value).Aggregate((PictureArea?)null, (sum, one) => sum is { } known ? known.With(one!.Value) : one);

    private static double Ratio(double a, double b) => Math.Max(a, b) / Math.Max(1, Math.Min(a, b));

    private static string Name((int R, int G, int B) colour) => $"#{colour.R:x2}{colour.G:x2}{colour.B:x2}";

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);
}
