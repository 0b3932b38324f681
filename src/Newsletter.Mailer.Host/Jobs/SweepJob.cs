using Hangfire;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Jobs;

/// <summary>Every minute: finds what is due and what a lost job missed.</summary>
[Queue(JobQueues.Control)]
[AutomaticRetry(Attempts = 0)]
public sealed class SweepJob(
    ScheduleStore schedule, FreezeStore freeze, DeliverySweep deliveries, OutboxStore outbox, ImportStore imports,
    EngagementStore engagement, BulkChangeStore changes, SignUpStore signUps, ReputationStore reputation, MailboxStore mailboxes, IJobStarter jobs)
{
    public async Task Run(CancellationToken stop)
    {
        // First what readers wait for: nothing that goes wrong with the rest may keep it back.
        if (await deliveries.RunAsync(stop))
            jobs.TopUpSenders();
        foreach (var edition in await schedule.AllDue(stop))
            jobs.Publish(edition);
        foreach (var issue in await freeze.AllFreezing(stop))
            jobs.Freeze(issue);
        foreach (var mail in await outbox.AllDue(stop))
            jobs.SendOutbox(mail);
        await imports.FailAbandonedAsync(stop);
        foreach (var import in await imports.FindUnfinishedAsync(stop))
            jobs.MergeImport(import);
        foreach (var issue in await engagement.FindDueAsync(stop))
            jobs.RollUpEngagement(issue);
        foreach (var change in await changes.FindUnfinishedAsync(stop))
            jobs.ChangeInBulk(change);
        await signUps.ForgetOldAsync(stop);
        await outbox.ForgetOldAsync(stop);
        await reputation.RollUpAsync(stop);
        await mailboxes.ForgetOldAsync(stop);
    }
}
