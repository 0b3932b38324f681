using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>A newsletter's editions for feed readers: RSS 2.0 and JSON Feed 1.1.</summary>
internal static class FeedPages
{
    /// <summary>Feed readers come often, and keep what they have seen.</summary>
    private const int MostTold = 30;

    public static void MapFeedPages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        foreach (var format in (FeedFormat[])[RssFeed.Format, JsonFeed.Format])
        {
            routes.MapMethods($"/n/{{newsletter}}/{format.File}", look, (string newsletter, HttpContext http, FeedRooms rooms, CancellationToken stop) => Show(newsletter, http, format, rooms, stop))
                .ExcludeFromDescription().AllowAnonymous();
            routes.MapMethods($"/{format.File}", look, (HttpContext http, FeedRooms rooms, CancellationToken stop) => ShowOnly(http, format, rooms, stop))
                .ExcludeFromDescription().AllowAnonymous();
        }
    }

    private static async Task<IResult> Show(string newsletter, HttpContext http, FeedFormat format, FeedRooms rooms, CancellationToken stop) =>
        await rooms.Newsletters.FindAsync(newsletter, stop) is { } found ? await AnswerAsync(found, format, rooms, stop) : ArchivePages.Missing(http);

    private static async Task<IResult> ShowOnly(HttpContext http, FeedFormat format, FeedRooms rooms, CancellationToken stop)
    {
        var all = await rooms.Newsletters.ListAsync(new PageRequest(Cursor.Start, 100), stop);
        return all.Items is [var only]
            ? await AnswerAsync(only, format, rooms, stop)
            : ArchivePages.Choice(http, all.Items, newsletter => PublicSite.Path(format.Address(rooms.Site, newsletter.Slug)));
    }

    private static async Task<KeptAnswer> AnswerAsync(NewsletterProfile newsletter, FeedFormat format, FeedRooms rooms, CancellationToken stop)
    {
        var editions = await rooms.Archive.ListAsync(newsletter.Id, MostTold, stop);
        if (editions.Where(edition => edition.Hash is null).Select(edition => edition.IssueId).ToList() is { Count: > 0 } missing)
        {
            await rooms.Pages.MakeAsync(missing, stop);
            editions = await rooms.Archive.ListAsync(newsletter.Id, MostTold, stop);
        }

        return new KeptAnswer
        {
            Tag = KeptAnswer.TagOf(
                [format.File, newsletter.Name, newsletter.Slug, newsletter.Language, rooms.Site.Url.ToString(),
                 .. editions.SelectMany(edition => (string?[])[edition.Slug, edition.Title, edition.Author, Convert.ToHexStringLower(edition.Hash ?? [])])]),
            ContentType = format.ContentType,
            LastModified = editions.Count == 0 ? null : editions[0].SentAt,
            Indexed = newsletter.Indexed,
            Make = async making => format.Write(new Feed(newsletter, editions, await rooms.Archive.TextsAsync([.. editions.Select(edition => edition.IssueId)], making), rooms.Site)),
        };
    }
}

/// <summary>What a feed is made with.</summary>
internal sealed record FeedRooms(NewsletterStore Newsletters, ArchiveStore Archive, WebPageDesk Pages, PublicSite Site);

/// <summary>A way to write a feed.</summary>
/// <param name="File">Its name in public URLs.</param>
/// <param name="ContentType">As its specification has it.</param>
/// <param name="Address">Where a newsletter's is.</param>
/// <param name="Write">Writes it.</param>
internal sealed record FeedFormat(string File, string ContentType, Func<PublicSite, string, string> Address, Func<Feed, string> Write);
