using Microsoft.Net.Http.Headers;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>The picture that an edition's page names for link previews, for everyone who may see the page.</summary>
internal static class CardPages
{
    private const int HashLength = 32;

    public static void MapCardPages(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/n/{newsletter}/archive/{slug}/card-{hash}.png", [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();

    private static async Task<IResult> Show(
        string newsletter, string slug, string hash, HttpContext http, NewsletterStore newsletters, EditionShelf shelf, EditionCards cards, KeptCards kept, PublicSite site, CancellationToken stop)
    {
        if (!IsHash(hash)
            || await newsletters.FindAsync(newsletter, stop) is not { } found
            || await shelf.FindAsync(found.Id, slug, stop) is not { } edition
            || cards.Of(found, edition) is not { } card)
            return TypedResults.NotFound();
        var headers = http.Response.Headers;
        if (!found.Indexed)
            headers["X-Robots-Tag"] = "noindex";
        var current = card.Hash();
        if (hash != current)
        {
            // A network read the page before its design was changed, and may come back for the picture much later. Nothing is drawn for a guessed one.
            headers.CacheControl = "public, max-age=300";
            return TypedResults.Redirect(PublicSite.Path(site.Card(found.Slug, edition.Slug, current)));
        }

        var picture = await kept.GetAsync(card, stop);
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        return TypedResults.Bytes(picture, "image/png", entityTag: new EntityTagHeaderValue($"\"{current}\""), enableRangeProcessing: true);
    }

    private static bool IsHash(string hash) => hash.Length == HashLength && hash.All(char.IsAsciiHexDigitLower);
}
