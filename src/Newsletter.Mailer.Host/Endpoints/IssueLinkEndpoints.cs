using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/issues/{id}/links</c>, <c>/api/issues/{id}/clicks</c>: which links were followed, and by whom.</summary>
internal static class IssueLinkEndpoints
{
    public static void MapIssueLinkEndpoints(this IEndpointRouteBuilder api)
    {
        var issues = api.MapGroup("/issues").WithTags("Issues");
        issues.MapGet("/{id:long}/links", Links).RequireScope(Scopes.ReadIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Which links were followed, and how many opened the mail")
            .WithDescription("Machines (link scanners, previews) are counted apart from people. Empty where the newsletter measured nothing when the issue was frozen.");
        issues.MapGet("/{id:long}/clicks", Clicks).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Which reader followed which link")
            .WithDescription("In the order of the readers' ids. Of an issue whose clicks are counted anonymously there is nobody to list.");
    }

    private static async Task<Results<Ok<LinkReport>, ProblemHttpResult>> Links(long id, LinkReportStore links, ReceiptStore receipts, CancellationToken stop) =>
        await receipts.FindIssueAsync(id, stop) is null ? Problems.NotFound("issue", id) : TypedResults.Ok(await links.FindAsync(id, stop));

    private static async Task<Results<Ok<Page<ReaderClicks>>, ProblemHttpResult>> Clicks(
        long id, [AsParameters] PageQuery query, LinkReportStore links, ReceiptStore receipts, CancellationToken stop,
        [FromQuery, Description("Only who followed this link, by its number in the issue.")] int? link = null)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        return await receipts.FindIssueAsync(id, stop) is null ? Problems.NotFound("issue", id) : TypedResults.Ok(await links.ListReadersAsync(id, link, page, stop));
    }
}
