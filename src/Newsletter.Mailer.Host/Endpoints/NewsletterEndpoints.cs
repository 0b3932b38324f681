using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Rendering.Themes;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/newsletters</c></summary>
internal static class NewsletterEndpoints
{
    public static void MapNewsletterEndpoints(this IEndpointRouteBuilder api)
    {
        var newsletters = api.MapGroup("/newsletters").WithTags("Newsletters");
        newsletters.MapGet("/", List).RequireScope(Scopes.ReadNewsletters)
            .WithSummary("List newsletters");
        newsletters.MapPost("/", Create).RequireScope(Scopes.WriteNewsletters)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Create a newsletter");
        newsletters.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadNewsletters)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a newsletter");
        newsletters.MapPut("/{id:long}", Replace).RequireScope(Scopes.WriteNewsletters)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Change a newsletter")
            .WithDescription("Every field but the slug is set as given; what is absent gets its default. The slug can't change: it is part of links already sent.");
    }

    private static async Task<Results<Ok<Page<NewsletterProfile>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, NewsletterStore newsletters, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await newsletters.ListAsync(page, stop)) : problem;

    private static async Task<Results<Created<NewsletterProfile>, ProblemHttpResult>> Create(
        NewsletterDraft draft, NewsletterStore newsletters, CancellationToken stop)
    {
        if (ProblemElsewhere(draft) is { } wrong)
            return wrong;
        var outcome = await newsletters.CreateAsync(draft, stop);
        if (outcome.Problem("newsletter", draft.Slug ?? "") is { } problem)
            return problem;
        var (newsletter, _) = outcome.Value();
        return TypedResults.Created($"/api/newsletters/{newsletter.Id}", newsletter);
    }

    private static async Task<Results<Ok<NewsletterProfile>, ProblemHttpResult>> Get(long id, NewsletterStore newsletters, CancellationToken stop) =>
        await newsletters.GetAsync(id, stop) is { } found ? TypedResults.Ok(found) : Problems.NotFound("newsletter", id);

    private static async Task<Results<Ok<NewsletterProfile>, ProblemHttpResult>> Replace(
        long id, NewsletterDraft draft, NewsletterStore newsletters, CancellationToken stop)
    {
        if (ProblemElsewhere(draft) is { } wrong)
            return wrong;
        var outcome = await newsletters.UpdateAsync(id, draft, stop);
        return outcome.Problem("newsletter", id) is { } problem ? problem : TypedResults.Ok(outcome.Value().Value);
    }

    // The room Audience keeps cadence and theme as text; what they mean is for Scheduling and Rendering to say.
    private static ProblemHttpResult? ProblemElsewhere(NewsletterDraft draft)
    {
        var errors = new FieldErrors();
        if (!string.IsNullOrWhiteSpace(draft.Cadence) && Cadence.TryParse(draft.Cadence, out _) is { } problem)
            errors.Add("cadence", problem);
        if (!string.IsNullOrWhiteSpace(draft.Theme) && !ThemeCatalog.Names.Contains(draft.Theme, StringComparer.Ordinal))
            errors.Add("theme", $"There is no such theme; there {(ThemeCatalog.Names.Count == 1 ? "is" : "are")} {string.Join(", ", ThemeCatalog.Names)}.");
        return errors.Any ? Problems.Invalid(errors) : null;
    }
}
