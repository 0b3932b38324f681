using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A filter to be looked at and not kept.</summary>
public sealed record SegmentCheckRequest
{
    /// <summary>Slug of the newsletter whose readers are counted.</summary>
    public string? Newsletter { get; init; }

    public string? Filter { get; init; }
}

/// <summary>What a filter is worth.</summary>
/// <param name="Valid">Whether it can be read.</param>
/// <param name="Problems">What is wrong with it, where, and what to do; none where it is valid.</param>
/// <param name="Size">How many readers it is true of now; null where it is not valid.</param>
public sealed record SegmentCheck(bool Valid, IReadOnlyList<FilterProblem> Problems, SegmentSize? Size);

/// <summary><c>/api/segments</c></summary>
internal static class SegmentEndpoints
{
    public static void MapSegmentEndpoints(this IEndpointRouteBuilder api)
    {
        var segments = api.MapGroup("/segments").WithTags("Segments");
        segments.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List segments")
            .WithDescription("Of a newsletter (its slug), or all.");
        segments.MapPost("/", Create).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Create a segment")
            .WithDescription("A filter such as: tier = \"premium\" and tags has \"beta\" and subscribed_before 2026-01-01 and not clicked(last 5 issues). The README has the whole language.");
        segments.MapPost("/check", Check).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("Check a filter without saving it, and count whom it is true of");
        segments.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a segment");
        segments.MapPut("/{id:long}", Replace).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Change a segment")
            .WithDescription("The newsletter can't change. Issues that are frozen already keep the filter they were frozen with.");
        segments.MapDelete("/{id:long}", Remove).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Delete a segment")
            .WithDescription("An edition that names it is held when its time comes, with the reason.");
        segments.MapGet("/{id:long}/size", Size).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Count the readers in a segment now");
    }

    private static async Task<Results<Ok<Page<Segment>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, string? newsletter, SegmentStore segments, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await segments.ListAsync(newsletter, page, stop)) : problem;

    private static async Task<Results<Created<Segment>, ProblemHttpResult>> Create(SegmentDraft draft, SegmentStore segments, CancellationToken stop)
    {
        var outcome = await segments.CreateAsync(draft, stop);
        if (outcome.Problem("segment", draft.Name ?? "") is { } problem)
            return problem;
        var segment = outcome.Value().Value;
        return TypedResults.Created($"/api/segments/{segment.Id}", segment);
    }

    private static async Task<Results<Ok<SegmentCheck>, ProblemHttpResult>> Check(SegmentCheckRequest request, SegmentSizeStore sizes, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.Newsletter) || await sizes.ContextAsync(request.Newsletter, stop) is not { } context)
            return Problems.Invalid("newsletter", "There is no newsletter with this slug; a filter is counted among the readers of one.");
        return SegmentFilter.TryParse(request.Filter, out var filter) is { } wrong
            ? TypedResults.Ok(new SegmentCheck(false, [wrong], null))
            : TypedResults.Ok(new SegmentCheck(true, [], await sizes.CountAsync(filter!, context, stop)));
    }

    private static async Task<Results<Ok<Segment>, ProblemHttpResult>> Get(long id, SegmentStore segments, CancellationToken stop) =>
        await segments.GetAsync(id, stop) is { } found ? TypedResults.Ok(found) : Problems.NotFound("segment", id);

    private static async Task<Results<Ok<Segment>, ProblemHttpResult>> Replace(long id, SegmentDraft draft, SegmentStore segments, CancellationToken stop)
    {
        var outcome = await segments.UpdateAsync(id, draft, stop);
        return outcome.Problem("segment", id) is { } problem ? problem : TypedResults.Ok(outcome.Value().Value);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(long id, SegmentStore segments, CancellationToken stop) =>
        (await segments.RemoveAsync(id, stop)).Problem("segment", id) is { } problem ? problem : TypedResults.NoContent();

    private static async Task<Results<Ok<SegmentSize>, ProblemHttpResult>> Size(long id, SegmentStore segments, SegmentSizeStore sizes, CancellationToken stop)
    {
        if (await segments.GetAsync(id, stop) is not { } segment || await sizes.ContextAsync(segment.Newsletter, stop) is not { } context)
            return Problems.NotFound("segment", id);
        return SegmentFilter.TryParse(segment.Filter, out var filter) is { } wrong
            ? Problems.Conflict($"The segment's filter can't be read any more. {wrong}")
            : TypedResults.Ok(await sizes.CountAsync(filter!, context, stop));
    }
}
