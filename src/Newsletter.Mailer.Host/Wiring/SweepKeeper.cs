using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Jobs;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>
/// Sees to it that there is a sweep and that there are senders, whatever becomes of jobs. Looks every few seconds whether something is
/// ready that nobody sends: a killed worker's lease that ran out, an issue that goes on. Every minute it enters the sweep anew, because
/// Hangfire's tables may have been emptied, and starts one where a worker with a wrong clock has put the next far into the future.
/// </summary>
internal sealed partial class SweepKeeper(
    IRecurringJobManagerV2 recurring, IBackgroundJobClientV2 jobs, IJobStarter starter, JobStorage storage, BatchStore batches, TimeProvider clock, ILogger<SweepKeeper> log)
    : BackgroundService
{
    private const string Sweep = "sweep";
    private const int LooksBetweenEntries = 12;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LatestSweep = TimeSpan.FromMinutes(2);

    /// <summary>The first sweep is right away: what a crash left waits no longer than it must.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Enter();
        jobs.Enqueue<SweepJob>(job => job.Run(CancellationToken.None));
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(BetweenLooks, clock);
        for (var look = 1; await NextAsync(timer, stoppingToken); look++)
        {
            try
            {
                if (look % LooksBetweenEntries == 0)
                    await Task.Run(Keep, stoppingToken);
                if (await batches.AnyReadyAsync(stoppingToken))
                    await Task.Run(starter.TopUpSenders, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is, the database gone or one of Hangfire's many exceptions, the next look is a few seconds away.
                LogNotNow(e);
            }
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Can't look for senders to start now; looked again in a few seconds")]
    private partial void LogNotNow(Exception exception);
}
