using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>The relays: those of the configuration first, then those made here.</summary>
public sealed record RelayList(IReadOnlyList<RelayReport> Items);

/// <summary><c>/api/relays</c></summary>
internal static class RelayEndpoints
{
    public static void MapRelayEndpoints(this IEndpointRouteBuilder api)
    {
        var relays = api.MapGroup("/relays").WithTags("Relays").RequireScope(Scopes.Operate);
        relays.MapGet("/", List)
            .WithSummary("List relays and how they are doing")
            .WithDescription("The state is what the workers wrote within the last seconds: breaker, connections, tokens, today's messages, the pace of each throttle group. Passwords are never shown.");
        relays.MapPost("/", Create)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Make a relay")
            .WithDescription("Workers take it up within a few seconds. The password is kept encrypted under a key derived from Links:Keys and never shown.");
        relays.MapGet("/{id:int}", Get)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a relay and how it is doing");
        relays.MapPut("/{id:int}", Replace)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Change a relay")
            .WithDescription("Every field is set as given; what is absent gets its default. Only a password that is absent stays, unless host, port, user_name, security or accept_any_certificate change: then it has to be given again. Relays of the configuration are changed there (409).");
        relays.MapDelete("/{id:int}", Delete)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Delete a relay")
            .WithDescription("Connections are given up after the message in flight; deliveries that it took keep its name.");
    }

    private static async Task<Ok<RelayList>> List(RelayDesk desk, CancellationToken stop) => TypedResults.Ok(new RelayList(await desk.ListAsync(stop)));

    private static async Task<Results<Ok<RelayReport>, ProblemHttpResult>> Get(int id, RelayDesk desk, CancellationToken stop) =>
        await desk.FindAsync(id, stop) is { } relay ? TypedResults.Ok(relay) : Problems.NotFound("relay", id);

    private static async Task<Results<Created<RelayReport>, ProblemHttpResult>> Create(RelayOptions relay, RelayDesk desk, CancellationToken stop) =>
        await desk.CreateAsync(relay, stop) switch
        {
            RelayChange.Saved saved => TypedResults.Created($"/api/relays/{saved.Relay.Id}", saved.Relay),
            var refused => Refusal(refused, 0),
        };

    private static async Task<Results<Ok<RelayReport>, ProblemHttpResult>> Replace(int id, RelayOptions relay, RelayDesk desk, CancellationToken stop) =>
        await desk.ReplaceAsync(id, relay, stop) switch
        {
            RelayChange.Saved saved => TypedResults.Ok(saved.Relay),
            var refused => Refusal(refused, id),
        };

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(int id, RelayDesk desk, CancellationToken stop) =>
        await desk.DeleteAsync(id, stop) switch
        {
            RelayChange.Deleted => TypedResults.NoContent(),
            var refused => Refusal(refused, id),
        };

    private static ProblemHttpResult Refusal(RelayChange change, int id) => change switch
    {
        RelayChange.Invalid invalid => Problems.Invalid(invalid.Problems.Aggregate(new FieldErrors(), (errors, problem) => errors.Add(problem.Field, problem.Message))),
        RelayChange.NameTaken taken => Problems.Taken("name", $"There already is a relay named \"{taken.Name}\"."),
        RelayChange.OfTheConfiguration configured => Problems.Conflict(
            $"The relay \"{configured.Name}\" is one of the configuration: change it in Delivery:Relays (appsettings.json or the environment) and start the program again."),
        RelayChange.NotFound => Problems.NotFound("relay", id),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
