using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Host.Jobs;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>
/// Sees to it that there is a sweep, and digests are made, whatever becomes of jobs: enters both anew every minute, because Hangfire's tables may have
/// been emptied, and starts one where a worker with a wrong clock has put the next far into the future.
/// </summary>
internal sealed partial class SweepKeeper(
    IRecurringJobManagerV2 recurring, IBackgroundJobClientV2 jobs, JobStorage storage, TimeProvider clock, ILogger<SweepKeeper> log)
    : BackgroundService
{
    private const string Sweep = "sweep";
    private const string Digests = "digests";
    private static readonly TimeSpan BetweenEntries = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LatestSweep = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LatestDigests = TimeSpan.FromMinutes(20);

    /// <summary>The first sweep is right away: what a crash left waits no longer than it must.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        jobs.Enqueue<SweepJob>(job => job.Run(CancellationToken.None));
        // A worker that was killed may have left the entry's lock behind, for two minutes: that must not keep its successor from starting.
        Try(Enter);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(BetweenEntries, clock);
        while (await NextAsync(timer, stoppingToken))
            await Task.Run(() => Try(Keep), CancellationToken.None);
    }

    private void Try(Action entering)
    {
        try
        {
            entering();
        }
        catch (Exception e)
        {
            // Whatever it is, the database gone or one of Hangfire's many exceptions, the next try is a minute away.
            LogNotNow(e);
        }
    }

    // Digests are due at a full hour of each newsletter's zone, and some zones are a quarter of an hour apart.
    private void Enter()
    {
        var options = new RecurringJobOptions { TimeZone = TimeZoneInfo.Utc, MisfireHandling = MisfireHandlingMode.Relaxed };
        recurring.AddOrUpdate<SweepJob>(Sweep, JobQueues.Control, job => job.Run(CancellationToken.None), Cron.Minutely(), options);
        recurring.AddOrUpdate<MakeDigestsJob>(Digests, JobQueues.Control, job => job.Run(CancellationToken.None), "*/15 * * * *", options);
    }

    private void Keep()
    {
        Enter();
        using var connection = storage.GetConnection();
        if (IsFarOff(connection, Sweep, LatestSweep))
            jobs.Enqueue<SweepJob>(job => job.Run(CancellationToken.None));
        if (IsFarOff(connection, Digests, LatestDigests))
            jobs.Enqueue<MakeDigestsJob>(job => job.Run(CancellationToken.None));
    }

    private bool IsFarOff(IStorageConnection connection, string name, TimeSpan latest) =>
        connection.GetRecurringJobs([name]).Select(job => job.NextExecution).SingleOrDefault() - clock.GetUtcNow().UtcDateTime > latest;

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sweep can't be entered now; it is tried again in a minute")]
    private partial void LogNotNow(Exception exception);
}
