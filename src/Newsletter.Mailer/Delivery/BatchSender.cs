namespace Newsletter.Mailer.Delivery;

/// <summary>How a sender's run ended.</summary>
public enum SenderRun
{
    /// <summary>Nothing is ready to be sent.</summary>
    NothingReady,

    /// <summary>Its time was up, or it was told to stop; there may be more.</summary>
    HandOver,
}

/// <summary>
/// Claims batches of whatever issue needs it most and sends them over all connections it can get, for at most a minute.
/// Everything it holds is leased: killed at any point, it leaves at most one unknown a connection.
/// </summary>
public sealed class BatchSender(SendingParts parts)
{
    private int _running;

    /// <summary>Runs under way in this process, but for those that only wait for their last replies.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Another run may begin here.</summary>
    public bool HasRoom => Running < parts.Options.Senders;

    /// <summary>Sends until nothing is ready, the time is up, or it is told to stop; then the message in flight on each connection is finished and the rest given back.</summary>
    public async Task<SenderRun> RunAsync(CancellationToken stop)
    {
        using var timeUp = new CancellationTokenSource(TimeSpan.FromSeconds(parts.Options.HandOverSeconds), parts.Clock);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop, timeUp.Token);
        Interlocked.Increment(ref _running);
        // A last reply may take ten minutes: the next run does not wait for it.
        await using var leaving = closing.Token.Register(Left);
        try
        {
            return await RunUntilAsync(closing);
        }
        finally
        {
            if (leaving.Unregister())
                Left();
            if (Running == 0)
                parts.Guard.SendersEnded();
        }
    }

    private void Left() => Interlocked.Decrement(ref _running);

    private async Task<SenderRun> RunUntilAsync(CancellationTokenSource closing)
    {
        using var ended = new CancellationTokenSource();
        var leases = new LeaseBook(parts);
        using var queue = new WorkQueue(leases.ClaimAsync, parts.Relays.Pool, refillBelow: parts.Options.BatchSize / 2, parts.Clock);
        await using var close = closing.Token.Register(queue.Close);

        var keeping = Task.WhenAll(leases.KeepAsync(ended.Token), leases.WatchAsync(queue, ended.Token));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Lanes()).Select(_ =>
                Task.Run(() => new SendingLane(parts, queue, leases).RunAsync(closing.Token), CancellationToken.None)));
        }
        finally
        {
            queue.Close();
            await leases.GiveBackAsync(queue);
            await ended.CancelAsync();
            await keeping;
        }

        return closing.IsCancellationRequested ? SenderRun.HandOver : SenderRun.NothingReady;
    }

    // The senders of this process share its connections.
    private int Lanes() => Math.Max(1, (parts.Relays.Pool.Capacity + parts.Options.Senders - 1) / parts.Options.Senders);
}
