using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>In every worker, every second: starts the senders it has room for, so that a resume, a publish or the end of another worker needs no telling.</summary>
internal sealed partial class SenderWatch(SenderDemand demand, IJobStarter jobs, TimeProvider clock, ILogger<SenderWatch> log) : BackgroundService
{
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_betweenLooks, clock);
        var wasWell = true;
        while (await NextAsync(timer, stoppingToken))
            wasWell = await LookAsync(wasWell, stoppingToken);
    }

    // Whatever goes wrong in one look is over at the next or is said by those who send: said once, and looked again.
    private async Task<bool> LookAsync(bool wasWell, CancellationToken stop)
    {
        try
        {
            if (await demand.LookAsync(stop) is > 0 and var missing)
                jobs.StartSenders(missing);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (wasWell)
                LogNotLooked(e);
            return false;
        }
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

    [LoggerMessage(1, LogLevel.Warning, "It can't be seen now whether there is something to send; looking again every second")]
    private partial void LogNotLooked(Exception exception);
}
