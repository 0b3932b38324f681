namespace Newsletter.Mailer.Links;

/// <summary>
/// Where readers reach us: the only source of links. Never built from a request's Host header, which the sender of the request chooses.
/// </summary>
public sealed class PublicSite
{
    /// <param name="url">An absolute http or https URL; a path in it is kept.</param>
    public PublicSite(Uri url)
    {
        if (!url.IsAbsoluteUri || url.Scheme is not ("https" or "http"))
            throw new ArgumentException($"PublicUrl must be an absolute https URL, but is '{url}'.", nameof(url));
        Url = new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
    }

    /// <summary>Ends in a slash.</summary>
    public Uri Url { get; }

    public string Unsubscribe(string token) => $"{Url}unsubscribe/{token}";

    public string Confirm(string token) => $"{Url}confirm/{token}";

    /// <summary>Where an address says that the sign-up wasn't theirs.</summary>
    public string NotMe(string token) => $"{Url}confirm/{token}/not-me";

    public string Preferences(string token) => $"{Url}preferences/{token}";

    /// <summary>What a measured link begins with; a token and the link's number follow, parted by a dot (<see cref="ClickToken"/>).</summary>
    public string Clicks => $"{Url}c/";

    /// <summary>What the picture that tells of an opened mail begins with; a token and <c>.gif</c> follow.</summary>
    public string Opens => $"{Url}o/";

    /// <summary>What a link to vote begins with; a token, the poll's number and the choice's follow, parted by dots (<see cref="VoteToken"/>).</summary>
    public string Votes => $"{Url}vote/";

    /// <summary>What a link to a reader's own copy of an issue begins with; a token follows (<see cref="CopyToken"/>).</summary>
    public string Copies => $"{Url}copy/";

    public string Subscribe(string newsletterSlug) => $"{Url}n/{newsletterSlug}/subscribe";

    public string Archive(string newsletterSlug) => $"{Url}n/{newsletterSlug}/archive";

    /// <summary>Where an edition is on the web.</summary>
    public string Edition(string newsletterSlug, string editionSlug) => $"{Url}n/{newsletterSlug}/archive/{editionSlug}";

    /// <summary>The picture of an edition that link previews show.</summary>
    /// <param name="newsletterSlug">Whose it is.</param>
    /// <param name="editionSlug">Which.</param>
    /// <param name="hash">Of all that is drawn.</param>
    public string Card(string newsletterSlug, string editionSlug, string hash) => $"{Edition(newsletterSlug, editionSlug)}/card-{hash}.png";

    /// <summary>Its editions as RSS.</summary>
    public string Rss(string newsletterSlug) => $"{Url}n/{newsletterSlug}/feed.xml";

    /// <summary>Its editions as a JSON Feed.</summary>
    public string JsonFeed(string newsletterSlug) => $"{Url}n/{newsletterSlug}/feed.json";

    /// <summary>Where editions' pictures are: each under its file name. Ends in a slash.</summary>
    public string Images => $"{Url}images/";

    /// <summary>Where a picture is, for ever.</summary>
    public string Image(string fileName) => Images + fileName;

    public string Sitemap => $"{Url}sitemap.xml";

    /// <summary>The way to one of our URLs from any page of ours, whatever host the page was asked for under.</summary>
    public static string Path(string url) => new Uri(url).PathAndQuery;
}
