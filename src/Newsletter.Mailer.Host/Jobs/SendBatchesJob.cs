using Hangfire;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Sends whatever is ready for at most a minute, then hands over to a fresh job.</summary>
[Queue(JobQueues.Send)]
[AutomaticRetry(Attempts = 0)]
public sealed class SendBatchesJob(BatchSender sender, IJobStarter jobs, IHostApplicationLifetime lifetime)
{
    public async Task Run(CancellationToken stop)
    {
        // One of too many, after a worker was killed or a hand-over took long: where there is room, another is started within a second.
        if (!sender.HasRoom)
            return;
        // Hangfire's token ends with this job, and the run may not: the host's falls in time to give leases back.
        stop.ThrowIfCancellationRequested();
        if (await sender.RunAndLeaveAsync(lifetime.ApplicationStopping) == SenderRun.HandOver && !lifetime.ApplicationStopping.IsCancellationRequested)
            jobs.ReplaceSender();
    }
}
