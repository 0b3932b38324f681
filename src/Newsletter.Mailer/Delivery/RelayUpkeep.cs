using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Keeps a worker's relays in step with the database: connections and tokens are lent for seconds, counted messages entered, and relays
/// that were made, changed or deleted through the API taken up within a few seconds. One runs in each worker process.
/// </summary>
/// <remarks>
/// A worker that dies leaves its connections to others once its lease is over; one that loses the database opens no new connection after
/// that, and has no more tokens after two seconds.
/// </remarks>
public sealed partial class RelayUpkeep(
    RelayDirectory directory, PaceStore store, BulkRelays bulk, PersonalRelays personal, TimeProvider clock, ILogger<RelayUpkeep> log)
{
    // Renewed each round: a worker that dies has its connections for so long.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMilliseconds(20);

    // Nobody has asked for a connection for that long: others may have them.
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(5);

    private readonly Guid _worker = Guid.NewGuid();
    private readonly Pulse _wake = new();
    private readonly List<PaceQuestion> _questions = [];
    private long _roundAt = long.MinValue;
    private bool _lost;

    /// <summary>From here on the bulk pool sends only what it is lent; call it before the first message.</summary>
    public void Begin() => bulk.Pool.Share(_wake.Set);

    /// <summary>Runs until told to stop; then everything lent is given back.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (_roundAt == long.MinValue || clock.GetElapsedTime(_roundAt) >= Round || bulk.Pool.Lanes.Any(lane => WaitsForConnections(lane)))
                    await RoundAsync(stop);
                await LendAsync(stop);
                _lost = false;
                await _wake.WaitAsync(Round / 2, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (DatabaseContact.IsLoss(e))
            {
                if (!_lost)
                    LogLost(e);
                _lost = true;
                await PauseAsync(Round, stop);
            }

            await PauseAsync(BetweenRounds, stop);
        }

        await EndAsync();
    }

    // A lane with no connections lent yet that somebody has asked for: waiting a second for the first would be felt.
    private bool WaitsForConnections(RelayLane lane) =>
        lane.Slots.Limit == 0 && lane.Slots.WishedWithin(BetweenRounds * 5) && clock.GetElapsedTime(_roundAt) >= BetweenRounds * 5;

    private async Task RoundAsync(CancellationToken stop)
    {
        var asked = clock.GetTimestamp();
        _roundAt = asked;
        await CountAsync(stop);
        if (await directory.RefreshAsync(stop))
            await TakeUpAsync(stop);
        await LendConnectionsAsync(asked, stop);
        foreach (var lane in bulk.Pool.Lanes)
            await GiveDayBackAsync(lane, all: false, stop);
    }

    private async Task TakeUpAsync(CancellationToken stop)
    {
        var before = bulk.Pool.Lanes;
        await bulk.Pool.ApplyAsync(directory.Relays);
        await personal.Pool.ApplyAsync(directory.Relays);
        LogChanged(directory.Relays.Count);
        foreach (var lane in before.Except(bulk.Pool.Lanes))
            await GiveDayBackAsync(lane, all: true, stop);
    }

    private async Task LendConnectionsAsync(long asked, CancellationToken stop)
    {
        var lanes = bulk.Pool.Lanes;
        if (lanes.Count == 0)
            return;
        var wishes = lanes.Select(lane => new ConnectionWish(
            lane.Relay.Id,
            lane.Relay.MaxConnections,
            lane.Slots.Taken + lane.Idle.Count,
            lane.Slots.WishedWithin(IdleAfter) || lane.Slots.Taken > 0 ? lane.Relay.MaxConnections : 0,
            lane.Breaker.IsClosed ? null : lane.Breaker.Reason,
            lane.Breaker.OpenSince)).ToList();
        var lent = await store.LendConnectionsAsync(_worker, wishes, Lease, stop);
        foreach (var lane in lanes)
        {
            var limit = lent.GetValueOrDefault(lane.Relay.Id);
            lane.Slots.Lend(limit, asked, Lease);
            await lane.CloseIdleAsync(keep: Math.Max(0, limit - lane.Slots.Taken));
        }

        bulk.Pool.Changed();
    }

    private async Task LendAsync(CancellationToken stop)
    {
        _questions.Clear();
        foreach (var lane in bulk.Pool.Lanes)
            lane.Pace.CollectQuestions(_questions);
        if (_questions.Count > 0)
            Tell(await store.DrawAsync(_questions, stop));
        await ChargeDaysAsync(stop);
    }

    private void Tell(IReadOnlyList<PaceAnswer> answers)
    {
        foreach (var answer in answers)
        {
            var question = _questions.Find(question => question.RelayId == answer.RelayId && question.Group == answer.Group);
            if (question is not null && LaneOf(answer.RelayId) is { } lane)
                lane.Pace.Answer(question, answer);
        }

        bulk.Pool.Changed();
    }

    private async Task ChargeDaysAsync(CancellationToken stop)
    {
        var questions = bulk.Pool.Lanes.OrderBy(lane => lane.Relay.Id).Select(lane => lane.Pace.AskDay()).OfType<DayQuestion>().ToList();
        if (questions.Count == 0)
            return;
        foreach (var answer in await store.ChargeDayAsync(questions, stop))
            LaneOf(answer.RelayId)?.Pace.Answer(answer);
        bulk.Pool.Changed();
    }

    private async Task CountAsync(CancellationToken stop)
    {
        var counted = bulk.Pool.Lanes.Concat(personal.Pool.Lanes).Select(lane => (Lane: lane, Messages: lane.Uncounted)).Where(pair => pair.Messages > 0).ToList();
        if (counted.Count == 0)
            return;
        await store.CountDayAsync(
            counted.GroupBy(pair => pair.Lane.Relay.Id).OrderBy(relay => relay.Key).ToDictionary(relay => relay.Key, relay => relay.Sum(pair => pair.Messages)), stop);
        foreach (var (lane, messages) in counted)
            lane.Counted(messages);
    }

    private async Task GiveDayBackAsync(RelayLane lane, bool all, CancellationToken stop)
    {
        if (lane.Pace.TakeUnused(all) is var (day, messages))
            await store.GiveDayBackAsync(lane.Relay.Id, day, messages, stop);
    }

    private async Task EndAsync()
    {
        try
        {
            // What is in flight keeps its connection until its reply is there; for those that take longer than a lease, the lease runs out.
            for (var waited = TimeSpan.Zero; waited < Lease && bulk.Pool.Lanes.Any(lane => lane.Slots.Taken > 0); waited += BetweenRounds)
                await PauseAsync(BetweenRounds, CancellationToken.None);
            await CountAsync(CancellationToken.None);
            foreach (var lane in bulk.Pool.Lanes)
                await GiveDayBackAsync(lane, all: true, CancellationToken.None);
            await store.GiveConnectionsBackAsync(_worker, CancellationToken.None);
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            // The leases run out by themselves.
            LogLost(e);
        }
    }

    private RelayLane? LaneOf(int relay) => bulk.Pool.Lanes.FirstOrDefault(lane => lane.Relay.Id == relay);

    private Task PauseAsync(TimeSpan time, CancellationToken stop) =>
        Task.Delay(time, clock, stop).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    [LoggerMessage(1, LogLevel.Warning, "The relays' limits can't be kept in step with other workers now; nothing is sent beyond what was lent")]
    private partial void LogLost(Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Relays were changed; {Count} are enabled now")]
    private partial void LogChanged(int count);
}
