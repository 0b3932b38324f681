using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// Leaving. A GET shows a page with a button and changes nothing, because link scanners follow every link in a mail;
/// a POST acts: the button's, or the mail client's one click (RFC 8058 §3.2), which has no cookie, no login and no session.
/// </summary>
internal static class UnsubscribePages
{
    private const string Route = "/unsubscribe/{token}";

    // Two kinds of form are allowed (RFC 8058 §3.2), both tiny. The body is not even read: whoever POSTs has the token.
    private const int LargestBody = 16 * 1024;

    public static void MapUnsubscribePages(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Route, [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapPost(Route, Leave).ExcludeFromDescription().AllowAnonymous().DisableAntiforgery()
            .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(LargestBody));
    }

    private static async Task<PageShell> Show(string token, KeyRing keys, UnsubscribeStore store, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not var (link, page))
            return Unknown();
        if (link.SubscriberId == 0)
            return Test(page);
        return page.Status is "active" or "pending" ? Question(page) : Gone(page);
    }

    private static async Task<PageShell> Leave(string token, HttpRequest request, KeyRing keys, UnsubscribeStore store, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not var (link, page))
            return Unknown();
        if (link.SubscriberId == 0)
            return Test(page);
        var by = request.Query.ContainsKey("page") ? "page" : "one_click";
        await store.LeaveAsync(link.NewsletterId, link.SubscriberId, link.IssueId, by, stop);
        return Gone(page);
    }

    private static async Task<(UnsubscribeToken Link, UnsubscribePageModel Page)?> FindAsync(string token, KeyRing keys, UnsubscribeStore store, CancellationToken stop) =>
        UnsubscribeToken.Verify(keys, token) is { } link && await store.FindAsync(link.NewsletterId, link.SubscriberId, stop) is { } page
            ? (link, page)
            : null;

    private static PageShell Question(UnsubscribePageModel page) => new()
    {
        Title = $"Unsubscribe from {page.Name}",
        Site = page.Name,
        Body = Html.Of($"""
            <h1>Unsubscribe from {page.Name}?</h1>
            <p>You will get no further issue. Should one be on its way at this moment, it may still arrive.</p>
            <form method="post" action="?page" class="actions">
            <button class="button" type="submit">Unsubscribe</button>
            </form>
            """),
    };

    private static PageShell Gone(UnsubscribePageModel page) => new()
    {
        Title = $"Unsubscribed from {page.Name}",
        Site = page.Name,
        Body = Html.Of($"""
            <h1>You are unsubscribed.</h1>
            <p>{page.Name} will not write to you again. There is nothing else you need to do.</p>
            """),
    };

    // A test send has no subscriber: its link works as a link, and unsubscribes nobody.
    private static PageShell Test(UnsubscribePageModel page) => new()
    {
        Title = $"A test of {page.Name}",
        Site = page.Name,
        Body = Html.Of($"""
            <h1>This was a test mail.</h1>
            <p>Its link works, but belongs to nobody: no reader of {page.Name} is unsubscribed by it.</p>
            """),
    };

    private static PageShell Unknown() => new()
    {
        Title = "This link doesn't work",
        Status = StatusCodes.Status404NotFound,
        Body = Html.Of($"""
            <h1>This link doesn’t work.</h1>
            <p>It may have been cut off by your mail program. Open the newsletter again and use the link at its end, or answer the mail and ask to be taken off the list: a person will see it.</p>
            """),
    };
}
