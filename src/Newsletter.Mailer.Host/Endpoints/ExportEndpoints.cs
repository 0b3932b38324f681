using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/exports</c></summary>
internal static class ExportEndpoints
{
    public static void MapExportEndpoints(this IEndpointRouteBuilder api) =>
        api.MapGroup("/exports").WithTags("Exports").MapGet("/", Export).RequireScope(Scopes.ReadSubscribers)
            .Produces<string>(StatusCodes.Status200OK, "text/csv")
            .WithSummary("Export subscribers as CSV")
            .WithDescription("Of a newsletter (its slug), all or those of a segment (slug or name) or in a status (pending, active, unsubscribed). It is written while it is read, however many they are, and can be imported again. No cell is a formula.");

    private static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> Export(
        string? newsletter, string? segment, string? status, ExportStore store, SubscriberExport export, CancellationToken stop)
    {
        var outcome = await store.FindAsync(newsletter, segment, status, stop);
        if (outcome.Problem("newsletter", newsletter ?? "") is { } problem)
            return problem;
        var query = outcome.Value().Value;
        return TypedResults.Stream(output => export.WriteAsync(query, output, progress: null, stop), "text/csv; charset=utf-8", "subscribers.csv");
    }
}
