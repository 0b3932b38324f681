namespace Newsletter.Mailer.Delivery;

/// <summary>Wakes everyone who waits. Set while nobody waits, it costs next to nothing and is kept for whoever waits next.</summary>
internal sealed class Pulse
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private volatile bool _set;

    public void Set()
    {
        if (_set)
            return;
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            (waiting, _waiting) = (_waiting, null);
            _set = waiting is null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Until set, at most this long. Never throws: whoever was told to stop looks for that.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken stop)
    {
        Task pulse;
        lock (_gate)
        {
            if (_set)
            {
                _set = false;
                return;
            }

            _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pulse = _waiting.Task;
        }

        await pulse.WaitAsync(longest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
