namespace Newsletter.Mailer.Delivery;

/// <summary>
/// What one relay may be sent from this process right now: messages a second, messages a day, and the pace of each throttle group where the
/// relay has groups. All of it is decided in memory, on what was lent to this worker; a relay without limits costs nothing.
/// </summary>
internal sealed class RelayPace
{
    private const string Whole = "";

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly Action _ask;
    private readonly Relay _relay;
    private readonly TokenLease? _whole;
    private readonly DayLease? _day;
    private readonly Dictionary<string, TokenLease>? _groups;

    /// <param name="relay">Its limits.</param>
    /// <param name="clock">Counts.</param>
    /// <param name="ask">Wakes whoever can get more.</param>
    public RelayPace(Relay relay, TimeProvider clock, Action ask)
    {
        (_relay, _clock, _ask) = (relay, clock, ask);
        _whole = relay.MessagesPerSecond is null ? null : new TokenLease(clock);
        _day = relay.MessagesPerDay is null && relay.WarmUp is null ? null : new DayLease(clock);
        _groups = relay.Groups ? new(StringComparer.Ordinal) : null;
        IsLimited = _whole is not null || _day is not null || _groups is not null;
    }

    /// <summary>Something limits it beside its connections.</summary>
    public bool IsLimited { get; }

    /// <summary>A day's messages are charged before they are sent, not counted afterwards.</summary>
    public bool ChargesDays
    {
        get
        {
            if (_day is null)
                return false;
            lock (_gate)
                return !_day.IsUnlimited;
        }
    }

    /// <summary>When it may send again, where today's messages are used up; null otherwise.</summary>
    public DateTimeOffset? UsedUpUntil
    {
        get
        {
            if (_day is null)
                return null;
            lock (_gate)
                return _day.UsedUpUntil;
        }
    }

    /// <summary>A message of this group could leave now.</summary>
    public bool MaySend(string group)
    {
        if (!IsLimited)
            return true;
        bool may;
        lock (_gate)
            may = MayTake(LeaseOf(group), _clock.GetTimestamp());
        if (!may)
            _ask();
        return may;
    }

    /// <summary>Takes what one message of this group costs; false where it may not leave now.</summary>
    public bool TryTake(string group)
    {
        if (!IsLimited)
            return true;
        bool may;
        bool low;
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            var lease = LeaseOf(group);
            may = MayTake(lease, now);
            if (may)
            {
                _whole?.Take(now);
                _day?.Take(now);
                lease?.Take(now);
            }

            low = _whole?.IsWanted == true || _day?.IsWanted == true || lease?.IsWanted == true;
        }

        if (low)
            _ask();
        return may;
    }

    /// <summary>What was taken was not used after all.</summary>
    public void PutBack(string group)
    {
        if (!IsLimited)
            return;
        lock (_gate)
        {
            _whole?.PutBack();
            _day?.PutBack();
            LeaseOf(group)?.PutBack();
        }
    }

    /// <summary>The relay failed before it had the message: its day has lost none.</summary>
    public void NotTaken()
    {
        if (_day is null)
            return;
        lock (_gate)
            _day.PutBack();
    }

    /// <summary>A server asked for a slower pace: of this group, or of the relay as a whole where it has no groups.</summary>
    public void Throttled(string group)
    {
        if (_groups is null && _whole is null)
            return;
        lock (_gate)
            (LeaseOf(group) ?? _whole)!.Throttle();
        _ask();
    }

    /// <summary>What to ask of the buckets now, and to tell them.</summary>
    public void CollectQuestions(List<PaceQuestion> questions)
    {
        if (_whole is null && _groups is null)
            return;
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            if (_whole?.HasQuestion(now) == true)
                questions.Add(Question(Whole, _whole, _relay.MessagesPerSecond));
            if (_groups is null)
                return;
            foreach (var (group, lease) in _groups)
            {
                if (lease.HasQuestion(now))
                    questions.Add(Question(group, lease, _relay.GroupRates.TryGetValue(group, out var rate) ? rate : null));
            }
        }
    }

    /// <summary>The buckets' answer to a question.</summary>
    public void Answer(PaceQuestion question, PaceAnswer answer)
    {
        lock (_gate)
        {
            var lease = question.Group == Whole ? _whole : LeaseOf(question.Group);
            lease?.Reported(question.Sent, question.Throttled);
            lease?.Grant(answer.Granted, answer.PerSecond, _clock.GetTimestamp(), answer.Wait);
        }
    }

    /// <summary>What to ask of the day now; null: nothing.</summary>
    public DayQuestion? AskDay()
    {
        if (_day is null)
            return null;
        lock (_gate)
        {
            var wish = _day.Ask(_clock.GetTimestamp());
            if (wish == 0)
                return null;
            var day = _day.Day ?? DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime);
            return new DayQuestion(_relay.Id, day, _relay.AllowanceOn(day), wish);
        }
    }

    /// <summary>The day's answer: tokens, or another day than we thought.</summary>
    public void Answer(DayAnswer answer)
    {
        lock (_gate)
        {
            var allowance = _relay.AllowanceOn(answer.Day);
            _day!.Grant(answer.Granted, allowance is null, answer.Day, answer.IsOver ? _clock.GetUtcNow() + answer.Left : null);
        }
    }

    /// <summary>Messages of a day that were lent to us and not used; null where there are none.</summary>
    public (DateOnly Day, int Messages)? TakeUnused(bool all)
    {
        if (_day is null)
            return null;
        lock (_gate)
            return _day.TakeUnused(_clock.GetTimestamp(), all) is > 0 and var unused ? (_day.Day!.Value, unused) : null;
    }

    private bool MayTake(TokenLease? group, long now)
    {
        // Each is asked, so that each that lacks something says so.
        var whole = _whole?.MayTake(now) ?? true;
        var day = _day?.MayTake() ?? true;
        return (group?.MayTake(now) ?? true) && whole && day;
    }

    private TokenLease? LeaseOf(string group)
    {
        if (_groups is null)
            return null;
        if (!_groups.TryGetValue(group, out var lease))
            _groups[group] = lease = new TokenLease(_clock);
        return lease;
    }

    private PaceQuestion Question(string group, TokenLease lease, double? ceiling) =>
        new(_relay.Id, group, ceiling, lease.IsWanted, lease.Sent, lease.IsThrottled);
}

/// <summary>What a worker asks of a bucket, and tells it.</summary>
/// <param name="RelayId">Relay.</param>
/// <param name="Group">Throttle group; empty: the relay as a whole.</param>
/// <param name="Ceiling">Messages a second as configured; null: none.</param>
/// <param name="Wants">Tokens are wanted.</param>
/// <param name="Sent">Messages sent since the last question.</param>
/// <param name="Throttled">A server asked for a slower pace since.</param>
internal sealed record PaceQuestion(int RelayId, string Group, double? Ceiling, bool Wants, int Sent, bool Throttled);

/// <summary>What a bucket answers.</summary>
/// <param name="RelayId">Relay.</param>
/// <param name="Group">Throttle group; empty: the relay as a whole.</param>
/// <param name="Granted">Tokens.</param>
/// <param name="PerSecond">This worker's part of the rate; null: nothing limits it now.</param>
/// <param name="Wait">Until there may be more.</param>
internal sealed record PaceAnswer(int RelayId, string Group, int Granted, double? PerSecond, TimeSpan Wait);

/// <summary>What a worker asks of a relay's day.</summary>
/// <param name="RelayId">Relay.</param>
/// <param name="Day">The day that the worker thinks it is (UTC).</param>
/// <param name="Allowance">Messages allowed on it; null: no limit.</param>
/// <param name="Wish">How many to charge.</param>
internal sealed record DayQuestion(int RelayId, DateOnly Day, int? Allowance, int Wish);

/// <summary>What a day answers.</summary>
/// <param name="RelayId">Relay.</param>
/// <param name="Day">The day that it is (UTC, the database's clock).</param>
/// <param name="Granted">Messages charged.</param>
/// <param name="IsOver">The day allows no more.</param>
/// <param name="Left">Until the next day.</param>
internal sealed record DayAnswer(int RelayId, DateOnly Day, int Granted, bool IsOver, TimeSpan Left);
