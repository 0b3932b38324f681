using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Watches what becomes of an issue's messages and stops it, with a reason a person understands, before harm is done:
/// a refused sender, rejections that are not the readers' fault, too many unknowns, no usable relay. Also sees it finished.
/// </summary>
public sealed partial class IssueGuard(IssueStore issues, BulkRelays relays, DeliveryOptions options, TimeProvider clock, ILogger<IssueGuard> log)
{
    private const int FewestUnknown = 20;
    private const int FewestRejected = 100;
    private const int MostWatched = 32;

    private readonly ConcurrentDictionary<long, IssueWatch> _watched = new();
    private long _lastStart;

    /// <summary>What the messages of an issue have in common, kept while it is being sent.</summary>
    internal async Task<SendingIssue> IssueAsync(long id, CancellationToken stop)
    {
        // Issues that another process finished would stay for ever.
        if (_watched.Count > MostWatched)
            _watched.Clear();
        var watch = _watched.GetOrAdd(id, _ => new IssueWatch());
        return watch.Issue ??= await issues.FindAsync(id, stop)
            ?? throw new InvalidOperationException($"Issue {id} has batches and no row.");
    }

    /// <summary>An attempt's outcome, before it is in the ledger.</summary>
    /// <param name="item">What was sent.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="relay">Over which relay.</param>
    /// <param name="begun">When, by the clock's timestamp.</param>
    internal async Task SeeAsync(WorkItem item, SendOutcome outcome, Relay relay, long begun)
    {
        var watch = _watched.GetOrAdd(item.Issue.Id, _ => new IssueWatch());
        switch (outcome)
        {
            case SendOutcome.Accepted:
                watch.Streaks.End(relay.Id, begun);
                break;
            case SendOutcome.SenderRefused refused:
                await PauseAsync(item.Issue.Id, $"{relay} refuses the sender {item.Work.Batch.Sender}: {refused.Reply}. No reader failed. Correct the sender or the relay, then resume.");
                break;
            case SendOutcome.Rejected { Failure.Kind: FailureKind.Sender } rejected:
                watch.Streaks.Add(relay.Id, item.Delivery.Seq, $"{rejected.Reply.Code} {rejected.Reply.EnhancedStatus}", clock.GetTimestamp());
                break;
            case SendOutcome.Rejected or SendOutcome.Unknown:
                watch.CountNext = true;
                break;
        }
    }

    /// <summary>This process can't sign the issue's links.</summary>
    internal Task KeyMissingAsync(long issueId, string problem) =>
        PauseAsync(issueId, $"{problem} No reader failed. Give every process the same Links:Keys, then resume.");

    /// <summary>The outcome is in the ledger.</summary>
    internal async Task EnteredAsync(WorkItem item, LedgerEntry entry)
    {
        if (entry is not { Status: "rejected", Reply: { } reply } || !_watched.TryGetValue(item.Issue.Id, out var watch))
            return;
        watch.CountNext = true;
        if (item.Work.IsLaidDown)
            await StoppedAsync(item.Issue.Id);
        var refused = watch.Streaks.Full(entry.RelayId, options.RefusalsInARow);
        if (refused.Count > 0)
            await PutBackAsync(item.Issue.Id, watch, refused,
                $"{options.RefusalsInARow} readers in a row were refused for the sender's sake: {SmtpText.Kept(reply.ToString())}. None of them failed; they are waiting. Correct what the relay complains about, then resume.");
    }

    /// <summary>The issue may have been paused elsewhere: whom this process was just seeing refused for the sender's sake waits with the others.</summary>
    internal Task StoppedAsync(long issueId) =>
        _watched.TryGetValue(issueId, out var watch) && watch.Streaks.All() is { Count: > 0 } refused
            ? PutBackAsync(issueId, watch, refused, reason: null)
            : Task.CompletedTask;

    private async Task PutBackAsync(long issueId, IssueWatch watch, IReadOnlyList<int> refused, string? reason)
    {
        try
        {
            var (paused, back) = await issues.PauseAndPutBackAsync(issueId, reason, refused, CancellationToken.None);
            watch.Streaks.Forget(back);
            if (paused)
                LogPaused(issueId, reason!);
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // The streak stays as it is: the next refusal, or the next look, tries again.
            LogNotChecked(e, issueId);
        }
    }

    /// <summary>A batch was closed: perhaps the last.</summary>
    internal async Task ClosedAsync(long issueId)
    {
        try
        {
            await CheckTroublesAsync(issueId);
            if (await issues.TryFinishAsync(issueId, CancellationToken.None))
            {
                _watched.TryRemove(issueId, out _);
                LogFinished(issueId);
            }
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // The sweep looks again.
            LogNotChecked(e, issueId);
        }
    }

    /// <summary>Tries every relay anew where an issue was started or resumed; pauses everything that is sending where no relay has been usable for long enough.</summary>
    public async Task CheckRelaysAsync(CancellationToken stop)
    {
        // Whoever starts or resumes an issue says that it works: every worker tries that, and holds no outage of before against it.
        if (await issues.LastStart(stop) is { } start && start.UtcTicks > Volatile.Read(ref _lastStart))
        {
            Volatile.Write(ref _lastStart, start.UtcTicks);
            relays.Pool.Rearm();
        }

        if (relays.Pool.Outage(TimeSpan.FromSeconds(options.PauseWithoutRelaySeconds)) is not { } reason)
            return;
        foreach (var id in await issues.PauseAllAsync($"{reason} Resume once it works.", stop))
            LogPaused(id, reason);
    }

    /// <summary>Pauses an issue of which too much is unknown or rejected.</summary>
    internal async Task CheckTroublesAsync(long issueId)
    {
        if (!_watched.TryGetValue(issueId, out var watch) || !watch.TakeCount(clock, TimeSpan.FromSeconds(options.RenewSeconds)))
            return;
        var troubles = await issues.CountTroublesAsync(issueId, CancellationToken.None);
        watch.Counted(clock);
        if (troubles is null)
            return;

        var (unknown, rejected) = (troubles.Unknown, troubles.Rejected);
        var fresh = unknown + rejected - troubles.Tolerated;
        if (unknown >= FewestUnknown && fresh >= FewestUnknown && unknown > troubles.Audience * options.UnknownShare)
            await PauseAsync(issueId, $"{unknown} of {troubles.Audience} deliveries are unknown: the relay took the message and the connection was lost before it answered. Look at the relay, then resume.");
        else if (rejected >= FewestRejected && fresh >= FewestRejected && rejected > troubles.Attempted * options.RejectedShare)
            await PauseAsync(issueId, $"{rejected} of {troubles.Attempted} deliveries were rejected, most with '{await issues.CommonRejection(issueId, CancellationToken.None)}'. Check the list and the sender before resuming.");
    }

    private async Task PauseAsync(long issueId, string reason)
    {
        try
        {
            if (await issues.PauseAsync(issueId, SmtpText.Storable(reason), CancellationToken.None))
                LogPaused(issueId, reason);
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // An outcome waits to be entered, and nothing may keep it from that; the trouble will show itself again.
            LogNotChecked(e, issueId);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Issue {IssueId} paused: {Reason}")]
    private partial void LogPaused(long issueId, string reason);

    [LoggerMessage(2, LogLevel.Information, "Issue {IssueId} finished: its receipt balances")]
    private partial void LogFinished(long issueId);

    [LoggerMessage(3, LogLevel.Warning, "Issue {IssueId} can't be checked now")]
    private partial void LogNotChecked(Exception exception, long issueId);
}
