using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What a newsletter has published so far: where List-Archive of every mail leads.</summary>
internal static class ArchivePages
{
    private const int MostShown = 500;

    public static void MapArchivePages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/n/{newsletter}/archive", Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapGet("/archive", ShowOnly).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/n/{newsletter}/archive/{slug}", [HttpMethods.Get, HttpMethods.Head], ShowEdition).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<PageShell> Show(string newsletter, NewsletterStore newsletters, ArchiveStore archive, CancellationToken stop) =>
        await newsletters.FindAsync(newsletter, stop) is { } found ? await ListAsync(found, archive, stop) : Missing();

    // Where digests lead. An edition's place in the list, as long as it has no page of its own.
    private static async Task<Results<RedirectHttpResult, PageShell>> ShowEdition(string newsletter, string slug, NewsletterStore newsletters, ArchiveStore archive, CancellationToken stop) =>
        await newsletters.FindAsync(newsletter, stop) is { } found && (await archive.ListAsync(found.Id, MostShown, stop)).Any(issue => issue.Slug == slug)
            ? TypedResults.LocalRedirect($"~/n/{found.Slug}/archive#{slug}")
            : Missing();

    /// <summary>The short route serves the only newsletter, else lists them.</summary>
    private static async Task<PageShell> ShowOnly(NewsletterStore newsletters, ArchiveStore archive, CancellationToken stop)
    {
        var all = await newsletters.ListAsync(new PageRequest(Cursor.Start, 100), stop);
        return all.Items is [var only] ? await ListAsync(only, archive, stop) : Choice(all.Items);
    }

    private static async Task<PageShell> ListAsync(NewsletterProfile newsletter, ArchiveStore archive, CancellationToken stop)
    {
        var issues = await archive.ListAsync(newsletter.Id, MostShown, stop);
        return new PageShell
        {
            Title = $"{newsletter.Name}: archive",
            Site = newsletter.Name,
            Body = issues.Count == 0
                ? Html.Of($"<h1>Archive</h1><p>{newsletter.Name} has not been published yet.</p>")
                : Html.Of($"""
                    <h1>Archive</h1>
                    <p class="lead">What {newsletter.Name} has sent so far.</p>
                    <dl class="facts">
                    {issues.Select(Line)}
                    </dl>
                    """),
        };
    }

    private static Html Line(PublishedIssue issue) => Html.Of($"""
        <dt>{issue.SentAt.ToString("d MMM yyyy", CultureInfo.InvariantCulture)}</dt><dd dir="auto" id="{issue.Slug}">#{issue.Number} {issue.Title}</dd>

        """);

    private static PageShell Choice(IReadOnlyList<NewsletterProfile> newsletters) => new()
    {
        Title = "Newsletters",
        Body = newsletters.Count == 0
            ? Html.Of($"<h1>Newsletters</h1><p>There is no newsletter here yet.</p>")
            : Html.Of($"""
                <h1>Newsletters</h1>
                <ul>
                {newsletters.Select(newsletter => Html.Of($"""<li><a href="/n/{newsletter.Slug}/archive">{newsletter.Name}</a></li>"""))}
                </ul>
                """),
    };

    private static PageShell Missing() => new()
    {
        Title = "No such newsletter",
        Status = StatusCodes.Status404NotFound,
        Body = Html.Of($"<h1>There is no such newsletter.</h1><p>Perhaps the address was cut off. <a href=\"/archive\">These are the newsletters here.</a></p>"),
    };
}
