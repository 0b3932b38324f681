namespace Newsletter.Mailer.Delivery;

/// <summary>One connection's work: send, then enter the outcome together with the next message's intent, again and again.</summary>
internal sealed class SendingLane(SendingParts parts, WorkQueue queue, LeaseBook leases)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WithoutDatabase = TimeSpan.FromSeconds(1);

    private readonly LedgerRules _rules = new(parts.Options, Random.Shared);
    private RelaySession? _session;

    // The message sent last and its outcome, not in the ledger yet.
    private (WorkItem Item, LedgerEntry Entry)? _sent;

    /// <summary>Works until nothing is ready or the queue is closed. What is in flight then is finished, never cut off.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (await NextAsync(stop) is { } item)
            {
                if (!item.Work.MayBeSent(item))
                    await leases.SettleAsync(item);
                else if (await ConnectAsync(stop))
                    await SendNextAsync(item);
                else
                    await leases.LeaveAsync(item);
            }
        }
        finally
        {
            await EnterAsync();
            if (_session is not null)
                await _session.DisposeAsync();
        }
    }

    private async Task<WorkItem?> NextAsync(CancellationToken stop)
    {
        if (queue.TryNext(out var ready))
            return ready;

        // Claiming may take a while: what is known is entered first.
        await EnterAsync();
        while (true)
        {
            try
            {
                return await queue.NextAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception e) when (DatabaseContact.IsLoss(e))
            {
                parts.Contact.Lost();
                SendingLog.NotClaimed(parts.Log, e);
                await WaitAsync(WithoutDatabase, stop);
            }
        }
    }

    // Waits for a relay to come back for as long as the run lasts; no delivery is marked meanwhile.
    private async Task<bool> ConnectAsync(CancellationToken stop)
    {
        if (_session is { Connection.IsUsable: true })
            return true;

        await EnterAsync();
        if (_session is not null)
            await _session.DisposeAsync();
        _session = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if ((_session = await parts.Relays.Pool.RentAsync(stop)) is not null)
                    return true;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return false;
            }

            await WaitAsync(BetweenTries, stop);
        }

        return false;
    }

    // One commit enters the last outcome and this intent; only then may the first byte leave.
    private async Task SendNextAsync(WorkItem item)
    {
        if (!item.Work.TryBegin(item))
        {
            await leases.LeaveAsync(item);
            return;
        }

        var before = _sent;
        _sent = null;
        var intended = await parts.Recorder.RecordAsync(before?.Entry, item.Key);
        if (before is { } entered)
            await EnteredAsync(entered.Item, entered.Entry);
        if (intended)
            _sent = (item, await SendAsync(item));
        else
            await leases.LeaveAsync(item);
    }

    private async Task<LedgerEntry> SendAsync(WorkItem item)
    {
        OutgoingMail mail;
        try
        {
            mail = item.Issue.MessageFor(item.Delivery, item.Work.Batch.Sender, parts.Keys, parts.Site);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One reader's message that can't be made fails alone; the others must not wait for it.
            SendingLog.Unrenderable(parts.Log, e, item.Issue.Id, item.Delivery.Seq);
            return LedgerRules.Unrenderable(item.Key, $"{e.GetType().Name}: {e.Message}");
        }

        var relay = _session!.Relay;
        var outcome = await _session.SendAsync(mail);
        await parts.Guard.SeeAsync(item, outcome, relay);
        return _rules.Enter(item.Key, item.Delivery, outcome, relay.Id, item.Issue.ResendUnknown, item.Faults);
    }

    private async Task EnterAsync()
    {
        if (_sent is not { } sent)
            return;
        _sent = null;
        await parts.Recorder.RecordAsync(sent.Entry, next: null);
        await EnteredAsync(sent.Item, sent.Entry);
    }

    // A relay's fault leaves the delivery pending: it is tried again here at once, at most three times.
    private async Task EnteredAsync(WorkItem item, LedgerEntry entry)
    {
        await parts.Guard.EnteredAsync(item, entry);
        if (entry.Status != "pending")
            await leases.SettleAsync(item);
        else if (item.Faults < LedgerRules.FaultsUnderOneMessage && !queue.IsClosed && item.Work.MayBeTriedAgain(item))
            queue.Again(item with
            {
                Faults = item.Faults + 1,
                Delivery = item.Delivery with { DotFaults = (short)(item.Delivery.DotFaults + entry.DotFaults) },
            });
        else
            await leases.LeaveAsync(item, relayFailed: item.Faults >= LedgerRules.FaultsUnderOneMessage);
    }

    private Task WaitAsync(TimeSpan time, CancellationToken stop) =>
        Task.Delay(time, parts.Clock, stop).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
