namespace Newsletter.Mailer.Delivery;

/// <summary>
/// The connections of this process to its relays: so many to each at once, kept between messages, none to a relay whose breaker is open.
/// Of the relays that may be used those of the lowest priority number share the mail by weight; the next take over once none of them can.
/// Issues and mail to one person have a pool each, so that neither waits for the other.
/// </summary>
/// <remarks>
/// By itself a pool knows only its own connections. What relays allow to all workers together is lent to it by <see cref="RelayUpkeep"/>.
/// </remarks>
public sealed class RelayPool : IAsyncDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LookAgainSoon = TimeSpan.FromMilliseconds(10);

    private readonly IMailTransport _transport;
    private readonly TimeProvider _clock;
    private readonly int? _connections;
    private readonly Lock _changing = new();
    private readonly Pulse _freed = new();
    private readonly Dictionary<int, ConnectionSlots> _slots = [];
    private RelayLane[] _lanes = [];
    private readonly RelayDemand _demand;
    private Action? _ask;

    /// <param name="relays">Those that are enabled.</param>
    /// <param name="transport">Opens connections.</param>
    /// <param name="clock">For breakers and pace.</param>
    /// <param name="connections">Connections to each relay; null: as the relay says.</param>
    public RelayPool(IEnumerable<Relay> relays, IMailTransport transport, TimeProvider clock, int? connections = null)
    {
        (_transport, _clock, _connections, _demand) = (transport, clock, connections, new RelayDemand(clock));
        _ = ApplyAsync([.. relays]);
    }

    /// <summary>Connections to all relays together, as far as the relays go.</summary>
    public int Capacity => Lanes.Sum(lane => _connections ?? lane.Relay.MaxConnections);

    public IReadOnlyList<Relay> Relays => [.. Lanes.Select(lane => lane.Relay)];

    /// <summary>Each relay that could be used has had all that it may have today: nothing can be sent before tomorrow. One that is down may come back.</summary>
    internal bool IsUsedUp
    {
        get
        {
            var any = false;
            foreach (var lane in Lanes)
            {
                if (lane.IsUsedUp)
                    any = true;
                else if (lane.Relay.Problem is null)
                    return false;
            }

            return any;
        }
    }

    /// <summary>Some relay is limited by more than its connections.</summary>
    internal bool IsPaced => Array.Exists(Volatile.Read(ref _lanes), static lane => lane.Pace.IsLimited);

    internal IReadOnlyList<RelayLane> Lanes => Volatile.Read(ref _lanes);

    /// <summary>Some relay could be sent a message of this group now.</summary>
    internal bool MaySend(string group) => Array.Exists(Volatile.Read(ref _lanes), lane => lane.Breaker.IsClosed && lane.Pace.MaySend(group));

    /// <summary>
    /// Why nothing can be sent, once that has lasted this long or a person has to act; null otherwise. A relay whose day is used up works again
    /// tomorrow, and says nothing of those that should do its work until then.
    /// Only the time in which somebody wanted to send counts: an outage seen long ago says nothing to whoever resumes today.
    /// </summary>
    public string? Outage(TimeSpan patience)
    {
        if (Lanes.Count == 0)
            return "No relay is configured: name one in Delivery:Relays, or make one at /api/relays.";
        List<RelayLane> lanes = [.. Lanes.Where(lane => !lane.IsUsedUp)];
        if (lanes.Count == 0 || lanes.Exists(lane => lane.Breaker.IsClosed))
            return null;
        // Whoever waits for a relay looks again several times a second, unless a connect is under way.
        var since = _demand.Since(LongestConnect(lanes));
        // One that is to be tried anew has not failed yet.
        var open = lanes.Max(lane => lane.Breaker.OpenSince) ?? _clock.GetUtcNow();
        if (since < open)
            since = open;
        return lanes.TrueForAll(lane => lane.Breaker.NeedsPerson) || _clock.GetUtcNow() - since >= patience
            ? "No usable relay. " + string.Join(" ", lanes.Select(lane => $"{lane.Relay}: {lane.Breaker.Reason}"))
            : null;
    }

    /// <summary>A person says that it works: every relay may be tried again at once, and counts as down only once that failed.</summary>
    public void Rearm()
    {
        foreach (var lane in Lanes.Where(lane => lane.Relay.Problem is null))
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
            var (lane, any) = Choose(suits: null);
            if (lane is not null)
                return await OpenAsync(lane, stop);
            if (!any)
                return null;

            // All connections to the usable relays are taken: the next that is given back will do, but look again, for another relay may come back.
            await _freed.WaitAsync(LookAgain, stop);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A connection to a relay that something may be sent to at once; null where there is none now, or it did not answer.</summary>
    internal async Task<RelaySession?> TryRentAsync(Func<RelayLane, bool> suits, CancellationToken stop) =>
        Choose(suits).Lane is { } lane ? await OpenAsync(lane, stop) : null;

    /// <summary>Until it is worth trying again: soon, where a token or a turn is waited for and not a relay.</summary>
    internal Task WaitAsync(CancellationToken stop) =>
        _freed.WaitAsync(Lanes is var lanes && lanes.Any(lane => lane.IsUsable && (lanes.Count > 1 || lane.Pace.IsLimited)) ? LookAgainSoon : LookAgain, stop);

    /// <summary>Whether this relay should have the next message: no better one could, and it has not had more than its share.</summary>
    internal bool IsTurnOf(RelayLane lane, Func<RelayLane, bool> suits)
    {
        if (lane.IsRetired || lane.Slots.TooMany)
            return false;
        var lanes = Volatile.Read(ref _lanes);
        if (lanes.Length == 1 || !lane.Breaker.IsClosed)
            return true;
        if (!lane.IsUsable)
            return false;
        foreach (var other in lanes)
        {
            if (other == lane || other.Relay.Priority > lane.Relay.Priority)
                continue;
            if (!other.IsUsable || !suits(other) || !other.IsMoving)
                other.ForgoneFor(lane);
            else if (other.Relay.Priority < lane.Relay.Priority || lane.IsAheadOf(other))
                return false;
        }

        return true;
    }

    /// <summary>These are the relays now. One that is no longer the same starts anew; its connections are given up after the message in flight.</summary>
    internal async Task ApplyAsync(IReadOnlyList<Relay> relays)
    {
        List<RelayLane> gone = [];
        lock (_changing)
        {
            var before = _lanes;
            RelayLane[] after = [.. relays.Select(relay => Array.Find(before, lane => ReferenceEquals(lane.Relay, relay)) ?? NewLane(relay, before))];
            gone.AddRange(before.Except(after));
            Volatile.Write(ref _lanes, after);
        }

        foreach (var lane in gone)
        {
            lane.Retire();
            await lane.CloseIdleAsync();
        }

        _freed.Set();
    }

    /// <summary>From now on limits hold for all workers together, and what of them is ours is lent: nothing, to begin with.</summary>
    /// <param name="ask">Wakes whoever lends.</param>
    internal void Share(Action ask)
    {
        lock (_changing)
        {
            _ask = ask;
            foreach (var slots in _slots.Values)
                slots.SetLimit(0);
            Volatile.Write(ref _lanes, [.. _lanes.Select(lane => NewLane(lane.Relay, []))]);
        }
    }

    /// <summary>Something may be sent that could not be before.</summary>
    internal void Changed() => _freed.Set();

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in Lanes)
            await lane.DisposeAsync();
    }

    private RelayLane NewLane(Relay relay, RelayLane[] beside)
    {
        if (!_slots.TryGetValue(relay.Id, out var slots))
            _slots[relay.Id] = slots = new ConnectionSlots(0, _clock);
        if (_ask is null)
            slots.SetLimit(_connections ?? relay.MaxConnections);
        var limits = _ask is null ? relay.WithoutPace() : relay;
        var lane = new RelayLane(relay, slots, new RelayPace(limits, _clock, _ask ?? (() => { })), _clock);
        if (Array.Find(beside, other => other.Relay.Priority == relay.Priority) is { } older)
            lane.StartBeside(older);
        return lane;
    }

    private static TimeSpan LongestConnect(IReadOnlyList<RelayLane> lanes) => lanes.Count == 0 ? TimeSpan.Zero : lanes.Max(lane => lane.Relay.ConnectTimeout);

    // With its connection's slot taken. Where none is chosen: whether any may be used at all.
    private (RelayLane? Lane, bool Any) Choose(Func<RelayLane, bool>? suits)
    {
        var lanes = Volatile.Read(ref _lanes);
        _demand.Seen(LongestConnect(lanes));
        var first = int.MaxValue;
        foreach (var lane in lanes)
        {
            if (lane.Breaker.IsClosed && lane.Pace.UsedUpUntil is null)
                first = Math.Min(first, lane.Relay.Priority);
        }

        if (TakeBrokenOne(lanes, first, suits) is { } broken)
            return (broken, true);
        RelayLane? best = null;
        foreach (var lane in lanes)
        {
            if (lane.Relay.Priority != first || !lane.Breaker.IsClosed || lane.Pace.UsedUpUntil is not null)
                continue;
            lane.Slots.Wish();
            if (lane.Slots.AnyFree && suits?.Invoke(lane) != false && (best is null || lane.IsBehind(best)))
                best = lane;
            else if (lane.Slots.Limit == 0)
                _ask?.Invoke();
        }

        return best?.Slots.TryTake() == true ? (best, true) : (null, first != int.MaxValue);
    }

    // A relay that was down is tried by one caller now and then, though others do its work meanwhile: else it would never come back.
    private static RelayLane? TakeBrokenOne(RelayLane[] lanes, int first, Func<RelayLane, bool>? suits)
    {
        foreach (var lane in lanes)
        {
            if (lane.Breaker.IsClosed || lane.Relay.Problem is not null || lane.Relay.Priority > first || lane.Pace.UsedUpUntil is not null)
                continue;
            if (suits?.Invoke(lane) == false || !lane.Slots.TryTake())
                continue;
            if (lane.Breaker.TryEnter())
                return lane;
            lane.Slots.Release();
        }

        return null;
    }

    private async Task<RelaySession?> OpenAsync(RelayLane lane, CancellationToken stop)
    {
        try
        {
            var connection = await TakeIdleAsync(lane) ?? await ConnectAsync(lane, stop);
            if (connection is not null)
                return new RelaySession(this, lane, connection);
        }
        catch
        {
            GiveBack(lane);
            throw;
        }

        GiveBack(lane);
        return null;
    }

    internal void GiveBack(RelayLane lane)
    {
        lane.Slots.Release();
        _freed.Set();
    }

    private static async Task<IMailConnection?> TakeIdleAsync(RelayLane lane)
    {
        while (lane.Idle.TryPop(out var idle))
        {
            if (idle.IsUsable)
                return idle;
            await idle.DisposeAsync();
        }

        return null;
    }

    private async Task<IMailConnection?> ConnectAsync(RelayLane lane, CancellationToken stop)
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
}
