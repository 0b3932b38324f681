using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Sees before the first job, and every half minute after, that this is the database that was worked on, and leaves a sign of life in it.</summary>
internal sealed partial class InstanceWatch(InstanceStore instance, TimeProvider clock, ILogger<InstanceWatch> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(30);

    /// <summary>The first look, before anything could be sent.</summary>
    public async Task OpenAsync(CancellationToken stop)
    {
        if ((await instance.LookAsync(stop)).HeldReason is { } reason)
            LogHeld(reason);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Between, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await LookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        try
        {
            if (await instance.LookAsync(stop) is { IsNew: true, HeldReason: { } reason })
                LogHeld(reason);
        }
        catch (Exception e) when (DatabaseContact.IsLoss(e))
        {
            LogNotSeen(e);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Reason}")]
    private partial void LogHeld(string reason);

    [LoggerMessage(2, LogLevel.Warning, "The database can't be looked at now; the next look is in half a minute")]
    private partial void LogNotSeen(Exception exception);
}
