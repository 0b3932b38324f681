using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A subscriber as the API shows it, under the names by which it is asked for.</summary>
public sealed record SubscriberAnswer
{
    public required long Id { get; init; }

    public required string Email { get; init; }

    public string? Name { get; init; }

    public string? FirstName { get; init; }

    public required IReadOnlyDictionary<string, JsonElement> Attributes { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public string? TimeZone { get; init; }

    public string? Language { get; init; }

    public required IReadOnlyList<Subscription> Subscriptions { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    internal static SubscriberAnswer Of(Subscriber subscriber) => new()
    {
        Id = subscriber.Id,
        Email = subscriber.Address,
        Name = subscriber.Name,
        FirstName = subscriber.FirstName,
        Attributes = subscriber.Attributes,
        Tags = subscriber.Tags,
        TimeZone = subscriber.TimeZone,
        Language = subscriber.Language,
        Subscriptions = subscriber.Subscriptions,
        CreatedAt = subscriber.CreatedAt,
        UpdatedAt = subscriber.UpdatedAt,
    };
}

/// <summary>An address to look up; it stands in the body because no address belongs in a URL.</summary>
public sealed record SubscriberLookup(string? Email);

/// <summary><c>/api/subscribers</c></summary>
internal static class SubscriberEndpoints
{
    public static void MapSubscriberEndpoints(this IEndpointRouteBuilder api)
    {
        var subscribers = api.MapGroup("/subscribers").WithTags("Subscribers");
        subscribers.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List subscribers")
            .WithDescription("Of a newsletter (its slug), in a status (pending, active, unsubscribed), of a tier (free, premium), or all.");
        subscribers.MapPost("/", Create).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Take a person in, and subscribe them where a newsletter is named")
            .WithDescription("One who is there already is changed where the request says something. Who unsubscribed or never confirmed becomes active only with \"confirmed\": true; who is suppressed never.");
        subscribers.MapPost("/lookup", Lookup).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Find a subscriber by address");
        subscribers.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a subscriber");
        subscribers.MapPatch("/{id:long}", Change).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Change a subscriber")
            .WithDescription("What is absent or null stays; an empty text clears. An attribute that is null is removed, others merge; tags are those given from then on.");
        subscribers.MapDelete("/{id:long}", Erase).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Erase a subscriber")
            .WithDescription("Every row that names the address goes. What stays are the consents under a keyed hash, and the fact that the address was suppressed, if it was.");
        subscribers.MapPost("/erase", EraseAddress).RequireScope(Scopes.WriteSubscribers)
            .WithSummary("Erase whoever has an address")
            .WithDescription("The same by address, also where it belongs to no subscriber: to a suppression, a sign-up, an import that waits. Done when it answers, whether anything named it or not; from then on no import and no API call takes it in.");
        subscribers.MapPut("/{id:long}/subscriptions/{newsletter}", Subscribe).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Subscribe, change the tier, or unsubscribe");
        subscribers.MapGet("/{id:long}/timeline", Timeline).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Tell a subscriber's story, oldest first")
            .WithDescription("created, signed_up, confirmed, chosen, paused, resumed, issue_accepted (and the other statuses of a delivery), bounced, complained, unsubscribed, restored, suppressed.");
    }

    private static async Task<Results<Ok<Page<SubscriberAnswer>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, string? newsletter, string? status, string? tier, SubscriberStore subscribers, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        var outcome = await subscribers.ListAsync(new SubscriberFilter { Newsletter = newsletter, Status = status, Tier = tier }, page, stop);
        return outcome.Problem("newsletter", newsletter ?? "") is { } wrong ? wrong : TypedResults.Ok(outcome.Value().Value.Select(SubscriberAnswer.Of));
    }

    private static async Task<Results<Created<SubscriberAnswer>, Ok<SubscriberAnswer>, ProblemHttpResult>> Create(
        SubscriberDraft draft, SubscriberStore subscribers, CancellationToken stop)
    {
        var outcome = await subscribers.CreateAsync(draft, stop);
        if (outcome.Problem("newsletter", draft.Newsletter ?? "") is { } problem)
            return problem;
        var (subscriber, isNew) = outcome.Value();
        var answer = SubscriberAnswer.Of(subscriber);
        return isNew ? TypedResults.Created($"/api/subscribers/{answer.Id}", answer) : TypedResults.Ok(answer);
    }

    private static async Task<Results<Ok<SubscriberAnswer>, ProblemHttpResult>> Lookup(
        SubscriberLookup lookup, SubscriberStore subscribers, CancellationToken stop)
    {
        var outcome = await subscribers.LookupAsync(lookup.Email, stop);
        return outcome.Problem("subscriber", "with this address") is { } problem ? problem : TypedResults.Ok(SubscriberAnswer.Of(outcome.Value().Value));
    }

    private static async Task<Results<Ok<SubscriberAnswer>, ProblemHttpResult>> Get(long id, SubscriberStore subscribers, CancellationToken stop) =>
        await subscribers.GetAsync(id, stop) is { } found ? TypedResults.Ok(SubscriberAnswer.Of(found)) : Problems.NotFound("subscriber", id);

    private static async Task<Results<Ok<SubscriberAnswer>, ProblemHttpResult>> Change(
        long id, SubscriberChanges changes, SubscriberStore subscribers, CancellationToken stop)
    {
        var outcome = await subscribers.UpdateAsync(id, changes, stop);
        return outcome.Problem("subscriber", id) is { } problem ? problem : TypedResults.Ok(SubscriberAnswer.Of(outcome.Value().Value));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Erase(long id, ErasureStore erasures, CancellationToken stop) =>
        (await erasures.EraseAsync(id, stop)).Problem("subscriber", id) is { } problem ? problem : TypedResults.NoContent();

    private static async Task<Results<NoContent, ProblemHttpResult>> EraseAddress(SubscriberLookup lookup, ErasureStore erasures, CancellationToken stop) =>
        (await erasures.EraseAsync(lookup.Email, stop)).Problem("subscriber", "with this address") is { } problem ? problem : TypedResults.NoContent();

    private static async Task<Results<Ok<Page<TimelineEvent>>, ProblemHttpResult>> Timeline(
        long id, [AsParameters] PageQuery query, TimelineStore timelines, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        return await timelines.ListAsync(id, page, stop) is { } events ? TypedResults.Ok(events) : Problems.NotFound("subscriber", id);
    }

    private static async Task<Results<Ok<SubscriberAnswer>, ProblemHttpResult>> Subscribe(
        long id, string newsletter, SubscriptionDraft draft, SubscriptionStore subscriptions, SubscriberStore subscribers, CancellationToken stop)
    {
        var outcome = await subscriptions.PutAsync(id, newsletter, draft, stop);
        return outcome.Problem("subscriber or newsletter", $"{id}, '{newsletter}'") is { } problem ? problem : await Get(id, subscribers, stop);
    }
}
