namespace Newsletter.Mailer.Delivery;

/// <summary>
/// What one sender has claimed and not yet sent, a line for each throttle group in which issues take turns: a relay is handed what it may send
/// now, and a group that is slowed down waits in its own line. The next batch is claimed while the last one is still being sent, so that no
/// connection waits for the database at a batch's end; none is claimed of a group that has one waiting already.
/// </summary>
internal sealed class WorkQueue : IDisposable
{
    // Nothing was there to be claimed: what waits for its pace doesn't ask again sooner.
    private static readonly TimeSpan AfterNothing = TimeSpan.FromMilliseconds(500);

    private readonly Func<IReadOnlyCollection<string>, CancellationToken, Task<LeasedWork?>> _claim;
    private readonly RelayPool _pool;
    private readonly int _refillBelow;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _claiming = new(1, 1);
    private readonly Lock _adding = new();
    private volatile Line[] _lines = [];
    private volatile bool _closed;
    private volatile bool _complete;
    private int _count;
    private int _turn;
    private long _nothingAt = long.MinValue;
    private Task? _refill;

    /// <param name="claim">The next batch, of none of these groups.</param>
    /// <param name="pool">Whose relays it is for.</param>
    /// <param name="refillBelow">Claims more once so few are left that could be sent.</param>
    /// <param name="clock">Waits.</param>
    public WorkQueue(Func<IReadOnlyCollection<string>, CancellationToken, Task<LeasedWork?>> claim, RelayPool pool, int refillBelow, TimeProvider clock)
    {
        (_claim, _pool, _refillBelow, _clock) = (claim, pool, refillBelow, clock);
        HasFor = lane => Array.Exists(_lines, line => line.Count > 0 && lane.Pace.MaySend(line.Group));
    }

    public void Dispose() => _claiming.Dispose();

    public bool IsClosed => _closed;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Something waits that this relay may be sent now.</summary>
    public Func<RelayLane, bool> HasFor { get; }

    /// <summary>Nothing more is claimed: of those that send, some have left.</summary>
    public void Complete() => _complete = true;

    /// <summary>Nothing more is handed out or claimed.</summary>
    public void Close() => _closed = true;

    /// <summary>Hands an item out once more.</summary>
    public void Again(WorkItem item) => Add(LineOf(item.Work.Batch.ThrottleGroup), item);

    /// <summary>Claims one batch more, however much there still is: another issue waits.</summary>
    public async Task TakeOnAsync() => await RefillAsync(onlyBelow: int.MaxValue, CancellationToken.None);

    /// <summary>What was claimed and is not going to be sent by us.</summary>
    public IEnumerable<WorkItem> Drain()
    {
        foreach (var line in _lines)
        {
            while (TryTake(line, out var item))
                yield return item;
        }
    }

    /// <summary>The next item that this relay may be sent, its cost taken.</summary>
    public bool TryNext(RelayLane lane, out WorkItem item)
    {
        item = null!;
        if (_closed)
            return false;
        var lines = _lines;
        // Each group in turn: none waits until another is through.
        var turn = (uint)Interlocked.Increment(ref _turn);
        for (var i = 0u; i < lines.Length; i++)
        {
            var line = lines[(turn + i) % (uint)lines.Length];
            if (line.Count == 0 || !lane.Pace.TryTake(line.Group))
                continue;
            if (TryTake(line, out item))
            {
                lane.Took();
                RefillIfLow();
                return true;
            }

            lane.Pace.PutBack(line.Group);
        }

        return false;
    }

    /// <summary>Something waits to be sent, claimed where need be; false where nothing is ready, or nothing may be sent any more today.</summary>
    public async Task<bool> WaitForWorkAsync(CancellationToken stop)
    {
        while (!_closed && !_pool.IsUsedUp)
        {
            if (!IsEmpty)
                return true;
            if (!await RefillAsync(onlyBelow: 1, stop))
                return false;
        }

        return false;
    }

    /// <summary>Claims what could be sent beside that which waits for its pace.</summary>
    public void RefillIfLow()
    {
        if (_refill is { IsCompleted: false } || Ready() >= _refillBelow)
            return;
        if (_nothingAt != long.MinValue && _clock.GetElapsedTime(_nothingAt) < AfterNothing)
            return;
        _refill = RefillAsync(_refillBelow, CancellationToken.None);
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
            if (_complete)
                return !IsEmpty;
            if (_closed || Ready() >= onlyBelow)
                return true;
            // Stays so where the claim fails, too.
            _nothingAt = _clock.GetTimestamp();
            if (await _claim(FullGroups(enough: onlyBelow is int.MaxValue ? int.MaxValue : _refillBelow), stop) is not { } work)
                return !IsEmpty;
            _nothingAt = long.MinValue;
            var line = LineOf(work.Batch.ThrottleGroup);
            foreach (var item in work.Items)
                Add(line, item);
            _pool.Changed();
            return true;
        }
        finally
        {
            _claiming.Release();
        }
    }

    // Items that some relay may be sent now.
    private int Ready()
    {
        var all = Volatile.Read(ref _count);
        if (all == 0 || !_pool.IsPaced)
            return all;
        var ready = 0;
        foreach (var line in _lines)
        {
            if (line.Count > 0 && _pool.MaySend(line.Group))
                ready += line.Count;
        }

        return ready;
    }

    // One batch of a group that must wait is enough, and more than enough of one that need not.
    private List<string> FullGroups(int enough)
    {
        List<string> full = [];
        foreach (var line in _lines)
        {
            if (line.Count >= enough || (line.Count > 0 && !_pool.MaySend(line.Group)))
                full.Add(line.Group);
        }

        return full;
    }

    private Line LineOf(string group)
    {
        if (Array.Find(_lines, line => line.Group == group) is { } known)
            return known;
        lock (_adding)
        {
            if (Array.Find(_lines, line => line.Group == group) is { } added)
                return added;
            var line = new Line(group);
            _lines = [.. _lines, line];
            return line;
        }
    }

    private void Add(Line line, WorkItem item)
    {
        line.Items.Enqueue(item);
        Interlocked.Increment(ref _count);
    }

    private bool TryTake(Line line, out WorkItem item)
    {
        if (!line.Items.TryDequeue(out item))
            return false;
        Interlocked.Decrement(ref _count);
        return true;
    }

    private sealed class Line(string group)
    {
        public string Group => group;

        public FairQueue Items { get; } = new();

        public int Count => Items.Count;
    }
}
