using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What an issue is to do.</summary>
public sealed record IssueStateRequest
{
    /// <summary><c>paused</c>, <c>sending</c> or <c>cancelled</c>.</summary>
    public string? State { get; init; }
}

/// <summary>Whom to send an issue to again.</summary>
public sealed record ResendRequest
{
    /// <summary>Some of <c>expired</c>, <c>unknown</c> and <c>mailbox_full</c>; absent: all three.</summary>
    public IReadOnlyList<string>? Statuses { get; init; }
}

/// <summary>A resend on its way, or nobody to send to.</summary>
/// <param name="Round">The round that was opened; null where there is nobody to send to.</param>
/// <param name="Recipients">How many it is sent to.</param>
/// <param name="LeftOut">How many the issue has not reached and are not sent to either, by reason: suppressed, unsubscribed, erased, rejected (for good), failed, cancelled, or a status that was not asked for.</param>
public sealed record ResendAnswer(int? Round, long Recipients, IReadOnlyDictionary<string, long> LeftOut);

/// <summary>Deliveries of an issue, a page at a time.</summary>
/// <param name="Items">In the order of the ledger.</param>
/// <param name="Next">What to pass as <c>after</c>; null at the end.</param>
/// <param name="Answer">With <c>subscriber</c>: why this reader got the issue or didn't, in a sentence or two; else null.</param>
public sealed record DeliveriesAnswer(IReadOnlyList<DeliveryReport> Items, string? Next, string? Answer);

/// <summary>Which deliveries are asked for.</summary>
internal readonly record struct DeliveryQuery(
    [property: FromQuery(Name = "status"), Description("Only those with this status.")] string? Status,
    [property: FromQuery(Name = "subscriber"), Description("Only this reader's, by id.")] long? Subscriber,
    [property: FromQuery(Name = "round"), Description("Only those sent to in this round.")] int? Round,
    [property: FromQuery(Name = "left_out"), Description("Only those a resend left out for this reason, or any.")] string? LeftOut)
{
    public DeliveryFilter ToFilter() => new() { Status = Status, Subscriber = Subscriber, Round = Round, LeftOut = LeftOut };
}

/// <summary><c>/api/issues</c></summary>
internal static class IssueEndpoints
{
    private static readonly string[] s_statuses =
        ["pending", "sending", "accepted", "deferred", "rejected", "skipped", "unknown", "cancelled", "expired", "failed"];

    public static void MapIssueEndpoints(this IEndpointRouteBuilder api)
    {
        var issues = api.MapGroup("/issues").WithTags("Issues");
        issues.MapGet("/", List).RequireScope(Scopes.ReadIssues)
            .WithSummary("List issues, newest first")
            .WithDescription("Of a newsletter (its slug), of a kind (issue, digest), or all.");
        issues.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show an issue");
        issues.MapGet("/{id:long}/receipt", Receipt).RequireScope(Scopes.ReadIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Who got it and who didn't, in numbers that add up")
            .WithDescription("Counted from the ledger each time. \"accepted\" is the relay's word, not the reader's.");
        issues.MapGet("/{id:long}/progress", IssueProgress.Stream).RequireScope(Scopes.ReadIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("The receipt as it changes, as server-sent events")
            .WithDescription("An event \"progress\" with each change, \"end\" with the last one.");
        issues.MapGet("/{id:long}/deliveries", Deliveries).RequireScope(Scopes.ReadIssues)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("List deliveries, or ask why one reader got it or didn't")
            .WithDescription($"status is one of {string.Join(", ", s_statuses)}. subscriber is a reader's id (POST /api/subscribers/lookup finds it by address): then \"answer\" says why, also for someone who wasn't in the audience. round lists those sent to in that round; left_out, a reason or any, those a resend left out (the last one, unless round names another).");
        issues.MapPut("/{id:long}/state", Change).RequireScope(Scopes.WriteIssues)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Pause, continue or cancel an issue")
            .WithDescription("It takes effect with the next message; what is in flight is finished.");
        issues.MapPost("/{id:long}/resend", Resend).RequireScope(Scopes.WriteIssues)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Send a finished issue again to those it missed")
            .WithDescription("The same message with the same Message-ID, to those whose mailbox was full, who were put off until it was too old, or whose copy may have been lost; nobody else. A new round of the issue is opened (202) and counted apart in the receipt; where there is nobody to send to, it stays finished (200).");
    }

    private static async Task<Results<Ok<Page<IssueSummary>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, string? newsletter, string? kind, ReceiptStore receipts, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        if (kind is not (null or "issue" or "digest"))
            return Problems.Invalid("kind", "It must be issue or digest.");
        var rows = await receipts.ListAsync(newsletter, page.After.After is 0 ? null : page.After.After, page.Limit + 1, stop, kind);
        return TypedResults.Ok(Page.Of(rows, page, issue => issue.Id));
    }

    private static async Task<Results<Ok<IssueSummary>, ProblemHttpResult>> Get(long id, ReceiptStore receipts, CancellationToken stop) =>
        await receipts.FindIssueAsync(id, stop) is { } issue ? TypedResults.Ok(issue) : Problems.NotFound("issue", id);

    private static async Task<Results<Ok<Receipt>, ProblemHttpResult>> Receipt(long id, ReceiptStore receipts, CancellationToken stop) =>
        await receipts.FindAsync(id, stop) is { } receipt ? TypedResults.Ok(receipt) : Problems.NotFound("issue", id);

    private static async Task<Results<Ok<DeliveriesAnswer>, ProblemHttpResult>> Deliveries(
        long id, [AsParameters] PageQuery query, [AsParameters] DeliveryQuery which, DeliveryReportStore deliveries, ReceiptStore receipts, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        if (which.Status is not null && !s_statuses.Contains(which.Status, StringComparer.Ordinal))
            return Problems.Invalid("status", $"It must be one of {string.Join(", ", s_statuses)}.");
        if (await receipts.FindIssueAsync(id, stop) is null)
            return Problems.NotFound("issue", id);
        var why = which.Subscriber is { } reader ? await deliveries.WhyAsync(id, reader, stop) : null;
        // Places in a ledger are 32 bits wide: no row comes after the last of them.
        var after = (int)Math.Min(page.After.After, int.MaxValue);
        var rows = await deliveries.ListAsync(id, which.ToFilter(), after, page.Limit + 1, stop);
        var found = Page.Of(rows, page, delivery => delivery.Seq);
        return TypedResults.Ok(new DeliveriesAnswer(found.Items, found.Next, why?.Answer));
    }

    private static async Task<Results<Ok<IssueSummary>, ProblemHttpResult>> Change(
        long id, IssueStateRequest request, IssueControl control, InstanceStore instance, ReceiptStore receipts, IJobStarter jobs, CancellationToken stop)
    {
        var (change, state) = await control.ChangeAsync(id, request.State ?? "", stop);
        switch (change)
        {
            case IssueChange.UnknownState:
                return Problems.Invalid("state", "It must be paused, sending or cancelled.");
            case IssueChange.NoSuchIssue:
                return Problems.NotFound("issue", id);
            case IssueChange.WrongState:
                var because = state == "paused" && await instance.HeldReason(stop) is { } held ? " " + held : "";
                return Problems.Conflict($"The issue is {state} and can't become {request.State}.{because}", state);
        }

        if (state == "sending")
            jobs.TopUpSenders();
        return await Get(id, receipts, stop);
    }

    private static async Task<Results<Accepted<ResendAnswer>, Ok<ResendAnswer>, ProblemHttpResult>> Resend(
        long id, ResendRequest? request, IssueResend resend, InstanceStore instance, IJobStarter jobs, CancellationToken stop)
    {
        var statuses = request?.Statuses ?? IssueResend.Statuses;
        if (statuses.Count == 0 || statuses.Any(status => !IssueResend.Statuses.Contains(status, StringComparer.Ordinal)))
            return Problems.Invalid("statuses", $"It must list one or more of {string.Join(", ", IssueResend.Statuses)}; leave it out for all.");
        switch (await resend.OpenAsync(id, statuses, stop))
        {
            case ResendOutcome.Opened(var round):
                jobs.TopUpSenders();
                return TypedResults.Accepted($"/api/issues/{id}/receipt", new ResendAnswer(round.Round, round.Recipients, round.LeftOut));
            case ResendOutcome.Nobody(var leftOut):
                return TypedResults.Ok(new ResendAnswer(null, 0, leftOut));
            case ResendOutcome.WrongState(var state) when state == "finished" && await instance.HeldReason(stop) is { } held:
                return Problems.Conflict(held, state);
            case ResendOutcome.WrongState(var state):
                return Problems.Conflict($"The issue is {state}: only a finished one is sent again.", state);
            default:
                return Problems.NotFound("issue", id);
        }
    }
}
