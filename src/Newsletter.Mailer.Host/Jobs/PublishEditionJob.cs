using Hangfire;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Freezes an edition whose time has come, then has it sent.</summary>
[Queue(JobQueues.Control)]
[AutomaticRetry(Attempts = 3, DelaysInSeconds = [5, 30, 60])]
public sealed class PublishEditionJob(IssuePublisher publisher, IJobStarter jobs)
{
    public async Task Run(long editionId, CancellationToken stop)
    {
        if (await publisher.PublishAsync(editionId, stop) == Publishing.Frozen)
            jobs.TopUpSenders();
    }
}
