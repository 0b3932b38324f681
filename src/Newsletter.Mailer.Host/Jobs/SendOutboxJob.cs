using Hangfire;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Sends one mail to one person.</summary>
[Queue(JobQueues.Transactional)]
[AutomaticRetry(Attempts = 0)]
public sealed class SendOutboxJob(OutboxSender sender, IJobStarter jobs)
{
    public async Task Run(long outboxId, CancellationToken stop)
    {
        if (await sender.SendAsync(outboxId, stop) is { } wait)
            jobs.SendOutbox(outboxId, wait);
    }
}
