using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Looks up the pictures that an edition shows, and those of its newsletter's layout and logo; asks nobody where there are none.</summary>
public static class PicturesUsedBy
{
    /// <param name="source">The edition's document.</param>
    /// <param name="edition">Its id: pictures that were sent with it go before the newsletter's.</param>
    /// <param name="newsletter">Whose it is.</param>
    /// <param name="schedule">Knows pictures.</param>
    /// <param name="site">Where they are had.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<PictureBook> EditionAsync(string source, long edition, NewsletterProfile newsletter, ScheduleStore schedule, PublicSite site, CancellationToken stop)
    {
        var book = new PictureBook(site.Images)
        {
            Remedy = $"Upload it with POST /api/images?newsletter={newsletter.Slug}&name={{0}}, send the file from its folder with 'newsletter editions send', or write the picture's whole https address.",
        };
        var names = EditionDocument.Parse(source, FrontMatterRules.Edition) is EditionParseOutcome.Read(var document) ? PictureReferences.NamesIn(document, newsletter.RawHtml) : [];
        var hashes = ((string?[])[source, newsletter.Layout, newsletter.Design?.LogoUrl, newsletter.Design?.LogoDarkUrl])
            .SelectMany(text => PictureReferences.HashesIn(text, site.Images)).Distinct(StringComparer.Ordinal).ToList();
        if (names.Count == 0 && hashes.Count == 0)
            return book;
        var (named, ofHashes) = await schedule.PicturesOf(newsletter.Id, edition, names, hashes, stop);
        foreach (var (name, picture) in named)
            book.Add(picture, name);
        foreach (var picture in ofHashes)
            book.Add(picture, null);
        return book;
    }
}
