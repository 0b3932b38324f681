namespace Newsletter.Mailer.Delivery;

/// <summary>What one process remembers of an issue while it sends it.</summary>
internal sealed class IssueWatch
{
    // Counting reads an issue's whole ledger: of ten million rows it may take seconds, and then it is done less often.
    private const int ShareOfTime = 20;

    private readonly Lock _gate = new();
    private long _countedAt = long.MinValue;
    private TimeSpan _countTook;

    public SendingIssue? Issue { get; set; }

    public RefusalStreaks Streaks { get; } = new();

    /// <summary>Something became unknown or was rejected since the last count.</summary>
    public bool CountNext { get; set; }

    public bool TakeCount(TimeProvider clock, TimeSpan between)
    {
        lock (_gate)
        {
            if (!CountNext || (_countedAt != long.MinValue && clock.GetElapsedTime(_countedAt) < Longer(between, _countTook * ShareOfTime)))
                return false;
            (CountNext, _countedAt) = (false, clock.GetTimestamp());
            return true;
        }
    }

    public void Counted(TimeProvider clock)
    {
        lock (_gate)
            _countTook = clock.GetElapsedTime(_countedAt);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
