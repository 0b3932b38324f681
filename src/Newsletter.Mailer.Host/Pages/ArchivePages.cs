using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What a newsletter has published so far: where List-Archive of every mail leads.</summary>
internal static class ArchivePages
{
    private const int MostShown = 500;

    public static void MapArchivePages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/n/{newsletter}/archive", look, Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/n/{newsletter}/archive/{slug}", look, ShowEdition).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/archive", look, ShowOnly).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<PageShell> Show(string newsletter, HttpContext http, NewsletterStore newsletters, ArchiveStore archive, CancellationToken stop) =>
        await newsletters.FindAsync(newsletter, stop) is { } found ? await ListAsync(http, found, archive, stop) : Missing(http);

    // Where digests lead. An edition's place in the list, as long as it has no page of its own.
    private static async Task<Results<RedirectHttpResult, PageShell>> ShowEdition(
        string newsletter, string slug, HttpContext http, NewsletterStore newsletters, ArchiveStore archive, CancellationToken stop) =>
        await newsletters.FindAsync(newsletter, stop) is { } found && (await archive.ListAsync(found.Id, MostShown, stop)).Any(issue => issue.Slug == slug)
            ? TypedResults.LocalRedirect($"~/n/{found.Slug}/archive#{slug}")
            : Missing(http);

    /// <summary>The short route serves the only newsletter, else lists them.</summary>
    private static async Task<PageShell> ShowOnly(HttpContext http, NewsletterStore newsletters, ArchiveStore archive, CancellationToken stop)
    {
        var all = await newsletters.ListAsync(new PageRequest(Cursor.Start, 100), stop);
        return all.Items is [var only] ? await ListAsync(http, only, archive, stop) : Choice(http, all.Items);
    }

    private static async Task<PageShell> ListAsync(HttpContext http, NewsletterProfile newsletter, ArchiveStore archive, CancellationToken stop)
    {
        var words = http.Words(newsletters: newsletter.Language);
        var issues = await archive.ListAsync(newsletter.Id, MostShown, stop);
        return words.Page(
            words.Text("archive.window", ("newsletter", newsletter.Name)),
            issues.Count == 0
                ? Html.Of($"<h1>{words.Text("archive.title")}</h1><p>{words.Say("archive.none", ("newsletter", newsletter.Name))}</p>")
                : Html.Of($"""
                    <h1>{words.Text("archive.title")}</h1>
                    <p class="lead">{words.Say("archive.lead", ("newsletter", newsletter.Name))}</p>
                    <ul class="plain">
                    {issues.Select(issue => Line(words, issue))}
                    </ul>
                    """),
            newsletter.Name);
    }

    private static Html Line(Phrases words, PublishedIssue issue) => Html.Of($"""
        <li id="{issue.Slug}"><bdi>#{issue.Number} {issue.Title}</bdi><br><span class="muted small">{words.Day(DateOnly.FromDateTime(issue.SentAt.UtcDateTime))}</span></li>

        """);

    private static PageShell Choice(HttpContext http, IReadOnlyList<NewsletterProfile> newsletters)
    {
        var words = http.Words();
        return words.Page(
            words.Text("newsletter.list.title"),
            newsletters.Count == 0
                ? Html.Of($"<h1>{words.Text("newsletter.list.title")}</h1><p>{words.Text("newsletter.list.none")}</p>")
                : Html.Of($"""
                    <h1>{words.Text("newsletter.list.title")}</h1>
                    <ul class="plain">
                    {newsletters.Select(newsletter => Html.Of($"""<li><a href="n/{newsletter.Slug}/archive?lang={words.Language}"><bdi>{newsletter.Name}</bdi></a></li>"""))}
                    </ul>
                    """));
    }

    private static PageShell Missing(HttpContext http)
    {
        var words = http.Words();
        return words.Notice(words.Text("newsletter.missing.title"), words.Say("newsletter.missing.text"), status: StatusCodes.Status404NotFound);
    }
}
