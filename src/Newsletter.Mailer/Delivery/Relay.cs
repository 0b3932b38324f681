namespace Newsletter.Mailer.Delivery;

/// <summary>How the connection to a relay is secured.</summary>
public enum RelaySecurity
{
    /// <summary>Plain text; only right on a trusted network.</summary>
    None,

    /// <summary>STARTTLS where the relay offers it (RFC 3207); plain text otherwise.</summary>
    StartTlsWhenOffered,

    /// <summary>STARTTLS or nothing.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314), usually port 465.</summary>
    ImplicitTls,
}

/// <summary>A server that takes our mail onward, as configured, with what limits it.</summary>
public sealed record Relay
{
    /// <summary>Row id, the one that deliveries refer to.</summary>
    public required int Id { get; init; }

    /// <summary>The operator's name for it, unique.</summary>
    public required string Name { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public RelaySecurity Security { get; init; } = RelaySecurity.StartTlsWhenOffered;

    /// <summary>Null: no AUTH.</summary>
    public string? UserName { get; init; }

    public string? Password { get; init; }

    /// <summary>What EHLO announces; null: <c>localhost</c> for a loopback relay, else the domain of PublicUrl.</summary>
    public string? HeloName { get; init; }

    /// <summary>Accept a certificate that doesn't verify. Only for relays on a trusted network.</summary>
    public bool AcceptAnyCertificate { get; init; }

    /// <summary>Relays of the lowest number carry the mail; the next take over once none of those can.</summary>
    public int Priority { get; init; } = 10;

    /// <summary>Its part of the mail beside the others of its priority.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Connections at once, those of all workers together.</summary>
    public int MaxConnections { get; init; } = 8;

    /// <summary>Messages a second, those of all workers together; null: no limit.</summary>
    public double? MessagesPerSecond { get; init; }

    /// <summary>Messages a day (UTC), those of all workers together; null: no limit.</summary>
    public int? MessagesPerDay { get; init; }

    /// <summary>The ramp of a new relay; null: none.</summary>
    public WarmUp? WarmUp { get; init; }

    /// <summary>It hands the answers of the readers' servers through, so that each throttle group has a pace of its own. A smarthost answers for everyone.</summary>
    public bool Groups { get; init; }

    /// <summary>Messages a second to a throttle group at most; a group not named here has no limit until servers ask for one.</summary>
    public IReadOnlyDictionary<string, double> GroupRates { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>Why it can't be used, for people: a password that can't be read; null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>It was made through the API, and is changed there.</summary>
    public bool IsOfTheApi { get; init; }

    /// <summary>Messages sent over one connection before it is replaced.</summary>
    public int MessagesPerConnection { get; init; } = 100;

    /// <summary>Age at which a connection is replaced.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Connecting, the greeting, TLS and AUTH, all together (RFC 5321 §4.5.3.2.1 asks for 5 minutes for the greeting alone; a relay that slow is as good as down).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The reply to any command but the final dot (RFC 5321 §4.5.3.2.2–3: 5 minutes).</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The reply to the final dot (RFC 5321 §4.5.3.2.6: 10 minutes). Giving up earlier makes duplicates (RFC 1047).</summary>
    public TimeSpan FinalReplyTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>BDAT instead of DATA where the relay offers CHUNKING (RFC 3030).</summary>
    public bool UseChunking { get; init; }

    /// <summary>Where a person corrects it.</summary>
    internal string WhereToChange => IsOfTheApi ? $"at /api/relays/{Id}" : "in Delivery:Relays";

    /// <summary>Messages allowed on a day (UTC); null: no limit.</summary>
    public int? AllowanceOn(DateOnly day) =>
        (MessagesPerDay, WarmUp?.AllowanceOn(day)) switch
        {
            (null, var ramp) => ramp,
            (var most, null) => most,
            var (most, ramp) => Math.Min(most.Value, ramp.Value),
        };

    /// <summary>The same relay for a pool that nothing is lent to.</summary>
    internal Relay WithoutPace() => this with { MessagesPerSecond = null, MessagesPerDay = null, WarmUp = null, Groups = false };

    public override string ToString() => $"{Name} ({Host}:{Port})";
}
