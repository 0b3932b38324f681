using Newsletter.Mailer.Access;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A relay as configured, without its secrets.</summary>
public sealed record RelayAnswer
{
    /// <summary>Deliveries remember this id.</summary>
    public required int Id { get; init; }

    public required string Name { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public required RelaySecurity Security { get; init; }

    /// <summary>Whether it is logged in to.</summary>
    public required bool Authenticates { get; init; }

    /// <summary>Connections at once from one worker process.</summary>
    public required int MaxConnections { get; init; }

    internal static RelayAnswer Of(Relay relay) => new()
    {
        Id = relay.Id,
        Name = relay.Name,
        Host = relay.Host,
        Port = relay.Port,
        Security = relay.Security,
        Authenticates = relay.UserName is not null,
        MaxConnections = relay.MaxConnections,
    };
}

/// <summary>The configured relays, in order of preference.</summary>
public sealed record RelayList(IReadOnlyList<RelayAnswer> Items);

/// <summary><c>/api/relays</c></summary>
internal static class RelayEndpoints
{
    public static void MapRelayEndpoints(this IEndpointRouteBuilder api) => api
        .MapGet("/relays", (RelayDirectory relays) => TypedResults.Ok(new RelayList([.. relays.Relays.Select(RelayAnswer.Of)])))
        .RequireScope(Scopes.Operate)
        .WithTags("Relays")
        .WithSummary("List the configured relays");
}
