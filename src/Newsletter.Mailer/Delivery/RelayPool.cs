using System.Collections.Concurrent;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// The connections of this process to its relays: so many to each at once, kept between messages, none to a relay whose breaker is open.
/// Issues and mail to one person have a pool each, so that neither waits for the other.
/// </summary>
public sealed class RelayPool : IAsyncDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly IMailTransport _transport;
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<Lane> _lanes;

    /// <param name="relays">In order of preference.</param>
    /// <param name="transport">Opens connections.</param>
    /// <param name="clock">For breakers.</param>
    /// <param name="connections">Connections to each relay; null: as the relay says.</param>
    public RelayPool(IEnumerable<Relay> relays, IMailTransport transport, TimeProvider clock, int? connections = null)
    {
        (_transport, _clock) = (transport, clock);
        _lanes = [.. relays.Select(relay => new Lane(relay, connections ?? relay.MaxConnections, new CircuitBreaker(clock)))];
    }

    /// <summary>Connections to all relays together.</summary>
    public int Capacity => _lanes.Sum(lane => lane.Connections);

    public IReadOnlyList<Relay> Relays => [.. _lanes.Select(lane => lane.Relay)];

    /// <summary>At least one relay may be tried.</summary>
    public bool AnyClosed => _lanes.Any(lane => lane.Breaker.IsClosed);

    /// <summary>Why nothing can be sent, once that has lasted this long or a person has to act; null otherwise.</summary>
    public string? Outage(TimeSpan patience)
    {
        if (_lanes.Count == 0)
            return "No relay is configured: name one in Delivery:Relays.";
        if (AnyClosed)
            return null;
        var since = _lanes.Max(lane => lane.Breaker.OpenSince);
        return _lanes.All(lane => lane.Breaker.NeedsPerson) || _clock.GetUtcNow() - since >= patience
            ? "No usable relay. " + string.Join(" ", _lanes.Select(lane => $"{lane.Relay}: {lane.Breaker.Reason}"))
            : null;
    }

    /// <summary>A person was told of the outage: every relay may be tried again at once.</summary>
    public void Rearm()
    {
        foreach (var lane in _lanes)
            lane.Breaker.Rearm();
    }

    /// <summary>
    /// A connection, used by nobody else until its session is disposed of. Waits while all are in use;
    /// null where no relay may be tried now, or none answered.
    /// </summary>
    public async Task<RelaySession?> RentAsync(CancellationToken stop)
    {
        while (true)
        {
            var untried = _lanes.Where(lane => lane.Breaker.IsClosed).ToList();
            if (untried.Count == 0)
                untried = [.. _lanes.Where(lane => lane.Breaker.TryEnter())];
            if (untried.Count == 0)
                return null;

            foreach (var lane in untried)
            {
                if (!await lane.Slots.WaitAsync(TimeSpan.Zero, stop))
                    continue;
                return await OpenAsync(lane, stop);
            }

            // All slots of the usable relays are taken: wait for one of the first, but look again, for another may come back.
            if (await untried[0].Slots.WaitAsync(LookAgain, stop))
                return await OpenAsync(untried[0], stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes)
        {
            while (lane.Idle.TryPop(out var idle))
                await idle.DisposeAsync();
            lane.Slots.Dispose();
        }
    }

    private async Task<RelaySession?> OpenAsync(Lane lane, CancellationToken stop)
    {
        try
        {
            var connection = await TakeIdleAsync(lane) ?? await ConnectAsync(lane, stop);
            if (connection is not null)
                return new RelaySession(lane, connection);
        }
        catch
        {
            lane.Slots.Release();
            throw;
        }

        lane.Slots.Release();
        return null;
    }

    private static async Task<IMailConnection?> TakeIdleAsync(Lane lane)
    {
        while (lane.Idle.TryPop(out var idle))
        {
            if (idle.IsUsable)
                return idle;
            await idle.DisposeAsync();
        }

        return null;
    }

    private async Task<IMailConnection?> ConnectAsync(Lane lane, CancellationToken stop)
    {
        var began = _clock.GetUtcNow();
        switch (await _transport.ConnectAsync(lane.Relay, stop))
        {
            case ConnectOutcome.Connected connected:
                return connected.Connection;
            case ConnectOutcome.CredentialsRefused refused:
                lane.Breaker.CredentialsRefused(refused.Reason);
                return null;
            case ConnectOutcome.Unavailable unavailable:
                lane.Breaker.Unreachable(unavailable.Reason, began);
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    internal sealed record Lane(Relay Relay, int Connections, CircuitBreaker Breaker)
    {
        public SemaphoreSlim Slots { get; } = new(Connections, Connections);

        public ConcurrentStack<IMailConnection> Idle { get; } = new();
    }
}

/// <summary>One connection, rented; disposing of the session gives it back, closed or not.</summary>
public sealed class RelaySession : IAsyncDisposable
{
    internal RelaySession(RelayPool.Lane lane, IMailConnection connection) => (Lane, Connection) = (lane, connection);

    internal RelayPool.Lane Lane { get; }

    public IMailConnection Connection { get; }

    public Relay Relay => Lane.Relay;

    /// <summary>Sends, and tells the breaker what the relay's answer says about the relay.</summary>
    public async Task<SendOutcome> SendAsync(OutgoingMail mail)
    {
        var outcome = await Connection.SendAsync(mail);
        switch (outcome)
        {
            case SendOutcome.RelayFault fault:
                Lane.Breaker.Faulted(fault.Reason);
                break;
            case SendOutcome.CredentialsRefused refused:
                Lane.Breaker.CredentialsRefused($"The relay refused our user name and password: {refused.Reply}. Correct them in Delivery:Relays.");
                break;
            case SendOutcome.Unknown unknown:
                Lane.Breaker.Faulted(unknown.Reason);
                break;
            default:
                Lane.Breaker.Succeeded();
                break;
        }

        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        if (Connection.IsUsable)
            Lane.Idle.Push(Connection);
        else
            await Connection.DisposeAsync();
        Lane.Slots.Release();
    }
}
