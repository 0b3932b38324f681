using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What relays answer, as it ends in the ledger.</summary>
public sealed class ReplyTests : MailroomTest
{
    [Fact]
    [Trait("Category", "Faults")]
    public async Task AReaderPutOffIsTriedAgainAndGetsIt()
    {
        var issue = await Room.FreezeIssueAsync(60);
        Relay(script => script.At(FaultPoint.Rcpt).ToShareOfRecipients(0.3).First(1, FaultScope.Recipient).Reply(450, "4.2.1 Greylisted, try again later"));

        await Room.Worker.SendAsync();
        var waiting = await Room.ReceiptAsync(issue);
        await Room.Worker.WorkAsync();

        Assert.Equal(("sending", waiting.Deferred), (waiting.State, Room.Inbox.TimesFired("Rcpt")));
        Assert.InRange(waiting.Deferred, 1, 59);
        Assert.False(waiting.Balanced);
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 60L, 60L), (receipt.State, receipt.Accepted, Room.Inbox.Messages.Count));
        Assert.Equal(waiting.Deferred, await Database.ScalarAsync<long>("select count(*) from deliveries where attempts = 2"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from retries"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
        Assert.Equal((60 - waiting.Deferred, 0L), (waiting.Accepted, receipt.Rejected));
        await KeptAsync("F10", issue);
    }

    [Fact]
    public async Task AReaderPutOffForTooLongExpires()
    {
        Room.Options.MaxAgeHours = 0;
        var issue = await Room.FreezeIssueAsync(3);
        Relay(script => script.At(FaultPoint.EndOfData).ToRecipient("reader2@example.net").Reply(451, "4.3.0 Mailbox busy"));

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 2L, 1L, true), (receipt.State, receipt.Accepted, receipt.Expired, receipt.Balanced));
        Assert.Equal(2, await Database.ScalarAsync<short>("select attempts from deliveries where status = 'expired'"));
    }

    [Fact]
    public async Task ADeferralWaitsForItsTime()
    {
        Room.Options.RetryMinutes = [5];
        var issue = await Room.FreezeIssueAsync(2);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader2@example.net").Reply(450, "4.2.1 Later"));

        await Room.Worker.WorkAsync();

        Assert.Equal(("sending", 1L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Deferred));
        Assert.InRange(await Database.ScalarAsync<double>("select extract(epoch from next_at - since)::float8 from retries"), 240, 360);
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task AnUnknownMailboxIsRejectedAndSuppressed()
    {
        var issue = await Room.FreezeIssueAsync(5);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader3@example.net").Reply(550, "5.1.1 <reader3@example.net>: user unknown, id A1B2C3D4E5"));

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 4L, 1L, true), (receipt.State, receipt.Accepted, receipt.Rejected, receipt.Balanced));
        Assert.Equal(["reader3@example.net: hard_bounce: 550 5.1.1 <address>: user unknown, id #"],
            await Database.ListAsync<string>("select address || ': ' || reason || ': ' || evidence from suppressions"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from smtp_details where text like '%@%'"));
        await KeptAsync("F11", issue, refused: 1);
    }

    [Theory]
    [InlineData(552, "5.2.2 Mailbox full")]
    [InlineData(554, "5.7.1 Spam score too high")]
    [InlineData(550, "5.1.8 Bad sender")]
    [InlineData(554, "5.0.0 Rejected")]
    public async Task OnlyAnUnknownMailboxIsSuppressed(int code, string text)
    {
        var issue = await Room.FreezeIssueAsync(5);
        Relay(script => script.At(FaultPoint.EndOfData).ToRecipient("reader3@example.net").Reply(code, text));

        await Room.Worker.WorkAsync();

        Assert.Equal((4L, 1L), ((await Room.ReceiptAsync(issue)).Accepted, (await Room.ReceiptAsync(issue)).Rejected));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
    }

    [Fact]
    public async Task ARefusedSenderPausesTheIssueAndCorrectedAndResumedEveryReaderGetsIt()
    {
        var issue = await Room.FreezeIssueAsync(60);
        Relay(script => script.At(FaultPoint.Mail).FromSender(from => from == "tea@example.com").Reply(553, "5.7.1 Sender address rejected: not owned by user"));

        await Room.Worker.WorkAsync();

        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", 60L, 0L), (paused.State, paused.Pending, paused.Rejected + paused.Failed + paused.Deferred));
        Assert.Contains("refuses the sender tea@example.com: 553 5.7.1 Sender address rejected", paused.Reason, StringComparison.Ordinal);
        Assert.Contains("then resume", paused.Reason, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from deliveries where attempts > 0"));

        await Database.ExecuteAsync("update newsletters set from_address = 'tea@news.example.org'");
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.Worker.WorkAsync();

        Assert.Equal(("finished", 60L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted));
        Assert.All(Room.Inbox.Messages.After(0, 100), message => Assert.Equal("tea@news.example.org", message.Sender));
        // Frozen is frozen: a copy sent before and one sent after are the same message.
        Assert.All(Room.Inbox.Messages.After(0, 100), message => Assert.EndsWith("@example.com>", message.MessageId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutTheKeyOfItsLinksAnIssueWaitsAndNobodyFails()
    {
        var issue = await Room.FreezeIssueAsync(30);
        var key = await Database.ScalarAsync<string>("select link_key from issues");
        await Database.ExecuteAsync("update issues set link_key = 'k9'");

        await Room.Worker.WorkAsync();

        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", 30L, 0L), (paused.State, paused.Pending, paused.Failed));
        Assert.Contains("The key 'k9' is no longer in Links:Keys", paused.Reason, StringComparison.Ordinal);
        Assert.Empty(Room.Inbox.Messages.After(0, 100));

        await Database.ExecuteAsync("update issues set link_key = $1", key);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.NewWorker().WorkAsync();
        Assert.Equal(("finished", 30L, 30L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted, Room.Inbox.Messages.Count));
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task RefusedForTheSendersSakeTwentyTimesInARowPausesAndNobodyIsRejected()
    {
        Room.Relay = Room.Relay with { MaxConnections = 1 };
        var issue = await Room.FreezeIssueAsync(120);
        Relay(script => script.At(FaultPoint.Rcpt).After(30).Reply(554, "5.7.1 <you@example.com>: Sender address rejected: Access denied"));

        await Room.Worker.WorkAsync();

        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", 30L, 90L, 0L), (paused.State, paused.Accepted, paused.Pending, paused.Rejected));
        Assert.StartsWith("20 readers in a row were refused for the sender's sake: 554 5.7.1 <address>: Sender address rejected: Access denied", paused.Reason, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
        // One may have been under way beyond the twentieth, none of the others was tried.
        Assert.InRange(Room.Inbox.TimesFired("Rcpt"), 20, 21);

        Relay(script => script);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 120L, 120L), (receipt.State, receipt.Accepted, Room.Inbox.Messages.DistinctRecipients));
        Assert.Equal(120L, Room.Inbox.Messages.Count);
        Assert.Equal(120L, await Database.ScalarAsync<long>("select count(*) from deliveries where attempts = 1"));
        await KeptAsync("F12", issue);
    }

    [Fact]
    public async Task AfterAPauseForTheSendersSakeAReadersOwnRejectionStands()
    {
        var issue = await Room.FreezeIssueAsync(20);
        Relay(script => script.At(FaultPoint.Rcpt).Reply(554, "5.7.1 Access denied"));
        await Room.Worker.WorkAsync();
        Assert.Equal(("paused", 20L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Pending));

        Relay(script => script.At(FaultPoint.Rcpt).Reply(550, "5.1.1 No such user"));
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 20L), (receipt.State, receipt.Rejected));
    }

    [Fact]
    public async Task RefusalsWithAcceptancesBetweenThemAreTheReadersOwn()
    {
        var issue = await Room.FreezeIssueAsync(100);
        Relay(script => script.At(FaultPoint.Rcpt).Every(2).Reply(554, "5.7.1 Not wanted here"));

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 50L, 50L), (receipt.State, receipt.Accepted, receipt.Rejected));
    }

    [Fact]
    public async Task TooManyRejectionsPauseTheIssueAndAPersonMayGoOnInSpiteOfThem()
    {
        Room.Options.BatchSize = 30;
        Room.Scheduling.UseBatchesOf(30);
        var issue = await Room.FreezeIssueAsync(600);
        Relay(script => script
            .At(FaultPoint.Rcpt).ToShareOfRecipients(0.5).Wait(TimeSpan.FromMilliseconds(30)).Reply(550, "5.1.1 No such user"));

        await Room.Worker.WorkAsync();

        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal("paused", paused.State);
        Assert.InRange(paused.Rejected, 100, 290);
        Assert.Contains("were rejected, most with '550 5.1.1 No such user'", paused.Reason, StringComparison.Ordinal);

        // What comes on top is measured anew, and there it is again.
        await Room.Control.ChangeAsync(issue, "sending", default);
        Relay(script => script);
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", true, paused.Rejected), (receipt.State, receipt.Balanced, receipt.Rejected));
    }
}
