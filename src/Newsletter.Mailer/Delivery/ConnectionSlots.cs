namespace Newsletter.Mailer.Delivery;

/// <summary>
/// How many connections to a relay may be in use at once. The limit changes while they are: where it is shared with other workers it is
/// lent for a time, and once that is over without renewal nobody here takes another.
/// </summary>
internal sealed class ConnectionSlots(int limit, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private int _limit = limit;
    private int _taken;
    private long _lentUntil = long.MaxValue;
    private long _wishedAt = long.MinValue;

    public int Limit
    {
        get
        {
            lock (_gate)
                return _limit;
        }
    }

    public int Taken
    {
        get
        {
            lock (_gate)
                return _taken;
        }
    }

    public bool AnyFree
    {
        get
        {
            lock (_gate)
                return IsFree;
        }
    }

    /// <summary>More are in use than may be: whoever has one gives it back after the message in flight.</summary>
    public bool TooMany => Volatile.Read(ref _taken) > Volatile.Read(ref _limit);

    /// <summary>Somebody asked for one within the time.</summary>
    public bool WishedWithin(TimeSpan time)
    {
        lock (_gate)
            return _wishedAt != long.MinValue && clock.GetElapsedTime(_wishedAt) < time;
    }

    public bool TryTake()
    {
        lock (_gate)
        {
            _wishedAt = clock.GetTimestamp();
            if (!IsFree)
                return false;
            _taken++;
            return true;
        }
    }

    /// <summary>Somebody would take one, if there were any.</summary>
    public void Wish()
    {
        lock (_gate)
            _wishedAt = clock.GetTimestamp();
    }

    public void Release()
    {
        lock (_gate)
            _taken--;
    }

    public void SetLimit(int limit)
    {
        lock (_gate)
            _limit = limit;
    }

    /// <summary>So many, for so long, counted from when they were asked for.</summary>
    public void Lend(int limit, long askedAt, TimeSpan time)
    {
        lock (_gate)
            (_limit, _lentUntil) = (limit, askedAt + (long)(time.TotalSeconds * clock.TimestampFrequency));
    }

    private bool IsFree => _taken < _limit && (_lentUntil == long.MaxValue || clock.GetTimestamp() < _lentUntil);
}
