namespace Newsletter.Mailer.Delivery;

/// <summary>
/// When this process last lost the database. After an outage owners renew first: for as long as a lease lasts since,
/// nobody here takes over an expired one.
/// </summary>
public sealed class DatabaseContact(TimeProvider clock)
{
    private long _regained = long.MinValue;
    private volatile bool _lost;

    /// <summary>Lost infrastructure, not a bug: the database is away, restarting or too busy.</summary>
    public static bool IsLoss(Exception exception) => exception is System.Data.Common.DbException or TimeoutException or IOException;

    public void Lost() => _lost = true;

    public void Made()
    {
        if (!_lost)
            return;
        _lost = false;
        Interlocked.Exchange(ref _regained, clock.GetTimestamp());
    }

    public bool MayTakeOver(TimeSpan lease) =>
        !_lost && (Interlocked.Read(ref _regained) is long.MinValue || clock.GetElapsedTime(Interlocked.Read(ref _regained)) >= lease);
}
