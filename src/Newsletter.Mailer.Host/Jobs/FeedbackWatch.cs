using Newsletter.Mailer.Feedback;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>In every worker, every second: does what follows from what came back, and stops an issue that too many complain of.</summary>
internal sealed partial class FeedbackWatch(ConsequenceStore consequences, ComplaintGuard guard, TimeProvider clock, ILogger<FeedbackWatch> log) : BackgroundService
{
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var complained = new HashSet<long>();
        var wasWell = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            wasWell = await LookAsync(complained, wasWell, stoppingToken);
            await Task.Delay(s_betweenLooks, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Whatever goes wrong is tried again a second later, and said once: what came back waits in its rows.
    private async Task<bool> LookAsync(HashSet<long> complained, bool wasWell, CancellationToken stop)
    {
        try
        {
            complained.UnionWith(await consequences.SettleAsync(stop));
            complained.IntersectWith(await guard.CheckAsync(complained, stop));
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (wasWell)
                LogNotSettled(e);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "What follows from bounces and complaints can't be done now; trying again every second")]
    private partial void LogNotSettled(Exception exception);
}
