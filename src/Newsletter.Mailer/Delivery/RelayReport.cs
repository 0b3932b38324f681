namespace Newsletter.Mailer.Delivery;

/// <summary>A relay as people see it: as it is set, without its password, and how it is doing.</summary>
public sealed record RelayReport
{
    /// <summary>Deliveries remember this id.</summary>
    public required int Id { get; init; }

    public required string Name { get; init; }

    /// <summary><c>configuration</c> (read-only here) or <c>api</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Whether mail goes there.</summary>
    public required bool Enabled { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public required RelaySecurity Security { get; init; }

    /// <summary>Whether it is logged in to. The password is never shown.</summary>
    public required bool Authenticates { get; init; }

    public string? UserName { get; init; }

    public string? HeloName { get; init; }

    public required bool AcceptAnyCertificate { get; init; }

    /// <summary>Relays of the lowest number carry the mail; the next take over once none of those can.</summary>
    public required int Priority { get; init; }

    /// <summary>Its part of the mail beside the others of its priority.</summary>
    public required int Weight { get; init; }

    /// <summary>Connections at once, those of all workers together.</summary>
    public required int MaxConnections { get; init; }

    public required int MessagesPerConnection { get; init; }

    public required int ConnectionSeconds { get; init; }

    public required double ConnectTimeoutSeconds { get; init; }

    public required double CommandTimeoutSeconds { get; init; }

    public required double FinalReplyTimeoutSeconds { get; init; }

    public required bool UseChunking { get; init; }

    /// <summary>Null: no limit.</summary>
    public double? MessagesPerSecond { get; init; }

    /// <summary>Null: no limit.</summary>
    public int? MessagesPerDay { get; init; }

    /// <summary>Null: none.</summary>
    public WarmUpOptions? WarmUp { get; init; }

    /// <summary>Each throttle group has a pace of its own.</summary>
    public required bool Groups { get; init; }

    /// <summary>Throttle group → messages a second at most.</summary>
    public required IReadOnlyDictionary<string, double> GroupRates { get; init; }

    /// <summary>How it is doing.</summary>
    public required RelayState State { get; init; }
}

/// <summary>How a relay is doing, as the workers wrote within the last seconds.</summary>
public sealed record RelayState
{
    /// <summary>Why it can't be used until a person does something; null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>Worker processes that know it and are running.</summary>
    public required int Workers { get; init; }

    /// <summary>Connections open for issues; those kept for mail to one person are apart.</summary>
    public required int ConnectionsInUse { get; init; }

    /// <summary>True where some worker has stopped knocking because the relay failed.</summary>
    public required bool BreakerOpen { get; init; }

    public string? BreakerReason { get; init; }

    public DateTimeOffset? BreakerSince { get; init; }

    /// <summary>Messages it could be sent at this moment; null where no rate limits it.</summary>
    public double? Tokens { get; init; }

    /// <summary>Today (UTC, by the database's clock).</summary>
    public required DateOnly Day { get; init; }

    /// <summary>Messages of today, mail to one person included; up to a few seconds old, and with a limit those lent to workers are in it.</summary>
    public required int MessagesToday { get; init; }

    /// <summary>Messages allowed today, the warm-up considered; null: no limit.</summary>
    public int? AllowedToday { get; init; }

    /// <summary>What the warm-up allows today; null where there is none or it has ended.</summary>
    public int? WarmUpAllowance { get; init; }

    /// <summary>When it sends again, where today's messages are used up; null otherwise.</summary>
    public DateTimeOffset? UsedUpUntil { get; init; }

    /// <summary>The pace of each throttle group that was sent to.</summary>
    public required IReadOnlyList<GroupPace> Pace { get; init; }
}

/// <summary>The pace of a throttle group at a relay.</summary>
public sealed record GroupPace
{
    public required string Group { get; init; }

    /// <summary>Messages a second allowed now; null: no limit.</summary>
    public double? MessagesPerSecond { get; init; }

    /// <summary>Messages a second that were sent when it was measured last.</summary>
    public required double MeasuredPerSecond { get; init; }

    /// <summary>Servers asked for a slower pace, and it has not recovered yet.</summary>
    public required bool Slowed { get; init; }

    /// <summary>When a server asked for it last; null: never.</summary>
    public DateTimeOffset? SlowedAt { get; init; }
}
