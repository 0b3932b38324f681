using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>An edition on the web, in its own language, as everyone may see it.</summary>
internal static class EditionPages
{
    public static void MapEditionPages(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/n/{newsletter}/archive/{slug}", [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();

    private static async Task<IResult> Show(
        string newsletter, string slug, HttpContext http, NewsletterStore newsletters, EditionShelf shelf, ArchiveStore archive, EditionCards cards, PublicSite site, CancellationToken stop)
    {
        if (await newsletters.FindAsync(newsletter, stop) is not { } found)
            return ArchivePages.Missing(http);
        return await shelf.FindAsync(found.Id, slug, stop) is { } edition
            ? Answer(new EditionView(found, edition, cards.Of(found, edition), site), archive)
            : MissingEdition(http, found, site);
    }

    private static KeptAnswer Answer(EditionView view, ArchiveStore archive)
    {
        var (newsletter, edition) = (view.Newsletter, view.Edition);
        return new KeptAnswer
        {
            Tag = KeptAnswer.TagOf("edition", Convert.ToHexStringLower(edition.Hash ?? []), edition.Title, edition.Author, edition.OlderSlug, edition.OlderTitle,
                edition.NewerSlug, edition.NewerTitle, newsletter.Name, newsletter.Slug, newsletter.Language, newsletter.Indexed ? "y" : "n", newsletter.PremiumUrl, view.Address, view.CardAddress),
            ContentType = "text/html; charset=utf-8",
            // The next one stands on this one's page.
            LastModified = edition.NewerSentAt ?? edition.SentAt,
            ContentPolicy = EditionView.Policy,
            Indexed = newsletter.Indexed,
            Make = async stop => view.Page((await archive.TextsAsync([edition.IssueId], stop)).GetValueOrDefault(edition.IssueId)).Render(),
        };
    }

    private static PageShell MissingEdition(HttpContext http, NewsletterProfile newsletter, PublicSite site)
    {
        var words = http.Words(newsletters: newsletter.Language);
        var archive = $"{PublicSite.Path(site.Archive(newsletter.Slug))}?lang={words.Language}";
        return words.Page(
            words.Text("web.missing.title"),
            Html.Of($"""
                <h1>{words.Text("web.missing.title")}</h1><p>{words.Say("web.missing.text", ("newsletter", newsletter.Name))}</p>
                <p class="actions"><a class="button quiet" href="{archive}">{words.Text("archive.title")}</a></p>
                """),
            newsletter.Name,
            StatusCodes.Status404NotFound);
    }
}
