using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The connection is lost after the dot and before the answer (RFC 1047): nobody knows, and the policy decides.</summary>
public sealed class UnknownTests : MailroomTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Category", "Faults")]
    public async Task ADeliveryWhoseAnswerWasLostIsSentOnceMore(bool kept)
    {
        var issue = await Room.FreezeIssueAsync(80);
        Relay(script => kept
            ? script.At(FaultPoint.EndOfData).After(10).First(5).KeepingMessage().Drop()
            : script.At(FaultPoint.EndOfData).After(10).First(5).LosingMessage().Drop());

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 80L, 5L, true), (receipt.State, receipt.Accepted, receipt.Resent, receipt.Balanced));
        Assert.Equal((kept ? 85L : 80L, 80L, 80L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients, Room.Inbox.Messages.DistinctMessageIds));
        var repeated = Room.Inbox.Messages.Repeated();
        Assert.Equal(kept ? 5 : 0, repeated.Count);
        Assert.All(repeated, copies => Assert.True(copies.HashesAgree && copies.Copies.Count == 2));
        await KeptAsync("F5", issue, lostReplies: kept ? 5 : 0);
    }

    [Fact]
    public async Task ASecondLossStaysUnknown()
    {
        var issue = await Room.FreezeIssueAsync(20);
        Relay(script => script.At(FaultPoint.EndOfData).ToRecipient("reader7@example.net").KeepingMessage().Drop());

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 19L, 1L, true), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Balanced));
        Assert.Equal(2, Room.Inbox.TimesFired("EndOfData"));
        Assert.Equal((2, 1), (await Database.ScalarAsync<short>("select attempts from deliveries where status = 'unknown'"), await Database.ScalarAsync<short>("select resends from deliveries where status = 'unknown'")));
    }

    [Fact]
    public async Task UnderThePolicyLeaveNothingIsSentTwice()
    {
        Room.Scheduling.UnknownPolicy = "leave";
        var issue = await Room.FreezeIssueAsync(20);
        Relay(script => script.At(FaultPoint.EndOfData).After(3).First(2).KeepingMessage().Drop());

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 18L, 2L, 0L), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Resent));
        Assert.Equal((20L, 20L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
    }

    [Fact]
    public async Task AResendWaitsItsTimeAndARelaysFaultUnderItCostsNothing()
    {
        Room.Options.ResendUnknownSeconds = 60;
        var issue = await Room.FreezeIssueAsync(3);
        Relay(script => script.At(FaultPoint.EndOfData).First(1).LosingMessage().Drop());

        await Room.Worker.WorkAsync();
        Assert.Equal((1L, "sending"), ((await Room.ReceiptAsync(issue)).Unknown, (await Room.ReceiptAsync(issue)).State));
        Assert.InRange(await Database.ScalarAsync<double>("select extract(epoch from next_at - now())::float8 from retries"), 40, 60);

        await Database.ExecuteAsync("update retries set next_at = now()");
        Relay(script => script.At(FaultPoint.Mail).First(1).Reply(421, "4.3.2 Shutting down"));
        await Room.Worker.WorkAsync();

        Assert.Equal(("finished", 3L, 3L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted, Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task MoreThanOnePerCentUnknownPausesAndResumedTheIssueEndsBalanced()
    {
        var issue = await Room.FreezeIssueAsync(400);
        Relay(script => script.At(FaultPoint.EndOfData).Every(3).Wait(TimeSpan.FromMilliseconds(50)).KeepingMessage().Drop());

        await Room.Worker.SendAsync();

        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal("paused", paused.State);
        Assert.Matches("^[0-9]+ of 400 deliveries are unknown: ", paused.Reason);
        Assert.InRange(paused.Unknown, 20, 130);

        Relay(script => script);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 400L, 0L), (receipt.State, receipt.Accepted, receipt.Unknown));
        Assert.Equal(400 + paused.Unknown, Room.Inbox.Messages.Count);
        Assert.All(Room.Inbox.Messages.Repeated(), copies => Assert.True(copies.HashesAgree && copies.Copies.Count == 2));
    }

    [Fact]
    public async Task AReaderWhoLeftBeforeTheResendStaysUnknown()
    {
        Room.Options.ResendUnknownSeconds = 60;
        var issue = await Room.FreezeIssueAsync(3);
        Relay(script => script.At(FaultPoint.EndOfData).First(1).KeepingMessage().Drop());
        await Room.Worker.WorkAsync();
        await Database.ExecuteAsync("update retries set next_at = now()");
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed' where subscriber_id = (select subscriber_id from deliveries where status = 'unknown')");

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 2L, 1L, 0L), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Excluded["unsubscribed"]));
        Assert.Equal(3L, Room.Inbox.Messages.Count);
    }
}
