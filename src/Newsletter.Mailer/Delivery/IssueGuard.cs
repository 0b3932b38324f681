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

    // Counting reads an issue's whole ledger: of ten million rows it may take seconds, and then it is done less often.
    private const int ShareOfTime = 20;

    private readonly ConcurrentDictionary<long, Watch> _watched = new();
    private volatile bool _rearmAtTheEnd;

    /// <summary>What the messages of an issue have in common, kept while it is being sent.</summary>
    internal async Task<SendingIssue> IssueAsync(long id, CancellationToken stop)
    {
        // Issues that another process finished would stay for ever.
        if (_watched.Count > MostWatched)
            _watched.Clear();
        var watch = _watched.GetOrAdd(id, _ => new Watch());
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
        var watch = _watched.GetOrAdd(item.Issue.Id, _ => new Watch());
        switch (outcome)
        {
            case SendOutcome.Accepted:
                watch.EndStreak(begun);
                break;
            case SendOutcome.SenderRefused refused:
                await PauseAsync(item.Issue.Id, $"{relay} refuses the sender {item.Work.Batch.Sender}: {refused.Reply}. No reader failed. Correct the sender or the relay, then resume.");
                break;
            case SendOutcome.Rejected { Verdict: RejectionVerdict.Policy or RejectionVerdict.Sender } rejected:
                watch.Streak(item.Delivery.Seq, $"{rejected.Verdict} {rejected.Reply.Code} {rejected.Reply.EnhancedStatus}", clock.GetTimestamp());
                break;
            case SendOutcome.Rejected or SendOutcome.Unknown:
                watch.CountNext = true;
                break;
        }
    }

    /// <summary>The outcome is in the ledger.</summary>
    internal async Task EnteredAsync(WorkItem item, LedgerEntry entry)
    {
        if (entry is not { Status: "rejected", Reply: { } reply } || !_watched.TryGetValue(item.Issue.Id, out var watch))
            return;
        watch.CountNext = true;
        var refused = watch.FullStreak(options.RefusalsInARow);
        if (refused.Count == 0)
            return;
        var reason = $"{options.RefusalsInARow} readers in a row were refused for the sender's sake: {SmtpText.Kept(reply.ToString())}. None of them failed; they are waiting. Correct what the relay complains about, then resume.";
        try
        {
            var (paused, back) = await issues.PauseAndPutBackAsync(item.Issue.Id, reason, refused, CancellationToken.None);
            watch.Forget(back);
            if (paused)
                LogPaused(item.Issue.Id, reason);
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // The streak stays full: the next refusal tries again.
            LogNotChecked(e, item.Issue.Id);
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

    /// <summary>Pauses everything that is sending where no relay has been usable for long enough.</summary>
    public async Task CheckRelaysAsync(CancellationToken stop)
    {
        if (relays.Pool.Outage(TimeSpan.FromSeconds(options.PauseWithoutRelaySeconds)) is not { } reason)
            return;
        foreach (var id in await issues.PauseAllAsync($"{reason} Resume once it works.", stop))
            LogPaused(id, reason);
        // Whoever resumes says that it works: that must be tried, not held against an outage of before.
        relays.Pool.Rearm();
        _rearmAtTheEnd = true;
    }

    /// <summary>No sender is left in this process: what its connections still met after such a pause isn't held against whoever resumes either.</summary>
    internal void SendersEnded()
    {
        if (!_rearmAtTheEnd)
            return;
        _rearmAtTheEnd = false;
        relays.Pool.Rearm();
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

    private sealed class Watch
    {
        private readonly Lock _gate = new();
        private readonly List<int> _streak = [];
        private string? _streakOf;
        private bool _streakFull;
        private long _streakBegan;
        private long _countedAt = long.MinValue;
        private TimeSpan _countTook;

        public SendingIssue? Issue { get; set; }

        public bool CountNext { get; set; }

        public void Streak(int seq, string kind, long now)
        {
            lock (_gate)
            {
                if (_streakOf != kind)
                {
                    Reset(kind);
                    _streakBegan = now;
                }

                _streak.Add(seq);
            }
        }

        /// <summary>Something was accepted. What was under way before the first refusal says nothing of what came after.</summary>
        public void EndStreak(long begun)
        {
            if (_streakOf is null)
                return;
            lock (_gate)
            {
                if (begun > _streakBegan)
                    Reset(null);
            }
        }

        /// <summary>The refused, once there are enough in a row; then also those that were in flight meanwhile.</summary>
        public IReadOnlyList<int> FullStreak(int enough)
        {
            lock (_gate)
            {
                _streakFull |= _streak.Count >= enough;
                return _streakFull ? [.. _streak] : [];
            }
        }

        /// <summary>They have been put back; the streak itself goes on until something is accepted.</summary>
        public void Forget(IReadOnlyCollection<int> seqs)
        {
            lock (_gate)
                _streak.RemoveAll(seqs.Contains);
        }

        public bool TakeCount(TimeProvider clock, TimeSpan between)
        {
            lock (_gate)
            {
                if (!CountNext || (_countedAt != long.MinValue && clock.GetElapsedTime(_countedAt) < Longer(between, _countTook * ShareOfTime)))
                    return false;
                (CountNext, _countedAt) = (false, clock.GetTimestamp());
                return true;
            }
        }

        public void Counted(TimeProvider clock)
        {
            lock (_gate)
                _countTook = clock.GetElapsedTime(_countedAt);
        }

        private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

        private void Reset(string? kind)
        {
            _streak.Clear();
            (_streakOf, _streakFull) = (kind, false);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Issue {IssueId} paused: {Reason}")]
    private partial void LogPaused(long issueId, string reason);

    [LoggerMessage(2, LogLevel.Information, "Issue {IssueId} finished: its receipt balances")]
    private partial void LogFinished(long issueId);

    [LoggerMessage(3, LogLevel.Warning, "Issue {IssueId} can't be checked now")]
    private partial void LogNotChecked(Exception exception, long issueId);
}
