using System.Net.Mime;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>A reader's own copy of an issue: "View in browser" with what the mail says to them. A GET changes nothing.</summary>
internal static class CopyPages
{
    // The document is the mail's: its styles stand in its elements, its pictures where their author linked them. Nothing else gets through, and nothing runs.
    private const string Policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https: http:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    public static void MapCopyPages(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/copy/{token}", [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();

    private static async Task<IResult> Show(string token, HttpContext http, KeyRing keys, IssueCopies copies, CancellationToken stop)
    {
        if (CopyToken.Verify(keys, token) is not { } reader || await copies.FindAsync(reader, stop) is not { } copy)
            return ReaderPage.Broken(http);
        // Whoever chose plain text was sent nothing else.
        if (copy.Html is not { } html)
            return http.Words().Page(copy.Subject, Html.Of($"""<h1 dir="auto">{copy.Subject}</h1><pre dir="auto">{copy.Text}</pre>"""));
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.Headers["X-Robots-Tag"] = "noindex, nofollow";
        return Results.Text(HttpMethods.IsHead(http.Request.Method) ? "" : html, $"{MediaTypeNames.Text.Html}; charset=utf-8");
    }
}
