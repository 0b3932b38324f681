using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/bulk-changes</c></summary>
internal static class BulkChangeEndpoints
{
    public static void MapBulkChangeEndpoints(this IEndpointRouteBuilder api)
    {
        var changes = api.MapGroup("/bulk-changes").WithTags("Bulk changes");
        changes.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List bulk changes");
        changes.MapPost("/", Start).RequireScope(Scopes.WriteSubscribers)
            .WithSummary("Change all active readers of a segment")
            .WithDescription("Of a newsletter, in a \"segment\" (slug or name) or of a \"filter\": add_tags, remove_tags, attributes (null removes a key), tier, unsubscribe. It is done in the background, in chunks, and each reader once: ask for it by its id how many it changed. A reader who would have too many tags or attributes stays as they were and is counted as refused.");
        changes.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a bulk change and what became of it");
    }

    private static async Task<Results<Ok<Page<BulkChange>>, ProblemHttpResult>> List([AsParameters] PageQuery query, BulkChangeStore changes, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await changes.ListAsync(page, stop)) : problem;

    private static async Task<Results<Accepted<BulkChange>, ProblemHttpResult>> Start(
        BulkChangeDraft draft, BulkChangeStore changes, IJobStarter jobs, CancellationToken stop)
    {
        var outcome = await changes.CreateAsync(draft, stop);
        if (outcome.Problem("bulk change", "") is { } problem)
            return problem;
        var change = outcome.Value().Value;
        jobs.ChangeInBulk(change.Id);
        return TypedResults.Accepted($"/api/bulk-changes/{change.Id}", change);
    }

    private static async Task<Results<Ok<BulkChange>, ProblemHttpResult>> Get(long id, BulkChangeStore changes, CancellationToken stop) =>
        await changes.GetAsync(id, stop) is { } found ? TypedResults.Ok(found) : Problems.NotFound("bulk change", id);
}
