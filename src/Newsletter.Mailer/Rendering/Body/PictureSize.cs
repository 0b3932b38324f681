using System.Globalization;
using AngleSharp.Dom;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>Tells mail programs and browsers how much room a picture of ours takes, before they have it.</summary>
internal static class PictureSize
{
    /// <summary>Gives the image the size of its picture, bounded by the widest it may be: a file of twice that width is sharp on every screen.</summary>
    /// <returns>False where the picture isn't one of ours, so that nothing is known of it.</returns>
    public static bool Apply(IElement image, PictureBook? pictures, int widest)
    {
        if (pictures?.At(image.GetAttribute("src")) is not { } picture)
            return false;
        // Raw HTML may ask for less.
        var wanted = int.TryParse(image.GetAttribute("width"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > 0 ? asked : int.MaxValue;
        var width = Math.Min(Math.Min(picture.Width, widest), wanted);
        image.SetAttribute("width", Text(width));
        image.SetAttribute("height", Text(Math.Max(1, (int)Math.Round((double)picture.Height * width / picture.Width))));
        return true;
    }

    private static string Text(int pixels) => pixels.ToString(CultureInfo.InvariantCulture);
}
