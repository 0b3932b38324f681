using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Posts to the ledger what one recorder wrote in the journal: a quarter of a second later at most, and before a batch is closed. Until
/// then the journal alone says it, and says it to whoever takes the batch over.
/// </summary>
internal sealed partial class LedgerPosting : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);
    private const int Many = 2_000;

    private readonly LedgerPostingStore _store;
    private readonly Guid _writer;
    private readonly HeldWrites _held;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _signal = new(0);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Task _posting;
    private List<LedgerPage> _pages = [];
    private List<TaskCompletionSource> _waiting = [];
    private int _lines;
    private long _since;
    private bool _closed;
    private LedgerPostingStore.Session? _session;

    /// <param name="store">Where it posts.</param>
    /// <param name="writer">Whose pages.</param>
    /// <param name="held">Tries again while the database is away.</param>
    /// <param name="clock">Tells when it is time.</param>
    /// <param name="log">Takes what keeps it from posting.</param>
    public LedgerPosting(LedgerPostingStore store, Guid writer, HeldWrites held, TimeProvider clock, ILogger log)
    {
        (_store, _writer, _held, _clock, _log) = (store, writer, held, clock, log);
        _posting = Task.Run(PostAllAsync);
    }

    /// <summary>Takes on what stands in the journal now.</summary>
    public void Add(IReadOnlyList<LedgerPage> pages)
    {
        if (pages.Count == 0)
            return;
        lock (_gate)
        {
            var (first, before) = (_pages.Count == 0, _lines);
            if (first)
                _since = _clock.GetTimestamp();
            _pages.AddRange(pages);
            _lines += pages.Sum(page => page.Lines.Count);
            if (!first && (before >= Many || _lines < Many))
                return;
        }

        _signal.Release();
    }

    /// <summary>What was added until now stands in the deliveries.</summary>
    public Task FlushAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _waiting.Add(done);
            _signal.Release();
        }

        return done.Task;
    }

    /// <summary>
    /// Keeps posting away while a delivery's outcome is entered directly: else what was begun could be posted over it.
    /// </summary>
    public async Task<IDisposable> HoldAsync()
    {
        await _turn.WaitAsync();
        return new Held(_turn);
    }

    /// <summary>Posts what is left, for as long as that is not given up.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _closed = true;
        _signal.Release();
        await _posting;
        if (_session is not null)
            await _session.DisposeAsync();
        _signal.Dispose();
        _turn.Dispose();
    }

    private async Task PostAllAsync()
    {
        while (await IsDueAsync())
        {
            using var turn = await HoldAsync();
            var (pages, waiting) = Take();
            try
            {
                if (pages.Count > 0)
                    await _held.RunAsync(_ => PostAsync(pages), e => CloseAsync(e, pages.Count));
                waiting.ForEach(one => one.TrySetResult());
            }
            catch (Exception e)
            {
                // Nothing is let go: a batch is not closed while the journal says something of it, and whoever takes it over reads it there.
                LogNotPosted(e, pages.Count);
                PutBack(pages);
                waiting.ForEach(one => one.TrySetException(e));
                await CloseAsync(e, pages.Count);
                await Task.Delay(AfterFailure, _clock, _held.Abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>False once it is closed and nothing is left.</summary>
    private async Task<bool> IsDueAsync()
    {
        while (true)
        {
            TimeSpan wait;
            lock (_gate)
            {
                var idle = _pages.Count == 0;
                if (_waiting.Count > 0 || _lines >= Many || (_closed && !idle))
                    return true;
                if (_closed)
                    return false;
                wait = idle ? Timeout.InfiniteTimeSpan : Longest - _clock.GetElapsedTime(_since);
                if (!idle && wait <= TimeSpan.Zero)
                    return true;
            }

            await _signal.WaitAsync(wait);
        }
    }

    private (List<LedgerPage> Pages, List<TaskCompletionSource> Waiting) Take()
    {
        lock (_gate)
        {
            var taken = (_pages, _waiting);
            (_pages, _waiting, _lines) = ([], [], 0);
            return taken;
        }
    }

    private void PutBack(List<LedgerPage> pages)
    {
        lock (_gate)
        {
            // Given up with the recorder: the journal has it.
            if (_held.Abandoned.IsCancellationRequested)
                return;
            _pages.InsertRange(0, pages);
            _lines += pages.Sum(page => page.Lines.Count);
        }
    }

    private async Task PostAsync(List<LedgerPage> pages)
    {
        _session ??= await _store.OpenAsync(_held.Abandoned);
        await LedgerPostingStore.PostAsync(_session, _writer, pages, _held.Abandoned);
    }

    private async Task CloseAsync(Exception cause, int count)
    {
        LogHolding(cause, count);
        if (_session is { } broken)
        {
            _session = null;
            await broken.DisposeAsync();
        }
    }

    private sealed class Held(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }

    [LoggerMessage(4, LogLevel.Warning, "The database can't take what the ledger's journal says now; {Count} pages wait behind it")]
    private partial void LogHolding(Exception exception, int count);

    [LoggerMessage(5, LogLevel.Error, "{Count} pages of the ledger's journal can't be posted to the deliveries; no batch that they speak of is closed before they are")]
    private partial void LogNotPosted(Exception exception, int count);
}
