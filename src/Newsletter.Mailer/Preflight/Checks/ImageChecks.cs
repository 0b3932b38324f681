using AngleSharp.Dom;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>Images as they stand in the HTML.</summary>
internal static class ImageChecks
{
    public static void Look(PreflightSubject subject, FindingList found)
    {
        foreach (var image in subject.Pages.SelectMany(page => page.Document.QuerySelectorAll("img[src]")))
            Look(subject, image, found);
        if (OwnWeight(subject) is var weight && weight > AddressChecks.HeaviestImages)
            AddressChecks.TellHeavy(weight, found);
    }

    /// <summary>Bytes of the pictures of ours that are shown, each once: known without asking anybody.</summary>
    public static long OwnWeight(PreflightSubject subject) =>
        subject.Pages.SelectMany(page => page.Document.QuerySelectorAll("img[src]"))
            .Select(image => subject.Pictures?.At(image.GetAttribute("src"))).OfType<Picture>().DistinctBy(picture => picture.Sha256).Sum(picture => (long)picture.Bytes);

    private static void Look(PreflightSubject subject, IElement image, FindingList found)
    {
        var url = image.GetAttribute("src")!;
        var (shown, at) = (LinkChecks.Shown(url), subject.PlaceOf(url) ?? subject.Source.Find(url[(url.LastIndexOf('/') + 1)..]));
        if (string.IsNullOrWhiteSpace(image.GetAttribute("alt")))
            found.Add("image-alt-missing", $"The image {shown} has no alternative text: who doesn't see it learns nothing of it, and half of all mail programs hide images at first.", "Describe it between the brackets: ![A lighthouse at dusk](…).", at);
        if (string.IsNullOrWhiteSpace(image.GetAttribute("width")))
            found.Add("image-width-missing", $"The image {shown} has no width: Outlook shows it at its full size, and the text jumps as it loads.", "Give it a width in pixels in the layout.", at);
        if (url.StartsWith("http:", StringComparison.OrdinalIgnoreCase) && !subject.IsOurs(url))
            found.Add("image-not-encrypted", $"The image {shown} isn't encrypted on its way: many mail programs don't load it.", "Write https://, or upload the image.", at);
        if (subject.Pictures is not { } ours)
            return;
        if (ours.At(url) is { } picture)
            AddressChecks.TellLarge(url, picture.Bytes, at, found);
        else if (url.StartsWith(ours.Root, StringComparison.Ordinal))
            found.Add("image-dead", $"There is no picture at {shown}.", "Correct the address, or upload the picture.", at);
    }
}
