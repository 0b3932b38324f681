using Hangfire;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Makes the digests whose month has ended, and has them published. Cut off, the next run goes on, and the sweep publishes what was made.</summary>
[Queue(JobQueues.Control)]
[AutomaticRetry(Attempts = 3, DelaysInSeconds = [5, 30, 60])]
public sealed class MakeDigestsJob(DigestDesk digests, IJobStarter jobs)
{
    public async Task Run(CancellationToken stop)
    {
        foreach (var edition in await digests.MakeDueAsync(stop))
            jobs.Publish(edition);
    }
}
