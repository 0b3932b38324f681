using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What a newsletter has published so far: where List-Archive of every mail leads.</summary>
internal static class ArchivePages
{
    private const int MostShown = 500;

    /// <summary>What every list lets through.</summary>
    private static readonly string Policy = Phrases.For().Page("", Html.None).ContentPolicy;

    public static void MapArchivePages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/n/{newsletter}/archive", look, Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/archive", look, ShowOnly).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<IResult> Show(string newsletter, HttpContext http, NewsletterStore newsletters, ArchiveStore archive, PublicSite site, CancellationToken stop) =>
        await newsletters.FindAsync(newsletter, stop) is { } found ? await ListAsync(http, found, archive, site, stop) : Missing(http);

    /// <summary>The short route serves the only newsletter, else lists them.</summary>
    private static async Task<IResult> ShowOnly(HttpContext http, NewsletterStore newsletters, ArchiveStore archive, PublicSite site, CancellationToken stop)
    {
        var all = await newsletters.ListAsync(new PageRequest(Cursor.Start, 100), stop);
        return all.Items is [var only]
            ? await ListAsync(http, only, archive, site, stop)
            : Choice(http, all.Items, newsletter => PublicSite.Path(site.Archive(newsletter.Slug)));
    }

    private static async Task<KeptAnswer> ListAsync(HttpContext http, NewsletterProfile newsletter, ArchiveStore archive, PublicSite site, CancellationToken stop)
    {
        var words = http.Words(newsletters: newsletter.Language);
        var issues = await archive.ListAsync(newsletter.Id, MostShown, stop);
        return new KeptAnswer
        {
            Tag = KeptAnswer.TagOf([
                "archive", words.Language, newsletter.Name, newsletter.Slug, newsletter.Indexed ? "y" : "n", site.Url.ToString(),
                .. issues.SelectMany(issue => (string[])[issue.Slug, issue.Title, issue.SentAt.ToString("O")])]),
            ContentType = "text/html; charset=utf-8",
            ContentPolicy = Policy,
            LastModified = issues.Count == 0 ? null : issues[0].SentAt,
            Indexed = newsletter.Indexed,
            Vary = "Accept-Language",
            Make = _ => Task.FromResult(ListPage(words, newsletter, issues, site).Render()),
        };
    }

    private static PageShell ListPage(Phrases words, NewsletterProfile newsletter, IReadOnlyList<PublishedIssue> issues, PublicSite site) => words.Page(
        words.Text("archive.window", ("newsletter", newsletter.Name)),
        issues.Count == 0
            ? Html.Of($"<h1>{words.Text("archive.title")}</h1><p>{words.Say("archive.none", ("newsletter", newsletter.Name))}</p>")
            : Html.Of($"""
                <h1>{words.Text("archive.title")}</h1>
                <p class="lead">{words.Say("archive.lead", ("newsletter", newsletter.Name))}</p>
                <ul class="plain">
                {issues.Select(issue => Line(words, newsletter, issue, site))}
                </ul>
                """),
        newsletter.Name) with
    {
        Head = Html.Of($"""<link rel="canonical" href="{site.Archive(newsletter.Slug)}">{EditionMeta.Feeds(newsletter, site)}"""),
    };

    private static Html Line(Phrases words, NewsletterProfile newsletter, PublishedIssue issue, PublicSite site) => Html.Of($"""
        <li id="{issue.Slug}"><a href="{PublicSite.Path(site.Edition(newsletter.Slug, issue.Slug))}"><bdi>#{issue.Number} {issue.Title}</bdi></a><br><span class="muted small">{words.Day(DateOnly.FromDateTime(issue.Day ?? issue.SentAt.UtcDateTime))}{(issue.Tier == "premium" ? " · Premium" : "")}</span></li>

        """);

    /// <summary>A page to choose a newsletter on, for a route that names none.</summary>
    /// <param name="http">The request.</param>
    /// <param name="newsletters">Which there are.</param>
    /// <param name="path">Where a newsletter's name leads.</param>
    public static PageShell Choice(HttpContext http, IReadOnlyList<NewsletterProfile> newsletters, Func<NewsletterProfile, string> path)
    {
        var words = http.Words();
        return words.Page(
            words.Text("newsletter.list.title"),
            newsletters.Count == 0
                ? Html.Of($"<h1>{words.Text("newsletter.list.title")}</h1><p>{words.Text("newsletter.list.none")}</p>")
                : Html.Of($"""
                    <h1>{words.Text("newsletter.list.title")}</h1>
                    <ul class="plain">
                    {newsletters.Select(newsletter => Html.Of($"""<li><a href="{path(newsletter)}?lang={words.Language}"><bdi>{newsletter.Name}</bdi></a></li>"""))}
                    </ul>
                    """));
    }

    /// <summary>The page of an address without a newsletter.</summary>
    public static PageShell Missing(HttpContext http)
    {
        var words = http.Words();
        return words.Notice(words.Text("newsletter.missing.title"), words.Say("newsletter.missing.text"), status: StatusCodes.Status404NotFound);
    }
}
