namespace Newsletter.Mailer.Audience;

/// <summary>Whether a sign-up may come in.</summary>
public enum GateAnswer
{
    Open,

    /// <summary>This network had its share.</summary>
    NetworkFull,

    /// <summary>Too many from everywhere: nobody gets in for a while.</summary>
    Surge,
}

/// <summary>
/// The first look at a sign-up, from memory, so that a flood costs neither a connection nor a row. Every process has its own; what all
/// processes let in together is counted in the database.
/// </summary>
public sealed class SignUpGate(SignUpOptions options, TimeProvider clock)
{
    // Beyond so many networks it is a surge whatever each of them does, and memory stays flat.
    private const int MostNetworks = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Share> _networks = new(StringComparer.Ordinal);
    private DateTimeOffset _minute;
    private int _inMinute;
    private DateTimeOffset _closedUntil;

    /// <summary>Until when nobody gets in; in the past where the gate is open.</summary>
    public DateTimeOffset ClosedUntil
    {
        get
        {
            lock (_lock)
                return _closedUntil;
        }
    }

    /// <summary>Counts one who asks to come in. What a network sends beyond its share counts for nobody else.</summary>
    public GateAnswer Enter(string network)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (now < _closedUntil)
                return GateAnswer.Surge;
            if (!TakeShare(network, now))
                return GateAnswer.NetworkFull;
            if (now - _minute >= TimeSpan.FromMinutes(1))
                (_minute, _inMinute) = (now, 0);
            if (++_inMinute <= options.SurgePerMinute && _networks.Count <= MostNetworks)
                return GateAnswer.Open;
            Close(now);
            return GateAnswer.Surge;
        }
    }

    /// <summary>Whether who asks now is certain not to get in. Counts nobody.</summary>
    public GateAnswer Glance(string network)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (now < _closedUntil)
                return GateAnswer.Surge;
            return _networks.TryGetValue(network, out var share) && Left(share, now) < 1 ? GateAnswer.NetworkFull : GateAnswer.Open;
        }
    }

    /// <summary>The database counted a surge that came in by several processes.</summary>
    public void Break()
    {
        lock (_lock)
            Close(clock.GetUtcNow());
    }

    private void Close(DateTimeOffset now)
    {
        _closedUntil = now + TimeSpan.FromMinutes(options.BreakMinutes);
        // Shares that are used up outlast the break: the same networks must not shut the door again with what they would be refused anyway.
        if (_networks.Count > MostNetworks)
            _networks.Clear();
    }

    // A bucket of an hour's share that fills up again evenly.
    private bool TakeShare(string network, DateTimeOffset now)
    {
        if (!_networks.TryGetValue(network, out var share))
        {
            Forget(now);
            share = new Share(options.NetworkPerHour, now);
        }

        var left = Left(share, now);
        _networks[network] = new Share(left >= 1 ? left - 1 : left, now);
        return left >= 1;
    }

    private double Left(Share share, DateTimeOffset now) => Math.Min(options.NetworkPerHour, share.Left + ((now - share.At).TotalHours * options.NetworkPerHour));

    // Once an hour is over a bucket is full again, and says nothing.
    private void Forget(DateTimeOffset now)
    {
        if (_networks.Count == 0 || _networks.Count % 1_000 != 0)
            return;
        foreach (var (network, share) in _networks)
            if (now - share.At >= TimeSpan.FromHours(1))
                _networks.Remove(network);
    }

    private readonly record struct Share(double Left, DateTimeOffset At);
}
