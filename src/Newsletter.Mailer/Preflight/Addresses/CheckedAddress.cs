namespace Newsletter.Mailer.Preflight.Addresses;

/// <summary>Something that an edition links to or shows, by http or https; this program's own pages are not among them.</summary>
public sealed record CheckedAddress
{
    private const int LongestUrl = 2_000;

    public required string Url { get; init; }

    /// <summary>Whether it is shown, not linked to.</summary>
    public required bool IsImage { get; init; }

    /// <summary>Line of the file; null where the theme has it.</summary>
    public int? Line { get; init; }

    public int? Column { get; init; }

    // As filled for somebody of whom nothing is known: a link that a reader's own value completes is looked at with its default.
    internal static IReadOnlyList<CheckedAddress> Of(PreflightSubject subject) =>
    [
        .. subject.Pages
            .SelectMany(page => page.Document.QuerySelectorAll("a[href], img[src]"))
            .Select(element => (Url: element.GetAttribute("href") ?? element.GetAttribute("src")!, IsImage: element.LocalName == "img"))
            .Distinct()
            .Where(found => Uri.TryCreate(found.Url, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https") && found.Url.Length <= LongestUrl && !subject.IsOurs(found.Url))
            .Select(found => (found, At: subject.PlaceOf(found.Url)))
            .Select(placed => new CheckedAddress { Url = placed.found.Url, IsImage = placed.found.IsImage, Line = placed.At?.Line, Column = placed.At?.Column }),
    ];
}

/// <summary>What is behind an address.</summary>
public enum AddressVerdict
{
    /// <summary>It can be had.</summary>
    Fine,

    /// <summary>Its server says there is nothing, or there is no such server.</summary>
    Dead,

    /// <summary>It couldn't be found out, or not today.</summary>
    Unreachable,

    /// <summary>It leads into a network of one's own, and wasn't asked.</summary>
    Private,
}

/// <summary>What was found behind an address.</summary>
/// <param name="Verdict">In a word.</param>
/// <param name="Detail">In a few, without a full stop: "it answers 404"; null where all is fine.</param>
/// <param name="Bytes">Its length, where its server says.</param>
/// <param name="ContentType">What it says it is.</param>
public sealed record AddressState(AddressVerdict Verdict, string? Detail, long? Bytes = null, string? ContentType = null);
