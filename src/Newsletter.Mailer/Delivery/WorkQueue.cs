namespace Newsletter.Mailer.Delivery;

/// <summary>
/// What one sender has claimed and not yet sent. The next batch is claimed while the last one is still being sent, so that
/// no connection waits for the database at a batch's end; issues take turns.
/// </summary>
internal sealed class WorkQueue(Func<CancellationToken, Task<LeasedWork?>> claim, int refillBelow) : IDisposable
{
    private readonly FairQueue _items = new();
    private readonly SemaphoreSlim _claiming = new(1, 1);
    private volatile bool _closed;
    private Task? _refill;

    public void Dispose() => _claiming.Dispose();

    public bool IsClosed => _closed;

    /// <summary>Nothing more is handed out or claimed.</summary>
    public void Close() => _closed = true;

    /// <summary>Hands an item out once more.</summary>
    public void Again(WorkItem item) => _items.Enqueue(item);

    /// <summary>Claims one batch more, however much there still is: another issue waits.</summary>
    public async Task TakeOnAsync() => await RefillAsync(onlyBelow: int.MaxValue, CancellationToken.None);

    /// <summary>What was claimed and is not going to be sent by us.</summary>
    public IEnumerable<WorkItem> Drain()
    {
        while (_items.TryDequeue(out var item))
            yield return item;
    }

    public bool TryNext(out WorkItem item)
    {
        item = null!;
        if (_closed || !_items.TryDequeue(out item!))
            return false;
        if (_items.Count < refillBelow && _refill is null or { IsCompletedSuccessfully: true })
            _refill = RefillAsync(onlyBelow: refillBelow, CancellationToken.None);
        return true;
    }

    /// <summary>The next item, claimed where need be; null where nothing is ready.</summary>
    public async Task<WorkItem?> NextAsync(CancellationToken stop)
    {
        while (!_closed)
        {
            if (TryNext(out var item))
                return item;
            if (!await RefillAsync(onlyBelow: 1, stop))
                return null;
        }

        return null;
    }

    /// <summary>Waits for a claim under way, so that what it brings can still be given back.</summary>
    public async Task SettleAsync()
    {
        if (_refill is { } running)
            await running;
        await _claiming.WaitAsync();
        _claiming.Release();
    }

    private async Task<bool> RefillAsync(int onlyBelow, CancellationToken stop)
    {
        await _claiming.WaitAsync(stop);
        try
        {
            if (_closed || _items.Count >= onlyBelow)
                return true;
            if (await claim(stop) is not { } work)
                return !_items.IsEmpty;
            foreach (var item in work.Items)
                _items.Enqueue(item);
            return true;
        }
        finally
        {
            _claiming.Release();
        }
    }
}
