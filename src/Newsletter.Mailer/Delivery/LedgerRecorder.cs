using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Group commit: what the process's connections have to say between two commits is written in one. The outcome of one message and the
/// intent of the next are one write, made before the next one's first byte leaves, so that a killed process leaves at most
/// one unknown a connection. Nothing is dropped: while the database is away the callers wait, and with them the sending.
/// </summary>
public sealed partial class LedgerRecorder : ILedgerRecorder, IAsyncDisposable
{
    private const int MostAtOnce = 500;

    // So many share a commit's own price; for fewer others are waited for, but never longer than this. Without any waiting a message costs
    // PostgreSQL 70 µs instead of 47, and on two cores that is time the sending lacks.
    private const int Enough = 6;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(1);

    private readonly LedgerStore _store;
    private readonly TimeProvider _clock;
    private readonly ILogger<LedgerRecorder> _log;
    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Guid _writer = Guid.NewGuid();
    private readonly HeldWrites _held;
    private readonly LedgerPosting _posting;
    private readonly Task _writing;
    private LedgerStore.Session? _session;
    private long _writes;

    // Deliveries under way: intended, and not yet heard of again. One that its sender lost hold of makes a commit gather in vain, no more.
    private int _underWay;

    public LedgerRecorder(LedgerStore store, LedgerPostingStore postings, TimeProvider clock, ILogger<LedgerRecorder> log)
    {
        (_store, _clock, _log) = (store, clock, log);
        _held = new HeldWrites(clock, _abandoned.Token);
        _posting = new LedgerPosting(postings, _writer, _held, clock, log);
        _writing = Task.Run(WriteAllAsync);
    }

    /// <inheritdoc/>
    public Task<bool> RecordAsync(LedgerEntry? outcome, DeliveryKey? next)
    {
        var request = new Request(outcome, next, new(TaskCreationOptions.RunContinuationsAsynchronously));
        ObjectDisposedException.ThrowIf(!_requests.Writer.TryWrite(request), this);
        return request.Done.Task;
    }

    /// <inheritdoc/>
    public Task PostAsync() => _posting.FlushAsync();

    /// <summary>Writes what is left, for at most ten seconds where the database is away: after that the journal ends where it ends, and whoever takes over calls unknown what it says was begun.</summary>
    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        _abandoned.CancelAfter(TimeSpan.FromSeconds(10));
        await _writing;
        await _posting.DisposeAsync();
        if (_session is not null)
            await _session.DisposeAsync();
        _abandoned.Dispose();
    }

    private async Task WriteAllAsync()
    {
        var group = new List<Request>();
        while (await _requests.Reader.WaitToReadAsync())
        {
            group.Clear();
            Gather(group);
            await GatherMoreAsync(group);
            await WriteUntilDoneAsync(group);
        }
    }

    // A commit costs PostgreSQL as much as entering several deliveries does, and while a message's intent commits its envelope is on its
    // way: where most connections are still to come, a moment's wait makes one commit of several.
    private async Task GatherMoreAsync(List<Request> group)
    {
        Task? late = null;
        while (group.Count < Enough && group.Count < _underWay)
        {
            late ??= Task.Delay(Gathering, _clock);
            var more = _requests.Reader.WaitToReadAsync().AsTask();
            if (await Task.WhenAny(more, late) == late || !await more)
                return;
            Gather(group);
        }
    }

    private void Gather(List<Request> group)
    {
        while (group.Count < MostAtOnce && _requests.Reader.TryRead(out var request))
        {
            if (request.Outcome is not null)
                _underWay--;
            group.Add(request);
        }
    }

    private async Task WriteUntilDoneAsync(List<Request> group)
    {
        var write = new LedgerWrite(
            _writer, ++_writes,
            [.. group.Where(request => request.Outcome is not null).Select(request => request.Outcome!)],
            [.. group.Where(request => request.Next is not null).Select(request => request.Next!.Value)]);
        try
        {
            // Until it is known what became of it.
            using var held = write.IsPlain ? null : await _posting.HoldAsync();
            await _held.RunAsync(again => WriteAsync(group, write, again), e => CloseAsync(e, group.Count));
        }
        catch (DbException e) when (HeldWrites.IsRefusedValue(e))
        {
            await BisectAsync(group, e);
        }
        catch (Exception e)
        {
            foreach (var request in group)
                request.Done.TrySetException(e);
        }
    }

    private async Task WriteAsync(List<Request> group, LedgerWrite write, bool again)
    {
        _session ??= await _store.OpenAsync(_abandoned.Token);
        var written = await _store.WriteAsync(_session, write, again, _abandoned.Token);
        _posting.Add(written.Pages);
        var (outcome, next) = (0, 0);
        foreach (var request in group)
        {
            if (request.Outcome is { } entry && !written.Written[outcome++])
                LogFenced(entry.Key.IssueId, entry.Key.Seq, entry.Status);
            var begun = request.Next is not null && written.Intended[next++];
            if (begun)
                _underWay++;
            request.Done.TrySetResult(begun);
        }
    }

    // A value the database will not take must not cost the others their outcome, nor its own delivery more than its words.
    private async Task BisectAsync(List<Request> group, DbException cause)
    {
        if (group.Count > 1)
        {
            var half = group.Count / 2;
            await WriteUntilDoneAsync(group[..half]);
            await WriteUntilDoneAsync(group[half..]);
            return;
        }

        var request = group[0];
        if (request.Outcome is { Reply: not null } or { QueueId: not null })
        {
            LogUnstorable(cause, request.Outcome.Key.IssueId, request.Outcome.Key.Seq);
            await WriteUntilDoneAsync([request with { Outcome = request.Outcome with { Reply = null, QueueId = null, Failure = null } }]);
            return;
        }

        request.Done.TrySetException(cause);
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

    private sealed record Request(LedgerEntry? Outcome, DeliveryKey? Next, TaskCompletionSource<bool> Done);

    [LoggerMessage(1, LogLevel.Warning, "The database can't take {Count} ledger writes now; they are held, and nothing more is sent until it does")]
    private partial void LogHolding(Exception exception, int count);

    [LoggerMessage(2, LogLevel.Warning, "Issue {IssueId}, delivery {Seq}: the lease was lost before the outcome '{Status}' could be entered")]
    private partial void LogFenced(long issueId, int seq, string status);

    [LoggerMessage(3, LogLevel.Error, "Issue {IssueId}, delivery {Seq}: the relay's reply can't be stored; the outcome is kept without it")]
    private partial void LogUnstorable(Exception exception, long issueId, int seq);
}
