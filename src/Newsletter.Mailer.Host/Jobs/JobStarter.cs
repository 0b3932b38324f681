using Hangfire;
using Hangfire.States;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Starts jobs after their rows are committed. A job that is lost here, or started twice, costs time and nothing else: the sweep looks at the rows.</summary>
public interface IJobStarter
{
    void Publish(long editionId);

    /// <summary>At its time; should that change, the job finds nothing due and the sweep finds the edition.</summary>
    void PublishAt(long editionId, DateTimeOffset at);

    void Freeze(long issueId);

    void MergeImport(long importId);

    void RollUpEngagement(long issueId);

    void ChangeInBulk(long changeId);

    void SendOutbox(long outboxId, TimeSpan delay = default);

    /// <summary>Starts as many senders as one worker has room for, unless so many wait to be started: who finds nothing ends at once.</summary>
    void TopUpSenders();

    /// <summary>Starts so many senders, less those that wait to be started.</summary>
    void StartSenders(int missing);

    /// <summary>Starts one sender in the place of one whose time is up, however many wait to be started.</summary>
    void ReplaceSender();
}

/// <summary>Starts jobs through Hangfire.</summary>
internal sealed class JobStarter(IBackgroundJobClientV2 jobs, JobStorage storage, IOptions<DeliveryOptions> delivery) : IJobStarter
{
    public void Publish(long editionId) => jobs.Enqueue<PublishEditionJob>(job => job.Run(editionId, CancellationToken.None));

    public void PublishAt(long editionId, DateTimeOffset at) => jobs.Schedule<PublishEditionJob>(job => job.Run(editionId, CancellationToken.None), at);

    public void MergeImport(long importId) => jobs.Enqueue<MergeImportJob>(job => job.Run(importId, CancellationToken.None));

    public void RollUpEngagement(long issueId) => jobs.Enqueue<RollUpEngagementJob>(job => job.Run(issueId, CancellationToken.None));

    public void ChangeInBulk(long changeId) => jobs.Enqueue<ChangeInBulkJob>(job => job.Run(changeId, CancellationToken.None));

    public void Freeze(long issueId) => jobs.Enqueue<FreezeIssueJob>(job => job.Run(issueId, CancellationToken.None));

    public void SendOutbox(long outboxId, TimeSpan delay = default)
    {
        if (delay == default)
            jobs.Enqueue<SendOutboxJob>(job => job.Run(outboxId, CancellationToken.None));
        else
            jobs.Schedule<SendOutboxJob>(job => job.Run(outboxId, CancellationToken.None), delay);
    }

    public void TopUpSenders() => StartSenders(delivery.Value.Senders);

    // Only what nobody has fetched counts: what a killed worker had fetched stays "fetched" for minutes.
    public void StartSenders(int missing)
    {
        for (var left = missing - storage.GetMonitoringApi().EnqueuedCount(JobQueues.Send); left > 0; left--)
            ReplaceSender();
    }

    public void ReplaceSender() => jobs.Create<SendBatchesJob>(job => job.Run(CancellationToken.None), new EnqueuedState(JobQueues.Send));
}
