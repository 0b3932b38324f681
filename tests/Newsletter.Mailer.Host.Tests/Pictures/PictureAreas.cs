using NetVips;

namespace Newsletter.Mailer.Host.Tests.Pictures;

/// <summary>
/// The areas of one colour in a screenshot, by colour: how large each is and where. Letters are no areas, and where a line breaks moves only what is below
/// it: so two machines with other typefaces see nearly the same, and a box without its ground, a missing picture or a mail in the wrong colours is another.
/// </summary>
internal sealed record PictureAreas(int Width, int Height, IReadOnlyDictionary<(int R, int G, int B), PictureArea> Areas)
{
    /// <summary>Colours this near are one: a palette of 256 and the browser's rounding move them by one or two.</summary>
    private const int Near = 5;

    // A pixel belongs to an area where those so far around it have its colour too: strokes of letters and lines are thinner.
    private const int Reach = 3;

    public static PictureAreas Of(byte[] png)
    {
        using var read = Image.NewFromBuffer(png);
        using var colours = read.Colourspace(Enums.Interpretation.Srgb);
        using var flat = colours.ExtractBand(0, n: 3);
        using var bytes = flat.Cast(Enums.BandFormat.Uchar);
        var (width, height, pixels) = (bytes.Width, bytes.Height, bytes.WriteToMemory<byte>());
        var counted = new Dictionary<(int R, int G, int B), PictureArea>();
        for (var y = Reach; y < height - Reach; y++)
        {
            for (var x = Reach; x < width - Reach; x++)
            {
                var colour = At(x, y);
                if (colour != At(x - Reach, y) || colour != At(x + Reach, y) || colour != At(x, y - Reach) || colour != At(x, y + Reach))
                    continue;
                counted[colour] = counted.TryGetValue(colour, out var area) ? area.With(x, y) : PictureArea.Of(x, y);
            }
        }

        return new PictureAreas(width, height, Merge(counted));

        (int R, int G, int B) At(int x, int y)
        {
            var at = ((y * width) + x) * 3;
            return (pixels[at], pixels[at + 1], pixels[at + 2]);
        }
    }

    // The larger area gives the colour its name.
    private static Dictionary<(int R, int G, int B), PictureArea> Merge(Dictionary<(int R, int G, int B), PictureArea> counted)
    {
        var merged = new Dictionary<(int R, int G, int B), PictureArea>();
        foreach (var (colour, area) in counted.OrderByDescending(one => one.Value.Pixels))
        {
            var near = merged.Keys.Where(known => AreNear(known, colour)).Cast<(int R, int G, int B)?>().FirstOrDefault();
            merged[near ?? colour] = near is { } known ? merged[known].With(area) : area;
        }

        return merged;
    }

    public static bool AreNear((int R, int G, int B) a, (int R, int G, int B) b) =>
        Math.Abs(a.R - b.R) <= Near && Math.Abs(a.G - b.G) <= Near && Math.Abs(a.B - b.B) <= Near;
}

/// <summary>All that has one colour: how many pixels, between which edges, and how far down on the whole.</summary>
internal readonly record struct PictureArea(long Pixels, int Left, int Right, long Rows)
{
    /// <summary>How far down its middle is.</summary>
    public double Middle => (double)Rows / Pixels;

    public static PictureArea Of(int x, int y) => new(1, x, x, y);

    public PictureArea With(int x, int y) => new(Pixels + 1, Math.Min(Left, x), Math.Max(Right, x), Rows + y);

    public PictureArea With(PictureArea other) => new(Pixels + other.Pixels, Math.Min(Left, other.Left), Math.Max(Right, other.Right), Rows + other.Rows);
}
