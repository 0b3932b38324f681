using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>Leases, fences, and what becomes of a batch whose sender was killed.</summary>
public sealed class TakeoverTests : MailroomTest
{
    private static readonly SmtpReply Ok = new(250, "2.0.0", "Ok");

    // Short, and so is the time that an expired lease is left alone.
    private MailWorker Successor => Room.NewWorker(options => options.LeaseSeconds = 1);

    [Fact]
    public async Task WhatAKilledSenderHadInFlightIsSentOnceMore()
    {
        var issue = await Room.FreezeIssueAsync(60);
        await DieAsync(inFlight: 4);

        await WorkUntilFinishedAsync(issue);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 60L, 4L), (receipt.State, receipt.Accepted, receipt.Resent));
        Assert.Equal((60L, 60L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
        Assert.Equal(2L, await Database.ScalarAsync<long>("select max(fence) from batches"));
    }

    // What its relay took last stands in the journal alone when a sender dies.
    [Fact]
    public async Task WhatAKilledSenderHadAcceptedIsNotSentAgain()
    {
        var issue = await Room.FreezeIssueAsync(60);
        ClaimedBatch? batch = null;
        await UntilAsync(async () => (batch = await ClaimAsync()) is not null, "a claim");
        var store = new LedgerStore(DataSource);
        await using (var session = await store.OpenAsync(default))
        {
            var writer = Guid.NewGuid();
            await store.WriteAsync(session, new LedgerWrite(writer, 1, [], [Key(batch!, 1), Key(batch!, 2), Key(batch!, 3)]), again: false, default);
            await store.WriteAsync(
                session,
                new LedgerWrite(writer, 2, [Outcome(batch!, 1, "accepted") with { QueueId = "4F2A", RelayId = 1 }, Outcome(batch!, 2, "rejected")], [Key(batch!, 4)]),
                again: false, default);
        }

        await Room.ExpireLeasesAsync();

        await WorkUntilFinishedAsync(issue);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 59L, 1L, 2L), (receipt.State, receipt.Accepted, receipt.Rejected, receipt.Resent));
        Assert.Equal(58L, Room.Inbox.Messages.Count);
        Assert.Equal("4F2A 1 250 1", await Database.ScalarAsync<string>("select queue_id || ' ' || relay_id || ' ' || smtp_code || ' ' || attempts from deliveries where seq = 1"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from ledger_journal"));
    }

    [Fact]
    public async Task WhoIsHeldInTheMiddleOfPostingHoldsTheBatchUpForSecondsOnly()
    {
        await Room.FreezeIssueAsync(3);
        var batch = (await ClaimAsync())!;
        await using (var session = await new LedgerStore(DataSource).OpenAsync(default))
            await new LedgerStore(DataSource).WriteAsync(session, new LedgerWrite(Guid.NewGuid(), 1, [], [Key(batch, 1)]), again: false, default);
        await using var held = await LedgerStore.OpenPlannedAsync(DataSource, default);
        await using var posting = await held.BeginTransactionAsync();
        await using (var taking = new Npgsql.NpgsqlCommand("delete from ledger_journal", held))
            Assert.Equal(1, await taking.ExecuteNonQueryAsync());

        await Room.ExpireLeasesAsync();
        ClaimedBatch? taken = null;
        await UntilAsync(async () => (taken = await ClaimAsync()) is not null, "a take-over");

        Assert.True(taken!.TakenOver);
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from deliveries where resends = 1"));
    }

    // "Who got it" has an answer although nobody takes the batch over.
    [Fact]
    public async Task WhatAKilledSenderOfAPausedIssueLeftIsPostedByTheSweep()
    {
        var issue = await Room.FreezeIssueAsync(3);
        var batch = (await ClaimAsync())!;
        var store = new LedgerStore(DataSource);
        await using (var session = await store.OpenAsync(default))
        {
            var writer = Guid.NewGuid();
            await store.WriteAsync(session, new LedgerWrite(writer, 1, [], [Key(batch, 1), Key(batch, 2)]), again: false, default);
            await store.WriteAsync(session, new LedgerWrite(writer, 2, [Outcome(batch, 1, "accepted")], []), again: false, default);
        }

        await Database.ExecuteAsync("update issues set state = 'paused'");
        await Room.ExpireLeasesAsync();

        await Room.Worker.Sweep.RunAsync(default);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((1L, 1L, 1L), (receipt.Accepted, receipt.Sending, receipt.Pending));
    }

    // It slept, its batch was taken over and given back, and it claims the batch once more while it still holds what it wrote then.
    [Fact]
    public async Task WhatWasTakenOverIsNotPostedAgainByItsWriter()
    {
        await Room.FreezeIssueAsync(2);
        var first = (await ClaimAsync())!;
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        var writer = Guid.NewGuid();
        var old = await store.WriteAsync(session, new LedgerWrite(writer, 1, [], [Key(first, 1)]), again: false, default);
        await Room.ExpireLeasesAsync();
        ClaimedBatch? between = null;
        await UntilAsync(async () => (between = await ClaimAsync()) is not null, "a take-over");
        await Room.Batches.GiveBackAsync(between!, TimeSpan.Zero, default);
        var second = (await ClaimAsync())!;
        var fresh = await store.WriteAsync(session, new LedgerWrite(writer, 2, [], [Key(second, 2)]), again: false, default);

        await using var posting = await new LedgerPostingStore(DataSource).OpenAsync(default);
        await LedgerPostingStore.PostAsync(posting, writer, [.. old.Pages, .. fresh.Pages], default);

        Assert.Equal(["pending", "sending"], await Database.ListAsync<string>("select status::text from deliveries order by seq"));
    }

    [Fact]
    public async Task AStaleOwnerLeavesNobodyOut()
    {
        await Room.FreezeIssueAsync(2);
        var stale = await DieAsync(inFlight: 0);
        await UntilAsync(async () => await ClaimAsync() is not null, "a take-over");
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed'");

        await Room.Batches.ExcludeAsync(stale, [1, 2], default);

        Assert.Equal(["pending"], await Database.ListAsync<string>("select distinct status::text from deliveries"));
    }

    [Fact]
    public async Task UnderThePolicyLeaveWhatWasInFlightStaysUnknown()
    {
        Room.Scheduling.UnknownPolicy = "leave";
        var issue = await Room.FreezeIssueAsync(60);
        await DieAsync(inFlight: 4);

        await WorkUntilFinishedAsync(issue);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 56L, 4L, true), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Balanced));
        Assert.Equal(56L, Room.Inbox.Messages.Count);
    }

    [Theory]
    [InlineData("leave", 0)]
    [InlineData("resend", 1)]
    public async Task ARetryInFlightOfAKilledSenderFollowsThePolicyToo(string policy, long resent)
    {
        Room.Scheduling.UnknownPolicy = policy;
        var issue = await Room.FreezeIssueAsync(3);
        Relay(script => script.At(Newsletter.Mailer.Inbox.FaultPoint.Rcpt).ToRecipient("reader2@example.net").First(1).Reply(450, "4.2.1 Later"));
        await Room.Worker.SendAsync();
        await Room.Worker.Sweep.RunAsync(default);
        await DieAsync(inFlight: 1);

        await WorkUntilFinishedAsync(issue);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 2 + resent, 1 - resent, resent), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Resent));
        Assert.Equal(2 + resent, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task KilledTwiceOverTheSameMessageItIsNotSentAThirdTime()
    {
        var issue = await Room.FreezeIssueAsync(1);
        await DieAsync(inFlight: 1);
        await DieAsync(inFlight: 1);

        await WorkUntilFinishedAsync(issue);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 1L, 0L), (receipt.State, receipt.Unknown, Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task ALiveLeaseIsNobodyElses()
    {
        var issue = await Room.FreezeIssueAsync(10);
        await ClaimAsync();

        await Successor.SendAsync();

        Assert.Equal(10, (await Room.ReceiptAsync(issue)).Pending);
        Assert.False(await Room.Batches.AnyReadyAsync(default));
    }

    [Fact]
    public async Task AnExpiredLeaseIsLeftAloneShortlyAfterTheServerStarted()
    {
        await Room.FreezeIssueAsync(10);
        await DieAsync(inFlight: 0);

        Assert.Null(await Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), mayTakeOver: true, grace: TimeSpan.FromDays(1), default));
        Assert.Null(await Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), mayTakeOver: false, grace: TimeSpan.FromSeconds(1), default));
        await UntilAsync(async () => await ClaimAsync() is { TakenOver: true }, "a take-over");
    }

    [Fact]
    public async Task WhoeverLostTheLeaseWritesNothingMore()
    {
        var issue = await Room.FreezeIssueAsync(3);
        var stale = await DieAsync(inFlight: 2);
        await UntilAsync(async () => await ClaimAsync() is not null, "a take-over");

        var written = await WriteAsync([Outcome(stale, 1, "rejected"), Outcome(stale, 2, "accepted")], [Key(stale, 3)]);

        Assert.Equal([false, false, false], written.Written.Concat(written.Intended));
        Assert.Equal(3, (await Room.ReceiptAsync(issue)).Pending);
    }

    // A worker that was held, or a host that slept, goes on where it stopped: nobody may have noticed yet.
    [Fact]
    public async Task ALeaseThatRanOutBeginsNothingMoreUntilItIsRenewed()
    {
        await Room.FreezeIssueAsync(3);
        var batch = await DieAsync(inFlight: 1);

        var late = await WriteAsync([Outcome(batch, 1, "accepted")], [Key(batch, 2)]);
        await Room.Batches.RenewAsync([batch], TimeSpan.FromMinutes(7), default);
        var renewed = await WriteAsync([], [Key(batch, 2)]);

        Assert.Equal([true, false, true], late.Written.Concat(late.Intended).Concat(renewed.Intended));
    }

    [Fact]
    public async Task WhoeverLostTheLeaseStillKnowsBetterThanUnknown()
    {
        Room.Scheduling.UnknownPolicy = "leave";
        var issue = await Room.FreezeIssueAsync(3);
        var stale = await DieAsync(inFlight: 2);
        await UntilAsync(async () => await ClaimAsync() is not null, "a take-over");

        await WriteAsync([Outcome(stale, 1, "rejected"), Outcome(stale, 2, "accepted")], []);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((1L, 1L, 0L), (receipt.Accepted, receipt.Unknown, receipt.Rejected));
    }

    [Fact]
    public async Task RenewingTellsWhichLeasesAreLost()
    {
        await Room.FreezeIssueAsync(100);
        var (lost, kept) = ((await ClaimAsync())!, (await ClaimAsync())!);
        await Room.ExpireLeasesAsync();
        await UntilAsync(async () => await ClaimAsync() is not null, "a take-over");

        var ours = await Room.Batches.RenewAsync([lost, kept], TimeSpan.FromMinutes(7), default);

        Assert.Equal((kept.IssueId, kept.BatchNo), Assert.Single(ours));
        Assert.Equal([kept.BatchNo], await Database.ListAsync<int>("select batch_no from batches where lease_until > now() + interval '5 minutes'"));
    }

    [Fact]
    public async Task AnExpiredLeaseThatNobodyTookIsRenewed()
    {
        await Room.FreezeIssueAsync(10);
        var batch = await DieAsync(inFlight: 0);

        Assert.Single(await Room.Batches.RenewAsync([batch], TimeSpan.FromMinutes(7), default));

        Assert.Null(await ClaimAsync());
    }

    [Fact]
    public async Task ALeaseIsRenewedForAsLongAsItsSenderWorks()
    {
        await Room.FreezeIssueAsync(5);
        Relay(script => script.At(Newsletter.Mailer.Inbox.FaultPoint.EndOfData).GoSilent());
        using var stop = new CancellationTokenSource();
        Room.Relay = Room.Relay with { FinalReplyTimeout = TimeSpan.FromSeconds(4) };
        var sending = Room.Worker.SendAsync(stop.Token);
        await UntilAsync(async () => await LeaseAsync() is not null, "a lease");
        var first = await LeaseAsync();

        await UntilAsync(async () => await LeaseAsync() > first, "a renewal");

        await stop.CancelAsync();
        await sending;
        Assert.Null(await LeaseAsync());
    }

    [Fact]
    public async Task WhatIsGivenBackIsAnybodysAtOnceOrAfterAWhile()
    {
        await Room.FreezeIssueAsync(100);
        var (now, later) = ((await ClaimAsync())!, (await ClaimAsync())!);

        await Room.Batches.GiveBackAsync(now, TimeSpan.Zero, default);
        await Room.Batches.GiveBackAsync(later, TimeSpan.FromMinutes(1), default);

        var again = (await ClaimAsync())!;
        Assert.Equal((now.BatchNo, now.Fence + 1, false, 50), (again.BatchNo, again.Fence, again.TakenOver, again.Deliveries.Count));
        Assert.Null(await ClaimAsync());
        Assert.False(await Room.Batches.AnyReadyAsync(default));
    }

    [Fact]
    public async Task AStaleOwnerNeitherClosesNorGivesBackNorExcludes()
    {
        await Room.FreezeIssueAsync(10);
        var stale = await DieAsync(inFlight: 0);
        await UntilAsync(async () => await ClaimAsync() is not null, "a take-over");

        await Room.Batches.CompleteAsync(stale, default);
        await Room.Batches.GiveBackAsync(stale, TimeSpan.Zero, default);

        Assert.Equal(["leased"], await Database.ListAsync<string>("select state from batches"));
    }

    [Fact]
    public async Task AnIssueThatIsNotSendingIsNotClaimed()
    {
        var issue = await Room.FreezeIssueAsync(10);
        foreach (var state in new[] { "freezing", "paused", "cancelling", "cancelled", "finished", "failed" })
        {
            await Database.ExecuteAsync("update issues set state = $2 where id = $1", issue, state);
            Assert.Null(await ClaimAsync());
        }
    }

    private async Task WorkUntilFinishedAsync(long issue)
    {
        var successor = Successor;
        // The test's database server may have started less than a lease ago.
        await UntilAsync(
            async () =>
            {
                await successor.WorkAsync();
                return (await Room.ReceiptAsync(issue)).State == "finished";
            },
            "the issue finished");
    }

    // A sender claims a batch, lets its first messages go, and is killed.
    private async Task<ClaimedBatch> DieAsync(int inFlight)
    {
        ClaimedBatch? batch = null;
        await UntilAsync(async () => (batch = await ClaimAsync()) is not null, "a claim");
        var written = await WriteAsync([], [.. batch!.Deliveries.Take(inFlight).Select(delivery => Key(batch, delivery.Seq))]);
        Assert.Equal(inFlight, written.Intended.Count(begun => begun));
        await Room.ExpireLeasesAsync();
        return batch;
    }

    private Task<ClaimedBatch?> ClaimAsync() =>
        Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), mayTakeOver: true, TimeSpan.FromSeconds(1), default);

    private async Task<LedgerWritten> WriteAsync(IReadOnlyList<LedgerEntry> entries, IReadOnlyList<DeliveryKey> next)
    {
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        return await store.WriteAsync(session, new LedgerWrite(Guid.NewGuid(), 1, entries, next), again: false, default);
    }

    private async Task<DateTime?> LeaseAsync() => (await Database.ListAsync<DateTime>("select lease_until from batches where state = 'leased'")).Cast<DateTime?>().FirstOrDefault();

    private static DeliveryKey Key(ClaimedBatch batch, int seq) => new(batch.PartKey, batch.IssueId, seq, batch.BatchNo, batch.Fence);

    private static LedgerEntry Outcome(ClaimedBatch batch, int seq, string status) =>
        new() { Key = Key(batch, seq), Status = status, Reply = Ok, CountedAttempts = 1 };
}
