namespace Newsletter.Mailer.Delivery;

/// <summary>Since when somebody has wanted to send over a pool, without a pause worth the name.</summary>
internal sealed class RelayDemand(TimeProvider clock)
{
    /// <summary>Longer than a connect takes to fail, and than a sender takes to follow another.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private DateTimeOffset _since = DateTimeOffset.MinValue;
    private DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>Somebody asks for a connection.</summary>
    /// <param name="longest">How long whoever asked last may have waited for one to be made.</param>
    public void Seen(TimeSpan longest)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            if (now - _last > Pause + longest)
                _since = now;
            _last = now;
        }
    }

    /// <summary>Since when; now, where nobody wants to.</summary>
    public DateTimeOffset Since(TimeSpan longest)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            return now - _last > Pause + longest ? now : _since;
        }
    }
}
