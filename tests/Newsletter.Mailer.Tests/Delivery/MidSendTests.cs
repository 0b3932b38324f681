using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What people do while an issue is going out.</summary>
public sealed class MidSendTests : MailroomTest
{
    [Theory]
    [InlineData("update subscriptions set status = 'unsubscribed', unsubscribed_at = now() where subscriber_id in (select id from subscribers where address = any($1))", "unsubscribed")]
    [InlineData("insert into suppressions (address, reason) select upper(a), 'complaint' from unnest($1::text[]) a", "suppressed")]
    [InlineData("delete from subscribers where address = any($1)", "erased")]
    [InlineData("update subscriptions set paused_until = now() + interval '28 days' where subscriber_id in (select id from subscribers where address = any($1))", "paused")]
    [InlineData("update subscriptions set frequency = 'digest' where subscriber_id in (select id from subscribers where address = any($1))", "digest")]
    [Trait("Category", "Faults")]
    public async Task WhoeverLeavesWhileTheIssueGoesOutIsNotMailed(string leaving, string reason)
    {
        Room.Relay = Room.Relay with { MaxConnections = 1 };
        Room.Options.BatchSize = 100;
        Room.Scheduling.UseBatchesOf(100);
        var issue = await Room.FreezeIssueAsync(100);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(250)));
        var sending = Room.Worker.SendAsync();
        await Room.Inbox.Messages.WaitForAsync(3, Patience);

        string[] gone = ["reader98@example.net", "reader99@example.net", "reader100@example.net"];
        await Database.ExecuteAsync(leaving, [gone]);
        await UntilAsync(async () => (await Room.ReceiptAsync(issue)).Excluded.GetValueOrDefault(reason) == 3, "the three were left out");
        Assert.InRange(Room.Inbox.Messages.Count, 3, 50);
        Relay(script => script);
        await sending;

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 97L, 3L, true), (receipt.State, receipt.Accepted, receipt.Excluded[reason], receipt.Balanced));
        Assert.Equal(97L, Room.Inbox.Messages.Count);
        await KeptAsync("F19", issue, gone: gone);
    }

    [Fact]
    public async Task WhoeverLeftBeforeTheClaimIsLeftOutThere()
    {
        var issue = await Room.FreezeIssueAsync(10);
        await Database.ExecuteAsync("insert into suppressions (domain, reason) values ('EXAMPLE.NET', 'manual')");

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 10L, 0L), (receipt.State, receipt.Excluded["suppressed"], Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task WhoeverLeavesWhilePutOffIsLeftOutOfTheRetry()
    {
        var issue = await Room.FreezeIssueAsync(10);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader4@example.net").Reply(450, "4.2.1 Later"));
        await Room.Worker.SendAsync();
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed' where subscriber_id = (select id from subscribers where address = 'reader4@example.net')");

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 9L, 1L, 0L), (receipt.State, receipt.Accepted, receipt.Excluded["unsubscribed"], receipt.Deferred));
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task PausedItStopsWithTheMessagesInFlightAndResumedItGoesOn()
    {
        var (issue, sending) = await StartSlowlyAsync(200);

        Assert.Equal((IssueChange.Done, "paused"), await Room.Control.ChangeAsync(issue, "paused", default));
        var sent = Room.Inbox.Messages.Count;
        await sending;

        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", "Paused by hand."), (paused.State, paused.Reason));
        Assert.InRange(Room.Inbox.Messages.Count, sent, sent + 4);
        Assert.Equal((Room.Inbox.Messages.Count, 0L), (paused.Accepted, paused.Sending));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'"));
        Assert.Equal(SenderRun.NothingReady, await Room.Worker.SendAsync());
        Assert.Equal(paused.Accepted, Room.Inbox.Messages.Count);

        Assert.Equal((IssueChange.Done, "sending"), await Room.Control.ChangeAsync(issue, "sending", default));
        Relay(script => script);
        await Room.Worker.WorkAsync();
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 200L, 200L, null), (receipt.State, receipt.Accepted, Room.Inbox.Messages.DistinctRecipients, receipt.Reason));
        await KeptAsync("F19", issue);
        Assert.Equal(200L, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task CancelledItStopsWithTheMessagesInFlightAndItsReceiptBalances()
    {
        var (issue, sending) = await StartSlowlyAsync(200);

        Assert.Equal((IssueChange.Done, "cancelling"), await Room.Control.ChangeAsync(issue, "cancelled", default));
        var sent = Room.Inbox.Messages.Count;
        await sending;
        await Room.Worker.Sweep.RunAsync(default);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("cancelled", true), (receipt.State, receipt.Balanced));
        Assert.Equal((Room.Inbox.Messages.Count, 200 - receipt.Accepted), (receipt.Accepted, receipt.Cancelled));
        Assert.InRange(receipt.Accepted, sent, sent + 4);
        Assert.NotNull(receipt.FinishedAt);
    }

    [Fact]
    public async Task CancelledWhilePausedOrPutOffItIsOverAtOnce()
    {
        var issue = await Room.FreezeIssueAsync(20);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader4@example.net").Reply(450, "4.2.1 Later"));
        await Room.Worker.SendAsync();
        await Room.Control.ChangeAsync(issue, "paused", default);

        Assert.Equal((IssueChange.Done, "cancelled"), await Room.Control.ChangeAsync(issue, "cancelled", default));

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((19L, 1L, true), (receipt.Accepted, receipt.Cancelled, receipt.Balanced));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from retries"));
    }

    [Fact]
    public async Task CancelledAfterItsSenderWasKilledWhatWasInFlightIsUnknown()
    {
        var issue = await Room.FreezeIssueAsync(100);
        var batch = (await Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), true, TimeSpan.FromSeconds(1), default))!;
        var store = new LedgerStore(DataSource);
        await using (var session = await store.OpenAsync(default))
            await store.WriteAsync(
                session, new LedgerWrite(Guid.NewGuid(), 1, [], [new DeliveryKey(batch.PartKey, issue, 1, 1, 1), new DeliveryKey(batch.PartKey, issue, 2, 1, 1)]), again: false, default);

        Assert.Equal((IssueChange.Done, "cancelling"), await Room.Control.ChangeAsync(issue, "cancelled", default));
        await Room.Worker.Sweep.RunAsync(default);
        // The batch is under its owner's lease, for all anybody knows: the other one is cancelled.
        Assert.Equal(("cancelling", 50L, 50L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Pending, (await Room.ReceiptAsync(issue)).Cancelled));
        await Room.ExpireLeasesAsync();
        await Room.Worker.Sweep.RunAsync(default);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("cancelled", 2L, 98L, true), (receipt.State, receipt.Unknown, receipt.Cancelled, receipt.Balanced));
    }

    [Theory]
    [InlineData("finished", "paused")]
    [InlineData("finished", "sending")]
    [InlineData("finished", "cancelled")]
    [InlineData("cancelled", "sending")]
    [InlineData("cancelling", "sending")]
    [InlineData("cancelling", "paused")]
    [InlineData("freezing", "paused")]
    [InlineData("freezing", "cancelled")]
    public async Task WhatAStateForbidsIsToldWithTheState(string state, string wanted)
    {
        var issue = await Room.FreezeIssueAsync(1);
        await Database.ExecuteAsync("update issues set state = $1", state);

        Assert.Equal((IssueChange.WrongState, state), await Room.Control.ChangeAsync(issue, wanted, default));
    }

    [Fact]
    public async Task AskingForTheStateThereIsIsNoError()
    {
        var issue = await Room.FreezeIssueAsync(1);

        Assert.Equal((IssueChange.Done, "sending"), await Room.Control.ChangeAsync(issue, "sending", default));
        await Room.Control.ChangeAsync(issue, "paused", default);
        Assert.Equal((IssueChange.Done, "paused"), await Room.Control.ChangeAsync(issue, "paused", default));
        Assert.Equal((IssueChange.Done, "cancelled"), await Room.Control.ChangeAsync(issue, "cancelled", default));
        Assert.Equal((IssueChange.Done, "cancelled"), await Room.Control.ChangeAsync(issue, "cancelled", default));
        Assert.Equal((IssueChange.UnknownState, null), await Room.Control.ChangeAsync(issue, "finished", default));
        Assert.Equal((IssueChange.NoSuchIssue, null), await Room.Control.ChangeAsync(4711, "paused", default));
    }

    private async Task<(long Issue, Task Sending)> StartSlowlyAsync(int readers)
    {
        var issue = await Room.FreezeIssueAsync(readers);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(50)));
        var sending = Room.Worker.SendAsync();
        await Room.Inbox.Messages.WaitForAsync(10, Patience);
        return (issue, sending);
    }
}
