namespace Newsletter.Mailer.Delivery;

/// <summary>
/// This worker's part of what a relay may take today. Charged when it is lent, and given back where it is not used, so that no crash and
/// no number of workers can send more. Not thread-safe: its <see cref="RelayPace"/> is the gate.
/// </summary>
internal sealed class DayLease(TimeProvider clock)
{
    private const int Fewest = 5;
    private const int Most = 1_000;
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private int _tokens;
    private int _wish = Fewest;
    private long _takenAt;
    private long _lookedAt;

    /// <summary>The day of the last answer; none before the first.</summary>
    public DateOnly? Day { get; private set; }

    /// <summary>Nothing limits this day.</summary>
    public bool IsUnlimited { get; private set; }

    public bool IsWanted { get; private set; }

    /// <summary>When the day ends, once all it allows is lent out; null while there is more.</summary>
    public DateTimeOffset? UsedUpUntil { get; private set; }

    public bool MayTake()
    {
        if (IsUnlimited || _tokens > 0)
            return true;
        IsWanted = true;
        return false;
    }

    public void Take(long now)
    {
        _takenAt = now;
        if (IsUnlimited)
            return;
        IsWanted |= --_tokens <= _wish / 2;
    }

    public void PutBack()
    {
        if (!IsUnlimited)
            _tokens++;
    }

    /// <summary>How many to ask for now; 0: none. Once the day is used up it is asked again now and then: it may have ended, or somebody gave some back.</summary>
    public int Ask(long now)
    {
        if (IsUnlimited || !(UsedUpUntil is null ? IsWanted : clock.GetElapsedTime(_lookedAt, now) >= LookAgain))
            return 0;
        _lookedAt = now;
        return _wish;
    }

    public void Grant(int tokens, bool unlimited, DateOnly day, DateTimeOffset? usedUpUntil)
    {
        // What was lent for yesterday is charged to yesterday.
        _tokens = (Day == day ? _tokens : 0) + tokens;
        (IsUnlimited, Day, UsedUpUntil) = (unlimited, day, _tokens == 0 && !unlimited ? usedUpUntil : null);
        if (tokens > 0)
            (IsWanted, _wish) = (false, Math.Min(Most, tokens < _wish ? _wish : _wish * 2));
    }

    /// <summary>What has not been used for a while, to be given back; all of it where the worker stops.</summary>
    public int TakeUnused(long now, bool all)
    {
        if (_tokens <= 0 || (!all && clock.GetElapsedTime(_takenAt, now) < IdleAfter))
            return 0;
        var unused = _tokens;
        (_tokens, _wish) = (0, Fewest);
        return unused;
    }
}
