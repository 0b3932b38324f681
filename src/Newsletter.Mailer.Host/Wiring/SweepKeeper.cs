using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Host.Jobs;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>
/// Sees to it that there is a sweep, whatever becomes of jobs: enters it anew every minute, because Hangfire's tables may have been
/// emptied, and starts one where a worker with a wrong clock has put the next far into the future.
/// </summary>
internal sealed partial class SweepKeeper(
    IRecurringJobManagerV2 recurring, IBackgroundJobClientV2 jobs, JobStorage storage, TimeProvider clock, ILogger<SweepKeeper> log)
    : BackgroundService
{
    private const string Sweep = "sweep";
    private static readonly TimeSpan BetweenEntries = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LatestSweep = TimeSpan.FromMinutes(2);

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

    private void Enter() => recurring.AddOrUpdate<SweepJob>(
        Sweep, JobQueues.Control, job => job.Run(CancellationToken.None), Cron.Minutely(), new RecurringJobOptions { TimeZone = TimeZoneInfo.Utc, MisfireHandling = MisfireHandlingMode.Relaxed });

    private void Keep()
    {
        Enter();
        using var connection = storage.GetConnection();
        var next = connection.GetRecurringJobs([Sweep]).Select(job => job.NextExecution).SingleOrDefault();
        if (next - clock.GetUtcNow().UtcDateTime > LatestSweep)
            jobs.Enqueue<SweepJob>(job => job.Run(CancellationToken.None));
    }

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
