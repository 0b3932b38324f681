using Hangfire;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Goes on with a freeze that was cut off, then has the issue sent.</summary>
[Queue(JobQueues.Control)]
[AutomaticRetry(Attempts = 0)]
public sealed class FreezeIssueJob(IssuePublisher publisher, IJobStarter jobs)
{
    public async Task Run(long issueId, CancellationToken stop)
    {
        await publisher.FreezeAsync(issueId, stop);
        jobs.TopUpSenders();
    }
}
