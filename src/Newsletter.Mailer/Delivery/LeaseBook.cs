namespace Newsletter.Mailer.Delivery;

/// <summary>The batches one sender holds: claimed, renewed, and closed or given back.</summary>
internal sealed class LeaseBook(SendingParts parts)
{
    private static readonly TimeSpan AfterFaults = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private const int MostIssuesAtOnce = 8;

    private readonly Guid _owner = Guid.NewGuid();
    private readonly Dictionary<(long, int), LeasedWork> _leases = [];
    private readonly Lock _gate = new();

    private TimeSpan Lease => TimeSpan.FromSeconds(parts.Options.LeaseSeconds);

    /// <summary>The next batch with something left to send; null where nothing is ready.</summary>
    /// <param name="passOver">Throttle groups of which there is enough.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<LeasedWork?> ClaimAsync(IReadOnlyCollection<string> passOver, CancellationToken stop)
    {
        while (true)
        {
            var batch = await parts.Batches.ClaimAsync(_owner, Lease, parts.Contact.MayTakeOver(Lease), Lease, passOver, stop);
            parts.Contact.Made();
            if (batch is null)
                return null;
            if (batch.TakenOver)
                SendingLog.TakenOver(parts.Log, batch.IssueId, batch.BatchNo);

            var work = new LeasedWork(batch, await parts.Guard.IssueAsync(batch.IssueId, stop));
            if (batch.Deliveries.Count == 0)
            {
                await CloseAsync(work);
                continue;
            }

            lock (_gate)
                _leases[(batch.IssueId, batch.BatchNo)] = work;
            return work;
        }
    }

    /// <summary>The item has its outcome, or must not be sent any more.</summary>
    public Task SettleAsync(WorkItem item) => item.Work.Done(item) ? CloseAsync(item.Work) : Task.CompletedTask;

    /// <summary>The item could not be sent now.</summary>
    /// <param name="item">What was not sent.</param>
    /// <param name="relayFailed">Relays failed under it as often as is tried in one lease.</param>
    public Task LeaveAsync(WorkItem item, bool relayFailed = false) => item.Work.Leave(item, relayFailed) ? CloseAsync(item.Work) : Task.CompletedTask;

    /// <summary>Renews the leases, looks who has left meanwhile and whether any relay is left, until told that the run has ended.</summary>
    public async Task KeepAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(parts.Options.RenewSeconds), parts.Clock);
        while (await NextTickAsync(timer, ended))
        {
            try
            {
                await KeepOnceAsync();
                await parts.Guard.CheckRelaysAsync(CancellationToken.None);
                parts.Contact.Made();
            }
            catch (Exception e) when (DatabaseContact.IsLoss(e))
            {
                parts.Contact.Lost();
                SendingLog.NotRenewed(parts.Log, e);
            }
        }
    }

    /// <summary>
    /// Looks often what people and other issues want: batches of an issue that was paused or cancelled are given back at once, those of one
    /// that waits are taken on although there is still enough of another.
    /// </summary>
    public async Task WatchAsync(WorkQueue queue, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(BetweenLooks, parts.Clock);
        while (await NextTickAsync(timer, ended))
        {
            try
            {
                await WatchOnceAsync(queue, ended);
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (DatabaseContact.IsLoss(e))
            {
                // Said once an outage by whoever renews.
                parts.Contact.Lost();
            }
        }
    }

    /// <summary>What was claimed and not sent is anybody's again.</summary>
    public async Task GiveBackAsync(WorkQueue queue)
    {
        try
        {
            await queue.SettleAsync();
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // A claim that failed brought nothing.
            parts.Contact.Lost();
            SendingLog.NotRenewed(parts.Log, e);
        }

        foreach (var item in queue.Drain())
            await LeaveAsync(item);
    }

    private async Task WatchOnceAsync(WorkQueue queue, CancellationToken ended)
    {
        var held = Held();
        if (held.Length == 0)
            return;
        long[] issues = [.. held.Select(work => work.Batch.IssueId).Distinct()];
        var demand = await parts.Demand.LookAsync(issues, ended);
        foreach (var work in held.Where(work => demand.Stopped.Contains(work.Batch.IssueId) && work.LayDown()))
            await CloseAsync(work);
        foreach (var issue in issues.Where(demand.Stopped.Contains))
            await parts.Guard.StoppedAsync(issue);
        if (demand.Waiting > 0 && issues.Length < MostIssuesAtOnce)
            await queue.TakeOnAsync();
    }

    private async Task KeepOnceAsync()
    {
        var held = Held();
        if (held.Length == 0)
            return;
        var ours = await parts.Batches.RenewAsync([.. held.Select(work => work.Batch)], Lease, CancellationToken.None);
        foreach (var work in held)
        {
            if (ours.Contains((work.Batch.IssueId, work.Batch.BatchNo)))
                await ExcludeAsync(work);
            else
                work.Lose();
        }

        foreach (var issue in held.Select(work => work.Batch.IssueId).Distinct())
            await parts.Guard.CheckTroublesAsync(issue);
    }

    // First looked up, then given up here, and only then entered: meanwhile a lane may have begun one of them, and whether it has stands
    // in the journal only.
    private async Task ExcludeAsync(LeasedWork work)
    {
        var gone = await parts.Batches.FindGoneAsync(work.Batch, work.NotBegun(), CancellationToken.None);
        var excluded = work.Exclude(gone);
        if (excluded.Length == 0)
            return;
        await parts.Batches.ExcludeAsync(work.Batch, excluded, CancellationToken.None);
        work.Excluded(excluded);
    }

    private LeasedWork[] Held()
    {
        lock (_gate)
            return [.. _leases.Values];
    }

    private async Task CloseAsync(LeasedWork work)
    {
        lock (_gate)
            _leases.Remove((work.Batch.IssueId, work.Batch.BatchNo));
        if (!work.IsOurs)
            return;
        try
        {
            await parts.Recorder.PostAsync();
            if (work.IsIncomplete)
                await parts.Batches.GiveBackAsync(work.Batch, work.RelayFailed ? AfterFaults : TimeSpan.Zero, CancellationToken.None);
            else
                await parts.Batches.CompleteAsync(work.Batch, CancellationToken.None);
            await parts.Guard.ClosedAsync(work.Batch.IssueId);
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // The lease runs out by itself, and whoever takes it over finds every outcome, here or in the journal.
            parts.Contact.Lost();
            SendingLog.NotClosed(parts.Log, e, work.Batch.IssueId, work.Batch.BatchNo);
        }
    }

    private static async Task<bool> NextTickAsync(PeriodicTimer timer, CancellationToken ended)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
