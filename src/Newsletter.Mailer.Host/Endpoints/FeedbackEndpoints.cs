using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Why something is undone or cleared.</summary>
public sealed record NoteRequest
{
    public string? Note { get; init; }
}

/// <summary>How issues were received, newest first.</summary>
public sealed record ReputationAnswer(IReadOnlyList<IssueReputation> Items);

/// <summary><c>/api/bounces</c>, <c>/api/reputation</c>: what came back and what it says.</summary>
internal static class FeedbackEndpoints
{
    private const int MaxDays = 3_650;

    public static void MapFeedbackEndpoints(this IEndpointRouteBuilder api)
    {
        var bounces = api.MapGroup("/bounces").WithTags("Feedback");
        bounces.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List bounces and complaints")
            .WithDescription("Each with what the server said and what followed: \"hard\" suppresses, \"soft\" is counted, a \"complaint\" suppresses and unsubscribes, \"sender\" (policy, reputation) raises an alarm of the relay, \"message\" is only kept.");
        bounces.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a bounce or complaint");
        bounces.MapPost("/{id:long}/undo", Undo).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Take back what followed from a bounce or complaint")
            .WithDescription("The suppression that rests on it is lifted, the subscription that a complaint ended goes on, and it counts no more. The evidence and the \"note\" stay.");
        var reputation = api.MapGroup("/reputation").WithTags("Feedback").RequireScope(Scopes.ReadIssues);
        reputation.MapGet("/", Rates)
            .WithSummary("Complaint and bounce rates of each issue, all together and by provider")
            .WithDescription("The level is warn from Feedback:WarnShare complaints on (0.1 % by default) and pause from Feedback:PauseShare (0.3 %), of at least 1,000 accepted messages and at least 5 complaints; an issue that is being sent pauses by itself.");
        reputation.MapGet("/{newsletter}/list-health", Health)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("How a newsletter's list is doing: who never engaged, whose mail keeps coming back");
    }

    private static async Task<Results<Ok<Page<BounceReport>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, BounceStore bounces, CancellationToken stop,
        [FromQuery, Description("Of this issue.")] long? issue = null,
        [FromQuery, Description("Of this reader.")] long? subscriber = null,
        [FromQuery, Description("hard, soft, complaint, sender or message.")] string? kind = null)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        if (kind is not null && !BounceStore.Kinds.Contains(kind))
            return Problems.Invalid("kind", $"It must be one of {string.Join(", ", BounceStore.Kinds)}.");
        return TypedResults.Ok(await bounces.ListAsync(issue, subscriber, kind, page, stop));
    }

    private static async Task<Results<Ok<BounceReport>, ProblemHttpResult>> Get(long id, BounceStore bounces, CancellationToken stop) =>
        await bounces.GetAsync(id, stop) is { } bounce ? TypedResults.Ok(bounce) : Problems.NotFound("bounce", id);

    private static async Task<Results<Ok<BounceReport>, ProblemHttpResult>> Undo(long id, NoteRequest request, BounceStore bounces, HttpContext http, CancellationToken stop)
    {
        var outcome = await bounces.UndoAsync(id, request.Note, http.User.KeyId(), stop);
        return outcome.Problem("bounce", id) is { } problem ? problem : TypedResults.Ok(outcome.Value().Value);
    }

    private static async Task<Results<Ok<ReputationAnswer>, ProblemHttpResult>> Rates(
        ReputationStore reputation, CancellationToken stop,
        [FromQuery, Description("Slug; absent: of all newsletters.")] string? newsletter = null,
        [FromQuery, Description("Issues of so many days; 90 where absent.")] int? days = null,
        [FromQuery, Description("At most so many issues, 1 to 500; 50 where absent.")] int? limit = null)
    {
        if (days is < 1 or > MaxDays)
            return Problems.Invalid("days", $"It must be from 1 to {MaxDays}.");
        if (limit is < 1 or > PageRequest.MaxLimit)
            return Problems.Invalid("limit", $"The limit must be between 1 and {PageRequest.MaxLimit}.");
        return TypedResults.Ok(new ReputationAnswer(await reputation.ListAsync(newsletter, days ?? 90, limit ?? PageRequest.DefaultLimit, stop)));
    }

    private static async Task<Results<Ok<ListHealth>, ProblemHttpResult>> Health(string newsletter, ReputationStore reputation, CancellationToken stop) =>
        await reputation.FindHealthAsync(newsletter, stop) is { } health
            ? TypedResults.Ok(health)
            : Problems.NotFound("newsletter", newsletter);
}
