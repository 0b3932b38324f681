using System.Collections.Concurrent;
using System.Diagnostics;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary>So many lanes that do what a sender's lanes do, but for the message itself.</summary>
internal sealed class ClaimLoop(BenchmarkRooms rooms, int lanes)
{
    private const int RefillBelow = 250;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private readonly BatchStore _batches = rooms.Get<BatchStore>();
    private readonly LedgerRecorder _recorder = rooms.Get<LedgerRecorder>();
    private readonly ConcurrentQueue<(Claimed Batch, DeliveryKey Key)> _items = new();
    private readonly SemaphoreSlim _claiming = new(1, 1);
    private readonly Guid _owner = Guid.NewGuid();
    private volatile Task _ahead = Task.CompletedTask;

    public async Task<TimeSpan> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(LaneAsync)));
        return clock.Elapsed;
    }

    // As the sender's queue does: the next batch is claimed while the half of one is left.
    private void ClaimAhead()
    {
        if (_items.Count < RefillBelow && _ahead.IsCompleted)
            _ahead = Task.Run(() => ClaimAsync(onlyBelow: RefillBelow));
    }

    private async Task LaneAsync()
    {
        (Claimed Batch, LedgerEntry Entry)? sent = null;
        while (true)
        {
            if (!_items.TryDequeue(out var item))
            {
                // What is known is entered before a claim, which may take a while.
                await EnterAsync(sent);
                sent = null;
                if (!await ClaimAsync(onlyBelow: 1))
                    return;
                continue;
            }

            ClaimAhead();

            if (!await _recorder.RecordAsync(sent?.Entry, item.Key))
                throw new BenchmarkException("An intent was refused.");
            await DoneAsync(sent?.Batch);
            sent = (item.Batch, new LedgerEntry
            {
                Key = item.Key,
                Status = "accepted",
                RelayId = 1,
                Reply = new SmtpReply(250, "2.0.0", "Ok: queued as 4F2A1B3C4D"),
                QueueId = "4F2A1B3C4D",
                CountedAttempts = 1,
            });
        }
    }

    private async Task EnterAsync((Claimed Batch, LedgerEntry Entry)? sent)
    {
        if (sent is not { } last)
            return;
        await _recorder.RecordAsync(last.Entry, next: null);
        await DoneAsync(last.Batch);
    }

    private async Task<bool> ClaimAsync(int onlyBelow)
    {
        await _claiming.WaitAsync();
        try
        {
            if (_items.Count >= onlyBelow)
                return true;
            if (await _batches.ClaimAsync(_owner, Lease, mayTakeOver: false, Lease, default) is not { } batch)
                return !_items.IsEmpty;
            var claimed = new Claimed(batch);
            foreach (var delivery in batch.Deliveries)
                _items.Enqueue((claimed, new DeliveryKey(batch.PartKey, batch.IssueId, delivery.Seq, batch.BatchNo, batch.Fence)));
            return true;
        }
        finally
        {
            _claiming.Release();
        }
    }

    private Task DoneAsync(Claimed? batch) => batch is not null && batch.Done() ? CloseAsync(batch.Batch) : Task.CompletedTask;

    private async Task CloseAsync(ClaimedBatch batch)
    {
        await _recorder.PostAsync();
        await _batches.CompleteAsync(batch, default);
    }

    private sealed class Claimed(ClaimedBatch batch)
    {
        private int _left = batch.Deliveries.Count;

        public ClaimedBatch Batch => batch;

        public bool Done() => Interlocked.Decrement(ref _left) == 0;
    }
}
