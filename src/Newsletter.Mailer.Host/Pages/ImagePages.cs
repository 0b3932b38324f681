using Microsoft.Net.Http.Headers;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Host.Pages;

/// <summary><c>/images/{hash}.{type}</c>: editions' pictures, for everyone and for ever.</summary>
internal static class ImagePages
{
    public static void MapImagePages(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/images/{file}", [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();

    private static async Task<IResult> Show(string file, HttpContext http, KeptPictures pictures, ImageDesk desk, CancellationToken stop)
    {
        if (!PictureFile.TryRead(file, out var sha256, out var mediaType)
            || await pictures.FindAsync(file, () => desk.ReadAsync(sha256, mediaType, stop)) is not { } content)
            return TypedResults.NotFound();
        var headers = http.Response.Headers;
        headers.CacheControl = "public, max-age=31536000, immutable";
        // A picture runs nothing and loads nothing, also where it is opened as a page; mail on the web may show it (hence no same-origin).
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        return TypedResults.Bytes(content, mediaType, entityTag: new EntityTagHeaderValue($"\"{sha256}\""), enableRangeProcessing: true);
    }
}
