using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback.Votes;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>The polls of an issue, in the order of its text.</summary>
public sealed record PollsAnswer(IReadOnlyList<Poll> Items);

/// <summary>Whether a poll takes votes.</summary>
public sealed record PollStateRequest
{
    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public string? State { get; init; }
}

/// <summary><c>/api/issues/{id}/polls</c>: what readers were asked and what they said.</summary>
internal static class IssuePollEndpoints
{
    public static void MapIssuePollEndpoints(this IEndpointRouteBuilder api)
    {
        var polls = api.MapGroup("/issues/{id:long}/polls").WithTags("Issues");
        polls.MapGet("/", List).RequireScope(Scopes.ReadIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("What readers were asked, and the votes");
        polls.MapGet("/{poll:int}/votes", Votes).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("List votes and what was said with them")
            .WithDescription("In an anonymous poll \"subscriber\" is null, \"voted_at\" only the day, and the order tells nothing.");
        polls.MapPut("/{poll:int}/state", Change).RequireScope(Scopes.WriteIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Close a poll, or open it anew")
            .WithDescription("One that is opened after its own end stays open until it is closed.");
    }

    private static async Task<Results<Ok<PollsAnswer>, ProblemHttpResult>> List(long id, VoteStore votes, ReceiptStore receipts, CancellationToken stop) =>
        await receipts.FindIssueAsync(id, stop) is null ? Problems.NotFound("issue", id) : TypedResults.Ok(new PollsAnswer(await votes.ListAsync(id, stop)));

    private static async Task<Results<Ok<Page<VoteReport>>, ProblemHttpResult>> Votes(
        long id, int poll, [AsParameters] PageQuery query, VoteStore votes, CancellationToken stop,
        [FromQuery, Description("Only for this choice, by its number.")] short? choice = null,
        [FromQuery, Description("Only those that say something besides.")] bool commented = false)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        return IsNumber(poll) && await votes.ListVotesAsync(id, (short)poll, choice, commented, page, stop) is { } found
            ? TypedResults.Ok(found)
            : Problems.NotFound("poll", poll);
    }

    private static async Task<Results<Ok<Poll>, ProblemHttpResult>> Change(long id, int poll, PollStateRequest request, VoteStore votes, CancellationToken stop)
    {
        if (request.State is not ("open" or "closed"))
            return Problems.Invalid("state", "It must be open or closed.");
        return IsNumber(poll) && await votes.SetOpenAsync(id, (short)poll, request.State == "open", stop) is { } changed
            ? TypedResults.Ok(changed)
            : Problems.NotFound("poll", poll);
    }

    // What no poll can have as its number, none has.
    private static bool IsNumber(int poll) => poll is > 0 and <= short.MaxValue;
}
