namespace Newsletter.Mailer.Delivery;

/// <summary>One connection's work: send, then enter the outcome together with the next message's intent, again and again.</summary>
internal sealed class SendingLane(SendingParts parts, WorkQueue queue, LeaseBook leases)
{
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
            // Looked at here as well: the token's own callbacks may come before the queue's, and a wait that is over at once would then never end.
            while (!stop.IsCancellationRequested && await IsWorkThereAsync(stop))
            {
                if (await NextAsync(stop) is { } item)
                    await SendNextAsync(item);
            }
        }
        finally
        {
            try
            {
                await EnterAsync();
            }
            finally
            {
                if (_session is not null)
                    await _session.DisposeAsync();
            }
        }
    }

    private async Task<bool> IsWorkThereAsync(CancellationToken stop)
    {
        if (!queue.IsEmpty && !queue.IsClosed && !parts.Relays.Pool.IsUsedUp)
            return true;

        // Claiming may take a while: what is known is entered first.
        await EnterAsync();
        while (true)
        {
            try
            {
                return await queue.WaitForWorkAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception e) when (DatabaseContact.IsLoss(e))
            {
                parts.Contact.Lost();
                SendingLog.NotClaimed(parts.Log, e);
                await WaitAsync(WithoutDatabase, stop);
            }
        }
    }

    // A connection comes first, then what its relay may be sent now. Null where there is neither yet: the run lasts as long as there is
    // work, and no delivery is marked while a relay, its pace or its turn is waited for.
    private async Task<WorkItem?> NextAsync(CancellationToken stop)
    {
        if (_session is { Connection.IsUsable: true } session && parts.Relays.Pool.IsTurnOf(session.Lane, queue.HasFor))
        {
            if (queue.TryNext(session.Lane, out var item))
                return await OnlyIfStillWantedAsync(item, session);
            if (queue.IsEmpty)
                return null;
        }

        await EnterAsync();
        if (_session is not null)
            await _session.DisposeAsync();
        _session = null;
        if (!await ConnectAsync(stop))
            queue.RefillIfLow();
        return null;
    }

    private async Task<WorkItem?> OnlyIfStillWantedAsync(WorkItem item, RelaySession session)
    {
        if (item.Work.MayBeSent(item))
            return item;
        session.Lane.Pace.PutBack(item.Work.Batch.ThrottleGroup);
        // One that is to be left out, and the ledger could not be told yet, is for whoever claims the batch next.
        await (item.Work.IsExcluded(item) ? leases.SettleAsync(item) : leases.LeaveAsync(item));
        return null;
    }

    private async Task<bool> ConnectAsync(CancellationToken stop)
    {
        try
        {
            if ((_session = await parts.Relays.Pool.TryRentAsync(queue.HasFor, stop)) is not null)
                return true;
            await parts.Relays.Pool.WaitAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The queue is closed by now, or will be at once.
        }

        return false;
    }

    // One commit enters the last outcome and this intent. While all goes well the envelope goes out meanwhile, and the first byte of the
    // message waits for the commit; after a refusal or a pause nothing at all leaves before it.
    private async Task SendNextAsync(WorkItem item)
    {
        if (!item.Work.TryBegin(item))
        {
            await leases.LeaveAsync(item);
            return;
        }

        var before = _sent;
        _sent = null;
        var intended = parts.Recorder.RecordAsync(before?.Entry, item.Key);
        var entered = before is { } sent ? AfterAsync(intended, sent.Item, sent.Entry) : Task.CompletedTask;
        var goAhead = !item.Work.WasStopped && (before is null || before.Value.Entry.Status == "accepted");
        LedgerEntry? entry = null;
        if (goAhead)
            entry = await SendAsync(item, intended);
        await entered;
        if (await intended)
        {
            _sent = (item, entry ?? await SendAsync(item, intended));
            return;
        }

        item.Work.Stopped();
        await parts.Guard.StoppedAsync(item.Issue.Id);
        await leases.LeaveAsync(item);
    }

    private async Task AfterAsync(Task recorded, WorkItem item, LedgerEntry entry)
    {
        await recorded;
        await EnteredAsync(item, entry);
    }

    private async Task<LedgerEntry> SendAsync(WorkItem item, Task<bool> intended)
    {
        OutgoingMail mail;
        try
        {
            mail = item.Issue.MessageFor(item.Delivery, item.Work.Batch.Sender, parts.Keys, parts.Site, parts.ReturnPaths) with { Clearance = intended };
        }
        catch (KeyNotFoundException e) when (!parts.Keys.KeyIds.Contains(item.Issue.LinkKey))
        {
            // No reader's fault, and no message of the issue can be made here: they wait.
            item.Work.Stopped();
            await parts.Guard.KeyMissingAsync(item.Issue.Id, e.Message);
            return _rules.Enter(item.Key, item.Delivery, new SendOutcome.Withheld(), _session!.Relay.Id, item.Issue.ResendUnknown);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One reader's message that can't be made fails alone; the others must not wait for it.
            SendingLog.Unrenderable(parts.Log, e, item.Issue.Id, item.Delivery.Seq);
            return LedgerRules.Unrenderable(item.Key, $"{e.GetType().Name}: {e.Message}");
        }

        var (relay, begun) = (_session!.Relay, parts.Clock.GetTimestamp());
        var outcome = Judged(await _session.SendAsync(mail));
        if (outcome is SendOutcome.Deferred { Throttled: true } or SendOutcome.RelayFault { Throttled: true })
            _session.Lane.Pace.Throttled(item.Work.Batch.ThrottleGroup);
        await parts.Guard.SeeAsync(item, outcome, relay, begun);
        return _rules.Enter(item.Key, item.Delivery, outcome, relay.Id, item.Issue.ResendUnknown, item.Faults);
    }

    private SendOutcome Judged(SendOutcome outcome) =>
        outcome is SendOutcome.Rejected rejected ? rejected with { Failure = parts.Rejections.FailureOf(rejected.Reply, rejected.At) } : outcome;

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
