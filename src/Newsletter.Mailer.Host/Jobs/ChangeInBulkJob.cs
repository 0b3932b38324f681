using Hangfire;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Changes many readers. Cut off, it goes on where it was when the sweep starts it again.</summary>
[Queue(JobQueues.Import)]
[AutomaticRetry(Attempts = 0)]
public sealed class ChangeInBulkJob(BulkChangeStore changes)
{
    public Task Run(long changeId, CancellationToken stop) => changes.RunAsync(changeId, stop);
}
