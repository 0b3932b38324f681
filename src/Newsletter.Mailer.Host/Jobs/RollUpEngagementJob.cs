using Hangfire;
using Newsletter.Mailer.Feedback;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Tells the audience whom an ended issue reached. Cut off, the sweep starts it again.</summary>
[Queue(JobQueues.Import)]
[AutomaticRetry(Attempts = 0)]
public sealed class RollUpEngagementJob(EngagementStore engagement)
{
    public Task Run(long issueId, CancellationToken stop) => engagement.RollUpAsync(issueId, stop);
}
