using Hangfire;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Jobs;

/// <summary>Workers find by themselves what is to be sent: no job has to tell them, and no job that was lost holds an issue up.</summary>
public sealed class SenderWatchTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AnIssueThatNobodyWasToldOfIsSentPausedResumedAndCancelled()
    {
        await using var inbox = new InboxServer(new InboxOptions());
        await inbox.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true, Workers.Settings(inbox));
        // Only the watch is left: no sweep comes to its help.
        RecurringJob(server).RemoveIfExists("sweep");
        var newsletter = await Some.NewsletterAsync(server.Database);
        await Some.SubscribersAsync(server.Database, newsletter, 400);
        inbox.Play(FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(20)));

        var issue = await FreezeAsync(server, newsletter);
        await inbox.Messages.WaitForAsync(5, s_patience);
        await SetAsync(server, issue, "paused");
        await UntilAsync(server, issue, "a pause that nothing moves under", receipt => receipt.State == "paused" && receipt.Sending == 0);
        await SetAsync(server, issue, "sending");
        await UntilAsync(server, issue, "the end", receipt => receipt.State == "finished");
        Assert.Equal((400L, 400L), (inbox.Messages.Count, inbox.Messages.DistinctRecipients));

        var second = await FreezeAsync(server, newsletter);
        await inbox.Messages.WaitForAsync(405, s_patience);
        await SetAsync(server, second, "cancelled");
        await UntilAsync(server, second, "the end", receipt => receipt is { State: "cancelled", Balanced: true });
    }

    [Fact]
    public async Task JobsThatAKilledWorkerHadFetchedKeepNobodyFromStarting()
    {
        await using var inbox = new InboxServer(new InboxOptions());
        await inbox.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true, Workers.Settings(inbox));
        RecurringJob(server).RemoveIfExists("sweep");
        // As a dead process leaves them: fetched a moment ago, and whoever fetched them will never come back.
        await server.Database.ExecuteAsync("insert into hangfire.jobqueue (jobid, queue, fetchedat) select n, 'm-send', now() from generate_series(900001, 900008) n");
        var newsletter = await Some.NewsletterAsync(server.Database);
        await Some.SubscribersAsync(server.Database, newsletter, 20);

        var issue = await FreezeAsync(server, newsletter);

        await UntilAsync(server, issue, "the end", receipt => receipt.State == "finished");
        Assert.Equal(20L, inbox.Messages.Count);
    }

    private static IRecurringJobManager RecurringJob(ServerUnderTest server) => server.Services.GetRequiredService<IRecurringJobManager>();

    private static async Task<long> FreezeAsync(ServerUnderTest server, Audience.NewsletterProfile newsletter)
    {
        var edition = await Some.EditionAsync(server.Database, newsletter);
        await Some.DueAsync(server.Database, edition);
        Assert.Equal(Publishing.Frozen, await server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default));
        return await server.Database.ScalarAsync<long>("select id from issues where edition_id = $1", edition.Id);
    }

    // As any other process would, without a job.
    private static Task SetAsync(ServerUnderTest server, long issue, string state) =>
        server.Services.GetRequiredService<Delivery.IssueControl>().ChangeAsync(issue, state, default);

    private static Task UntilAsync(ServerUnderTest server, long issue, string what, Func<Reports.Receipt, bool> isSo) =>
        Workers.UntilAsync(async () => isSo((await server.Services.GetRequiredService<Reports.ReceiptStore>().FindAsync(issue, default))!), what, s_patience);
}
