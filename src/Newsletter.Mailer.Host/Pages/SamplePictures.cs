using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>The pictures of the program's own sample edition, where its mail looks for them.</summary>
internal static class SamplePictures
{
    public static void MapSamplePictures(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/samples/{name}", Show).ExcludeFromDescription().AllowAnonymous();

    private static IResult Show(string name, HttpContext http)
    {
        if (SampleEdition.Picture(name) is not { } picture)
            return TypedResults.NotFound();
        http.Response.Headers.CacheControl = "public, max-age=604800";
        return TypedResults.Stream(picture, "image/png");
    }
}
