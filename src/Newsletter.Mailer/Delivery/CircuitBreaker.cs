namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Keeps us from hammering a relay that is down. Three failed connects in a row, or twelve faults of open connections
/// (a relay that says 421 to all of eight at once is not down), open it for 5 s, then twice as long each time up to a minute;
/// after that one caller at a time may try again; what was under way when it opened doesn't count again. Refused credentials open it for five minutes at once: waiting seldom mends them.
/// </summary>
public sealed class CircuitBreaker(TimeProvider clock)
{
    private const int FaultsToOpen = 12;
    private const int FaultsOfAFailedConnect = 4;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ForCredentials = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private int _faults;
    private TimeSpan _pause = First;
    private DateTimeOffset _openUntil = DateTimeOffset.MinValue;
    private bool _open;

    // Half open: a caller was let through and its fate is not known yet.
    private bool _trying;

    // Since when there has been no success, whether or not that was enough to open it.
    private DateTimeOffset? _failingSince;

    /// <summary>What went wrong last, for people; null while all is well.</summary>
    public string? Reason { get; private set; }

    /// <summary>The relay refused our credentials: a person has to act.</summary>
    public bool NeedsPerson { get; private set; }

    /// <summary>Since when nothing has succeeded: a first connect that timed out counts from where it began. Null while closed.</summary>
    public DateTimeOffset? OpenSince { get; private set; }

    /// <summary>True where a connection may be tried now. While half open only one caller is let through each period.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (!_open)
                return true;
            var now = clock.GetUtcNow();
            if (now < _openUntil)
                return false;
            (_openUntil, _trying) = (now + _pause, true);
            return true;
        }
    }

    /// <summary>Closed: mail may flow.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
                return !_open;
        }
    }

    /// <summary>
    /// A person knows of the outage and says that it is over: whoever tries next is let through at once,
    /// and how long there has been no success counts anew from there.
    /// </summary>
    public void Rearm()
    {
        lock (_gate)
        {
            _failingSince = null;
            if (_open)
                (_openUntil, _pause, OpenSince, NeedsPerson, _trying) = (DateTimeOffset.MinValue, First, null, false, false);
        }
    }

    public void Succeeded()
    {
        lock (_gate)
        {
            (_faults, _pause, _open, _trying, NeedsPerson) = (0, First, false, false, false);
            (Reason, OpenSince, _failingSince) = (null, null, null);
        }
    }

    /// <summary>An open connection failed.</summary>
    public void Faulted(string reason) => Count(reason, 1, clock.GetUtcNow());

    /// <summary>No connection could be made.</summary>
    /// <param name="reason">For people.</param>
    /// <param name="since">When it was begun; null: now.</param>
    public void Unreachable(string reason, DateTimeOffset? since = null) => Count(reason, FaultsOfAFailedConnect, since ?? clock.GetUtcNow());

    public void CredentialsRefused(string reason)
    {
        lock (_gate)
        {
            (Reason, NeedsPerson) = (reason, true);
            Open(ForCredentials);
        }
    }

    private void Count(string reason, int faults, DateTimeOffset since)
    {
        lock (_gate)
        {
            Reason = reason;
            _faults += faults;
            _failingSince ??= since;
            if (_open ? !_trying : _faults < FaultsToOpen)
                return;
            Open(_pause);
            _pause = _pause * 2 < Longest ? _pause * 2 : Longest;
        }
    }

    private void Open(TimeSpan pause)
    {
        var now = clock.GetUtcNow();
        OpenSince ??= _failingSince ?? now;
        (_open, _trying) = (true, false);
        _openUntil = now + pause;
    }
}
