using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Feedback;

/// <summary>Pauses an issue of which too many readers complain while it is being sent (S9): providers would soon refuse all of it.</summary>
public sealed partial class ComplaintGuard(ReputationStore reputation, IssueStore issues, FeedbackOptions options, TimeProvider clock, ILogger<ComplaintGuard> log)
{
    // Counting what was accepted reads an issue's whole ledger.
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<long, long> _counted = new();
    private readonly ConcurrentDictionary<long, bool> _warned = new();

    /// <summary>Somebody complained of these.</summary>
    /// <returns>Those that have to be looked at again, because they were just now.</returns>
    public async Task<IReadOnlyCollection<long>> CheckAsync(IEnumerable<long> complained, CancellationToken stop)
    {
        var later = new List<long>();
        foreach (var issue in complained)
        {
            if (_counted.TryGetValue(issue, out var last) && clock.GetElapsedTime(last) < s_between)
                later.Add(issue);
            else if (!await CheckAsync(issue, stop))
                _counted.TryRemove(issue, out _);
        }

        return later;
    }

    /// <summary>False where it is not being sent any more.</summary>
    private async Task<bool> CheckAsync(long issue, CancellationToken stop)
    {
        _counted[issue] = clock.GetTimestamp();
        if (await reputation.CountComplaintsAsync(issue, stop) is not { } counted)
            return false;
        if (Reputation.Reaches(options.WarnShare, counted.Accepted, counted.Complaints) && _warned.TryAdd(issue, true))
            LogWarned(issue, counted.Complaints, counted.Accepted);
        if (!Reputation.Reaches(options.PauseShare, counted.Accepted, counted.Complaints, counted.Tolerated))
            return true;
        var reason = string.Create(CultureInfo.InvariantCulture,
            $"{counted.Complaints} of {counted.Accepted} readers complained that this issue is unwanted ({100.0 * counted.Complaints / counted.Accepted:0.00} %): from {100 * options.PauseShare:0.##} % on, providers refuse a sender's mail. Find out who these readers are and how they came to the list before resuming.");
        if (await issues.PauseAsync(issue, reason, stop))
            LogPaused(issue, reason);
        return true;
    }

    [LoggerMessage(2, LogLevel.Warning, "Issue {IssueId}: {Complaints} of {Accepted} readers complained that it is unwanted; providers ask for less than 0.1 %")]
    private partial void LogWarned(long issueId, long complaints, long accepted);

    [LoggerMessage(1, LogLevel.Warning, "Issue {IssueId} paused: {Reason}")]
    private partial void LogPaused(long issueId, string reason);
}
