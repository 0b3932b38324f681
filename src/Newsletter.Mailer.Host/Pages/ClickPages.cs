using System.Data.Common;
using Newsletter.Mailer.Feedback.Visits;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// Measured links, and the picture that tells of an opened mail. A link leads to what is stored with its issue and nowhere else; that it is counted
/// changes nothing for its reader, and that it can't be counted doesn't either.
/// </summary>
internal static partial class ClickPages
{
    // Of one dot that can't be seen (GIF89a).
    private static readonly byte[] s_picture = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

    public static void MapClickPages(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/c/{token}", [HttpMethods.Get, HttpMethods.Head], Follow).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/o/{token}.gif", [HttpMethods.Get, HttpMethods.Head], Open).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<IResult> Follow(string token, HttpContext http, KeyRing keys, ClickStore clicks, Visitors visitors, KnownLinks known, ILogger<ClickStore> log, CancellationToken stop)
    {
        if (ClickToken.Verify(keys, token, out var link) is not { } reader)
            return ReaderPage.Broken(http);
        string? url;
        try
        {
            var sign = VisitSigns.OfClick(http.Request.Method, http.Request.Headers.UserAgent, IsFetchedAhead(http.Request));
            url = await clicks.CountAsync(reader, link, visitors.At(http.Connection.RemoteIpAddress), sign, stop);
            known.Remember(reader.IssueId, link, url);
        }
        catch (Exception e) when (e is DbException or TimeoutException && known.Find(reader.IssueId, link) is not null)
        {
            LogUncounted(log, e, reader.IssueId, link.Number);
            url = known.Find(reader.IssueId, link);
        }

        if (url is null)
            return ReaderPage.Broken(http);
        http.Response.Headers["X-Robots-Tag"] = "noindex, nofollow";
        return TypedResults.Redirect(url);
    }

    // Whoever shows a mail is given its picture, whatever becomes of the count.
    private static async Task<IResult> Open(string token, HttpContext http, KeyRing keys, OpenStore opens, Visitors visitors, ILogger<OpenStore> log, CancellationToken stop)
    {
        if (ClickToken.Verify(keys, token) is not { } reader)
            return TypedResults.NotFound();
        try
        {
            var by = VisitSigns.OfOpen(http.Request.Method, http.Request.Headers.UserAgent, IsFetchedAhead(http.Request));
            await opens.CountAsync(reader, visitors.At(http.Connection.RemoteIpAddress), by, stop);
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            LogUncounted(log, e, reader.IssueId, 0);
        }

        return TypedResults.Bytes(s_picture, "image/gif");
    }

    private static bool IsFetchedAhead(HttpRequest request) =>
        ((string[])["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"]).Any(name =>
            request.Headers[name].Any(value => value?.Contains("prefetch", StringComparison.OrdinalIgnoreCase) == true || value?.Contains("preview", StringComparison.OrdinalIgnoreCase) == true));

    [LoggerMessage(1, LogLevel.Warning, "A visit of link {Link} of issue {IssueId} could not be counted")]
    private static partial void LogUncounted(ILogger log, Exception why, long issueId, int link);
}
