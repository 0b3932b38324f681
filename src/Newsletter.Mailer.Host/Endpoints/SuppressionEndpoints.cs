using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A suppression as the API shows it, under the names by which it is asked for.</summary>
public sealed record SuppressionAnswer
{
    public required long Id { get; init; }

    /// <summary>Null where a domain is suppressed.</summary>
    public string? Email { get; init; }

    /// <summary>Null where an address is.</summary>
    public string? Domain { get; init; }

    public required string Reason { get; init; }

    public string? Evidence { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal static SuppressionAnswer Of(Suppression suppression) => new()
    {
        Id = suppression.Id,
        Email = suppression.Address,
        Domain = suppression.Domain,
        Reason = suppression.Reason,
        Evidence = suppression.Evidence,
        CreatedAt = suppression.CreatedAt,
    };
}

/// <summary><c>/api/suppressions</c></summary>
internal static class SuppressionEndpoints
{
    public static void MapSuppressionEndpoints(this IEndpointRouteBuilder api)
    {
        var suppressions = api.MapGroup("/suppressions").WithTags("Suppressions");
        suppressions.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List suppressed addresses and domains");
        suppressions.MapPost("/", Add).RequireScope(Scopes.WriteSubscribers)
            .WithSummary("Suppress an address or a domain")
            .WithDescription("Nothing is mailed there any more, what is being sent just now included. One that is suppressed already keeps its first reason and time.");
        suppressions.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a suppression");
        suppressions.MapDelete("/{id:long}", Remove).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Lift a suppression");
    }

    private static async Task<Results<Ok<Page<SuppressionAnswer>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, SuppressionStore suppressions, CancellationToken stop) =>
        query.TryRead(out var page, out var problem)
            ? TypedResults.Ok((await suppressions.ListAsync(page, stop)).Select(SuppressionAnswer.Of))
            : problem;

    private static async Task<Results<Created<SuppressionAnswer>, Ok<SuppressionAnswer>, ProblemHttpResult>> Add(
        SuppressionDraft draft, SuppressionStore suppressions, CancellationToken stop)
    {
        var outcome = await suppressions.AddAsync(draft, stop);
        if (outcome.Problem("suppression", "") is { } problem)
            return problem;
        var (suppression, isNew) = outcome.Value();
        var answer = SuppressionAnswer.Of(suppression);
        return isNew ? TypedResults.Created($"/api/suppressions/{answer.Id}", answer) : TypedResults.Ok(answer);
    }

    private static async Task<Results<Ok<SuppressionAnswer>, ProblemHttpResult>> Get(long id, SuppressionStore suppressions, CancellationToken stop) =>
        await suppressions.GetAsync(id, stop) is { } found ? TypedResults.Ok(SuppressionAnswer.Of(found)) : Problems.NotFound("suppression", id);

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(long id, SuppressionStore suppressions, CancellationToken stop) =>
        (await suppressions.RemoveAsync(id, stop)).Problem("suppression", id) is { } problem ? problem : TypedResults.NoContent();
}
