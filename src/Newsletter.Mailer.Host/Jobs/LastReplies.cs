using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Before a worker ends: the replies that senders still wait for after their job was over, for as long as the host gives them.</summary>
internal sealed partial class LastReplies(BatchSender sender, ILogger<LastReplies> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await sender.EndAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogGivenUp();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The relay has not answered every message in flight, and there is no more time to wait; they are unknown, and settled by their issue's policy")]
    private partial void LogGivenUp();
}
