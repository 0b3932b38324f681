using Hangfire;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Makes subscribers of a file that was received. Cut off, it goes on where it was when the sweep starts it again.</summary>
[Queue(JobQueues.Import)]
[AutomaticRetry(Attempts = 0)]
public sealed class MergeImportJob(SubscriberImport import)
{
    public Task Run(long importId, CancellationToken stop) => import.MergeAsync(importId, progress: null, stop);
}
