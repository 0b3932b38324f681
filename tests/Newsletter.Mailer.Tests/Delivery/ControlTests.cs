using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What a person says to an issue takes effect at once, whatever its sender is waiting for.</summary>
public sealed class ControlTests : MailroomTest
{
    [Fact]
    public async Task PausedWhileNoRelayAnswersItsBatchesAreGivenBackAndResumedItGoesOnAtOnce()
    {
        var issue = await Room.FreezeIssueAsync(200);
        var (stop, sending) = await SendWithoutARelayAsync();
        using var stopping = stop;

        await Room.Control.ChangeAsync(issue, "paused", default);

        await UntilAsync(NothingIsLeased, "the batches were given back");
        Assert.False(sending.IsCompleted);
        Assert.Equal(0, await Room.NewWorker().Demand.LookAsync(default));

        // The same sender takes them up again: nobody has to start another.
        Relay(script => script);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await sending.WaitAsync(Patience);
        Assert.Equal(("finished", 200L, 200L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted, Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task CancelledWhileNoRelayAnswersItIsCancelledOnceItsBatchesAreGivenBack()
    {
        var issue = await Room.FreezeIssueAsync(200);
        var (stop, sending) = await SendWithoutARelayAsync();
        using var stopping = stop;

        Assert.Equal((IssueChange.Done, "cancelling"), await Room.Control.ChangeAsync(issue, "cancelled", default));

        await UntilAsync(NothingIsLeased, "the batches were given back");
        await Room.Worker.Demand.LookAsync(default);
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("cancelled", 200L, true), (receipt.State, receipt.Cancelled, receipt.Balanced));
        await stop.CancelAsync();
        await sending;
    }

    [Fact]
    public async Task ABatchOfAPausedIssueIsKeptUntilTheMessageInFlightHasItsReply()
    {
        Room.Relay = Room.Relay with { MaxConnections = 1 };
        var issue = await Room.FreezeIssueAsync(40);
        Relay(script => script.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromSeconds(10)));
        var sending = Room.Worker.SendAsync();
        await UntilAsync(async () => (await Room.ReceiptAsync(issue)).Sending == 1, "a message in flight");

        await Room.Control.ChangeAsync(issue, "paused", default);
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        Assert.False(await NothingIsLeased());
        await sending.WaitAsync(Patience);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", 1L, 39L, 0L), (receipt.State, receipt.Accepted, receipt.Pending, receipt.Unknown));
        Assert.True(await NothingIsLeased());
        Assert.Equal(1L, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task AMessageInFlightKeepsACancelledIssueFromItsEndAndIsEntered()
    {
        Room.Relay = Room.Relay with { MaxConnections = 1 };
        var issue = await Room.FreezeIssueAsync(40);
        Relay(script => script.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromSeconds(10)));
        var sending = Room.Worker.SendAsync();
        await UntilAsync(async () => (await Room.ReceiptAsync(issue)).Sending == 1, "a message in flight");

        await Room.Control.ChangeAsync(issue, "cancelled", default);
        await Room.Worker.Demand.LookAsync(default);
        Assert.Equal(("cancelling", 1L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Sending));
        await sending.WaitAsync(Patience);
        await Room.Worker.Demand.LookAsync(default);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("cancelled", 1L, 39L, true), (receipt.State, receipt.Accepted, receipt.Cancelled, receipt.Balanced));
    }

    [Fact]
    public async Task AWorkerWantsTheSendersItHasRoomForWhileThereIsSomethingToSend()
    {
        var worker = Room.NewWorker(options => (options.Senders, options.LeaseSeconds) = (2, 1));
        Assert.Equal(0, await worker.Demand.LookAsync(default));

        var issue = await Room.FreezeIssueAsync(100);
        Assert.Equal(2, await worker.Demand.LookAsync(default));
        await Room.Control.ChangeAsync(issue, "paused", default);
        Assert.Equal(0, await worker.Demand.LookAsync(default));
        await Room.Control.ChangeAsync(issue, "sending", default);

        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(100)));
        using var stop = new CancellationTokenSource();
        var sending = worker.SendAsync(stop.Token);
        Assert.Equal((1, 1), (worker.Sender.Running, await worker.Demand.LookAsync(default)));
        await stop.CancelAsync();
        await sending;
        Assert.Equal(2, await worker.Demand.LookAsync(default));
    }

    [Fact]
    public async Task ASenderThatWaitsForItsLastReplyMakesRoomForTheNext()
    {
        await Room.FreezeIssueAsync(100);
        // The first reply comes late; the others too, or a fast machine had all of them before the first was seen to wait.
        Relay(script => script.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromSeconds(12)).At(FaultPoint.EndOfData).Delay(TimeSpan.FromSeconds(1)));
        var worker = Room.NewWorker();
        using var stop = new CancellationTokenSource();
        var closing = worker.SendAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(Room.Inbox.TimesFired("EndOfData") >= 1), "a message in flight");
        Assert.False(worker.Sender.HasRoom);

        await stop.CancelAsync();

        Assert.True(worker.Sender.HasRoom && !closing.IsCompleted);
        await closing.WaitAsync(Patience);
        Assert.Equal((0, true), (worker.Sender.Running, worker.Sender.HasRoom));
    }

    [Fact]
    public async Task WhileOneLastReplyIsWaitedForTheRestIsAnybodysAgain()
    {
        Room.Relay = Room.Relay with { MaxConnections = 4 };
        var issue = await Room.FreezeIssueAsync(200);
        Relay(script => script.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromSeconds(15)).At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(50)));
        var worker = Room.NewWorker(options => options.HandOverSeconds = 1);
        var closing = worker.SendAsync();
        await UntilAsync(() => Task.FromResult(worker.Sender.HasRoom), "its time is up");

        // One batch is kept for the message in flight; the other three can be claimed although that run has not ended.
        await UntilAsync(async () => await Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'") == 1, "the rest was given back");
        Assert.False(closing.IsCompleted);
        Relay(script => script);
        await Room.NewWorker().SendAsync();
        Assert.False(closing.IsCompleted);

        await closing.WaitAsync(Patience);
        await Room.Worker.WorkAsync();
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 200L, 200L), (receipt.State, receipt.Accepted, Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task ARunThatIsLeftWithOneLastReplyTakesOnNothingMore()
    {
        Room.Relay = Room.Relay with { MaxConnections = 4 };
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        Relay(script => script.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromSeconds(12)));
        var ending = Room.Worker.SendAsync();
        await UntilAsync(() => Task.FromResult(Room.Inbox.TimesFired("EndOfData") == 1 && Room.Worker.Sender.HasRoom), "only a last reply is waited for");

        var next = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        Assert.Equal("ready", await Database.ScalarAsync<string>("select state from batches where issue_id = $1", next));
        await Room.Worker.SendAsync();

        Assert.Equal("finished", (await Room.ReceiptAsync(next)).State);
        Assert.False(ending.IsCompleted);
        await ending.WaitAsync(Patience);
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task WhomOneWorkerSawRefusedWaitsTooWhenAnotherPausesTheIssue()
    {
        Room.Relay = Room.Relay with { MaxConnections = 2 };
        var issue = await Room.FreezeIssueAsync(100);
        Relay(script => script.At(FaultPoint.Rcpt).First(7).Reply(554, "5.7.1 Sender not verified").At(FaultPoint.EndOfData).Delay(TimeSpan.FromSeconds(2)));
        var sending = Room.Worker.SendAsync();
        await UntilAsync(async () => (await Room.ReceiptAsync(issue)).Rejected == 7, "some were refused");

        await Room.Control.ChangeAsync(issue, "paused", default);
        await sending.WaitAsync(Patience);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", 0L, 100L), (receipt.State, receipt.Rejected, receipt.Pending + receipt.Accepted));
        Relay(script => script);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.Worker.WorkAsync();
        await KeptAsync("F12", issue);
    }

    [Fact]
    public async Task WhatAKilledSenderHeldAsksForAnotherOnceItsLeaseHasRunOut()
    {
        await Room.FreezeIssueAsync(40);
        await Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), true, TimeSpan.FromSeconds(1), default);
        var worker = Room.NewWorker(options => options.LeaseSeconds = 1);
        Assert.Equal(0, await worker.Demand.LookAsync(default));

        await Room.ExpireLeasesAsync();
        await UntilAsync(async () => await worker.Demand.LookAsync(default) == 1, "a sender is wanted");

        // Shortly after the database's start owners renew first, and nobody is started to wait for that.
        Assert.False(await new DemandStore(DataSource).AnyReadyAsync(mayTakeOver: true, grace: TimeSpan.FromDays(1), default));
        Assert.False(await new DemandStore(DataSource).AnyReadyAsync(mayTakeOver: false, grace: TimeSpan.FromSeconds(1), default));
    }

    [Fact]
    public async Task ASmallIssueStartedBesideALargeOneDoesNotWaitForWhatWasClaimedOfIt()
    {
        Room.Options.BatchSize = 500;
        Room.Scheduling.UseBatchesOf(500);
        var large = await Room.FreezeIssueAsync(1000);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(200)));
        using var stop = new CancellationTokenSource();
        var sending = Room.Worker.SendAsync(stop.Token);
        await Room.Inbox.Messages.WaitForAsync(4, Patience);

        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        await Some.SubscribersAsync(Database, newsletter, 20);
        var small = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await UntilAsync(async () => (await Room.ReceiptAsync(small)).State == "finished", "the small issue finished");

        // One batch was claimed of the large issue, and most of it still waits.
        Assert.InRange((await Room.ReceiptAsync(large)).Accepted, 1, 400);
        await stop.CancelAsync();
        await sending;
    }

    private async Task<(CancellationTokenSource Stop, Task Sending)> SendWithoutARelayAsync()
    {
        Room.Options.PauseWithoutRelaySeconds = 3600;
        Relay(script => script.At(FaultPoint.Connect).ReplyAndClose(421, "4.3.2 Down for maintenance"));
        var stop = new CancellationTokenSource();
        var sending = Room.Worker.SendAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(Room.Inbox.TimesFired("Connect") >= 3), "tries to connect");
        Assert.False(await NothingIsLeased());
        return (stop, sending);
    }

    private async Task<bool> NothingIsLeased() => await Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'") == 0;
}
