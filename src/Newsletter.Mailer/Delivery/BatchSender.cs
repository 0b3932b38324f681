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
    private readonly Lock _gate = new();
    private Task _left = Task.CompletedTask;
    private int _running;

    /// <summary>Runs under way in this process, but for those that only wait for their last replies.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Another run may begin here.</summary>
    public bool HasRoom => Running < parts.Options.Senders;

    /// <summary>Sends until nothing is ready, the time is up, or it is told to stop; then the message in flight on each connection is finished and the rest given back.</summary>
    public Task<SenderRun> RunAsync(CancellationToken stop) =>
        RunAsync(new(TaskCreationOptions.RunContinuationsAsynchronously), stop);

    /// <summary>
    /// As <see cref="RunAsync(CancellationToken)"/>, but once the run has nothing left but last replies to wait for, it does so behind its caller's back: one
    /// may take ten minutes, and callers are few. Told to stop, it waits for them.
    /// </summary>
    /// <param name="stop">Must live as long as the process: the run goes on after this returns.</param>
    public async Task<SenderRun> RunAndLeaveAsync(CancellationToken stop)
    {
        var leaving = new TaskCompletionSource<SenderRun>(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = RunAsync(leaving, stop);
        await Task.WhenAny(run, leaving.Task);
        if (run.IsCompleted || stop.IsCancellationRequested)
            return await run;
        lock (_gate)
            _left = Task.WhenAll(_left, AwaitAsync(run));
        return await leaving.Task;
    }

    /// <summary>Waits for the last replies of runs that were left.</summary>
    /// <exception cref="OperationCanceledException">There is no more time: what is in flight stays unknown.</exception>
    public Task EndAsync(CancellationToken stop)
    {
        lock (_gate)
            return _left.WaitAsync(stop);
    }

    private async Task AwaitAsync(Task run)
    {
        try
        {
            await run;
        }
        catch (Exception e)
        {
            SendingLog.Broken(parts.Log, e);
        }
    }

    private async Task<SenderRun> RunAsync(TaskCompletionSource<SenderRun> leaving, CancellationToken stop)
    {
        using var timeUp = new CancellationTokenSource(TimeSpan.FromSeconds(parts.Options.HandOverSeconds), parts.Clock);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop, timeUp.Token);
        Interlocked.Increment(ref _running);
        // A last reply may take ten minutes: the next run does not wait for it.
        void Leave()
        {
            if (leaving.TrySetResult(End(closing)))
                Interlocked.Decrement(ref _running);
        }

        await using var closed = closing.Token.Register(Leave);
        try
        {
            return await RunUntilAsync(closing, Leave, leaving.Task);
        }
        finally
        {
            Leave();
        }
    }

    private async Task<SenderRun> RunUntilAsync(CancellationTokenSource closing, Action leave, Task leaving)
    {
        using var ended = new CancellationTokenSource();
        var leases = new LeaseBook(parts);
        using var queue = new WorkQueue(leases.ClaimAsync, parts.Relays.Pool, refillBelow: parts.Options.BatchSize / 2, parts.Clock);
        await using var close = closing.Token.Register(queue.Close);

        var keeping = Task.WhenAll(leases.KeepAsync(ended.Token), leases.WatchAsync(queue, ended.Token));
        try
        {
            await Task.WhenAll([GiveBackEarlyAsync(), .. Enumerable.Range(0, Lanes()).Select(_ => Task.Run(LaneAsync, CancellationToken.None))]);
        }
        finally
        {
            queue.Close();
            await leases.GiveBackAsync(queue);
            await ended.CancelAsync();
            await keeping;
        }

        return End(closing);

        // Whoever leaves found nothing ready: the others end what they have, and take on nothing that would wait for them.
        async Task LaneAsync()
        {
            try
            {
                await new SendingLane(parts, queue, leases).RunAsync(closing.Token);
            }
            finally
            {
                queue.Complete();
                leave();
            }
        }

        // Time is up, and one last reply may take long: what nobody has begun is not kept waiting for it.
        async Task GiveBackEarlyAsync()
        {
            await leaving;
            if (closing.IsCancellationRequested)
                await leases.GiveBackAsync(queue);
        }
    }

    private static SenderRun End(CancellationTokenSource closing) => closing.IsCancellationRequested ? SenderRun.HandOver : SenderRun.NothingReady;

    // The senders of this process share its connections.
    private int Lanes() => Math.Max(1, (parts.Relays.Pool.Capacity + parts.Options.Senders - 1) / parts.Options.Senders);
}
