namespace Newsletter.Mailer.Delivery;

/// <summary>
/// This worker's part of a bucket that all workers share: tokens for a second or so, spread over that second, worthless soon after.
/// Not thread-safe: its <see cref="RelayPace"/> is the gate.
/// </summary>
internal sealed class TokenLease(TimeProvider clock)
{
    // What was not used for that long is as good as never granted: the bucket has filled up meanwhile.
    private const double SecondsOfLife = 2;

    // Timers are no finer than this, and a relay doesn't mind.
    private const double SecondsOfHaste = 0.1;

    private int _tokens;
    private int _granted;
    private long _until;
    private long _next;
    private long _interval;
    private long _askAgainAt = long.MinValue;

    /// <summary>Nothing limits this bucket now.</summary>
    public bool IsUnlimited { get; private set; }

    /// <summary>Somebody wants tokens that are not there, or are running low.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>Sent since the last report.</summary>
    public int Sent { get; private set; }

    /// <summary>A server asked for a slower pace since the last report.</summary>
    public bool IsThrottled { get; private set; }

    public bool MayTake(long now)
    {
        if (IsUnlimited)
            return true;
        if (_tokens == 0 || now >= _until)
        {
            IsWanted = true;
            return false;
        }

        return _next - now <= (long)(SecondsOfHaste * clock.TimestampFrequency);
    }

    public void Take(long now)
    {
        Sent++;
        if (IsUnlimited)
            return;
        _tokens--;
        IsWanted |= _tokens <= _granted / 2;
        _next = Math.Max(_next, now) + _interval;
    }

    /// <summary>What was taken was not used after all.</summary>
    public void PutBack()
    {
        Sent--;
        if (!IsUnlimited)
            _tokens++;
    }

    public void Throttle() => IsThrottled = true;

    /// <summary>It is time to ask for tokens, to say what was sent, or to pass on a server's complaint.</summary>
    public bool HasQuestion(long now) => IsThrottled || ((IsWanted || Sent > 0) && now >= _askAgainAt);

    /// <summary>What has been reported is reported.</summary>
    public void Reported(int sent, bool throttled)
    {
        Sent -= sent;
        if (throttled)
            IsThrottled = false;
    }

    /// <param name="tokens">How many more.</param>
    /// <param name="perSecond">This worker's part of the rate; null: nothing limits it now.</param>
    /// <param name="now">When.</param>
    /// <param name="wait">Until there may be more.</param>
    public void Grant(int tokens, double? perSecond, long now, TimeSpan wait)
    {
        IsUnlimited = perSecond is null;
        _askAgainAt = now + (long)(wait.TotalSeconds * clock.TimestampFrequency);
        if (perSecond is not { } rate)
        {
            IsWanted = false;
            return;
        }

        _interval = (long)(clock.TimestampFrequency / rate);
        if (now >= _until)
            _tokens = 0;
        if (tokens == 0)
            return;
        (_tokens, _granted, IsWanted) = (_tokens + tokens, tokens, false);
        // A slow pace lets a token be used only when its turn comes: it lives from then on.
        _until = Math.Max(now, _next) + (long)(SecondsOfLife * clock.TimestampFrequency);
    }
}
