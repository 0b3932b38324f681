using System.Collections.Concurrent;

namespace Newsletter.Mailer.Delivery;

/// <summary>One relay as this process sees it: its connections, its breaker, its pace, and how much of the mail it has had.</summary>
internal sealed class RelayLane(Relay relay, ConnectionSlots slots, RelayPace pace, TimeProvider clock) : IAsyncDisposable
{
    // A relay may be this many messages ahead of its share: less would have connections change hands for every message.
    private const int Slack = 8;

    // A relay that has connections and took nothing for that long is stuck, and holds up no other.
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(1);

    private long _taken;
    private long _takenAt = clock.GetTimestamp();
    private int _uncounted;

    public Relay Relay => relay;

    public ConnectionSlots Slots => slots;

    public RelayPace Pace => pace;

    public CircuitBreaker Breaker { get; } = BreakerOf(relay, clock);

    public ConcurrentStack<IMailConnection> Idle { get; } = new();

    /// <summary>The relay was changed or is gone: no new connection, and none is kept.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>Mail may flow now, as far as its breaker and its day go.</summary>
    public bool IsUsable => Breaker.IsClosed && pace.UsedUpUntil is null && slots.Limit > 0;

    /// <summary>Its day is used up, and nothing else is wrong with it.</summary>
    public bool IsUsedUp => pace.UsedUpUntil is not null && Breaker.IsClosed;

    /// <summary>Messages sent since they were last counted.</summary>
    public int Uncounted => Volatile.Read(ref _uncounted);

    /// <summary>A message was taken on.</summary>
    public void Took()
    {
        Interlocked.Increment(ref _taken);
        Volatile.Write(ref _takenAt, clock.GetTimestamp());
    }

    /// <summary>A message was sent that nobody charged the day for.</summary>
    public void Count() => Interlocked.Increment(ref _uncounted);

    public void Counted(int messages) => Interlocked.Add(ref _uncounted, -messages);

    /// <summary>It has had less of its share than the other.</summary>
    public bool IsBehind(RelayLane other) =>
        Volatile.Read(ref _taken) * (double)other.Relay.Weight < Volatile.Read(ref other._taken) * (double)relay.Weight;

    /// <summary>It has had more than its share beside the other, which could take mail.</summary>
    public bool IsAheadOf(RelayLane other) =>
        Volatile.Read(ref _taken) * (double)other.Relay.Weight > (Volatile.Read(ref other._taken) + Slack) * (double)relay.Weight;

    /// <summary>It would take mail now, or is taking it.</summary>
    public bool IsMoving => slots.AnyFree || clock.GetElapsedTime(Volatile.Read(ref _takenAt)) < Stuck;

    /// <summary>What it could not take while it could not take anything is not owed to it.</summary>
    public void ForgoneFor(RelayLane other)
    {
        var fair = (long)(Volatile.Read(ref other._taken) * (double)relay.Weight / other.Relay.Weight) - Slack;
        if (fair > Volatile.Read(ref _taken))
            Volatile.Write(ref _taken, fair);
    }

    /// <summary>Begins with the share that another has had: a relay that is new is not owed the past.</summary>
    public void StartBeside(RelayLane other) => ForgoneFor(other);

    public void Retire() => IsRetired = true;

    /// <summary>Closes connections that nobody uses, all but so many.</summary>
    public async ValueTask CloseIdleAsync(int keep = 0)
    {
        while (Idle.Count > keep && Idle.TryPop(out var idle))
            await idle.DisposeAsync();
    }

    public ValueTask DisposeAsync() => CloseIdleAsync();

    private static CircuitBreaker BreakerOf(Relay relay, TimeProvider clock)
    {
        var breaker = new CircuitBreaker(clock);
        if (relay.Problem is { } problem)
            breaker.CredentialsRefused(problem);
        return breaker;
    }
}
