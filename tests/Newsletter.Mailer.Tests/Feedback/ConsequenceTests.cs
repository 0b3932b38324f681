using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>What follows from what comes back: once, of the right reader, and so that it can be taken back.</summary>
public sealed class ConsequenceTests : FeedbackTest
{
    [Fact]
    public async Task AHardBounceSuppressesItsReader()
    {
        var (issue, mails) = await SendAsync(3);

        Assert.Equal("bounce", await ReceiveAsync(await mails.BounceAsync(2)));

        Assert.Equal(["reader2@example.net hard_bounce"], await Suppressions());
        Assert.Equal(["hard userunknown 2 suppressed"], await BouncesKept());
        Assert.Contains("User unknown", await Database.ScalarAsync<string>("select evidence from suppressions"), StringComparison.Ordinal);
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((3L, 1L, true), (receipt.Accepted, receipt.CameBack["hard"], receipt.Balanced));
    }

    [Fact]
    public async Task WhatAServerSaysIsKeptWithoutTheReader()
    {
        var (_, mails) = await SendAsync(2);
        await ReceiveAsync(await mails.BounceAsync(1, "5.1.1", "550 5.1.1 reader1... User unknown; rejecting reader1@example.net"));
        var late = await mails.BounceAsync(2, "5.1.1", "550 5.1.1 reader2... User unknown");
        await new ErasureStore(DataSource, Room.Keys).EraseAsync(2, default);
        await ReceiveAsync(late);

        var kept = await Database.ListAsync<string>("select coalesce(evidence, 'none') from bounces union all select coalesce(evidence, '-') from suppressions where address is not null order by 1");

        Assert.Equal(3, kept.Count);
        Assert.All(kept, words => Assert.DoesNotContain("reader", words, StringComparison.OrdinalIgnoreCase));
        Assert.Equal((1, 2), (kept.Count(words => words == "none"), kept.Count(words => words.Contains("User unknown", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task TheSameBounceManyTimesIsOneHoweverItIsTold()
    {
        var (_, mails) = await SendAsync(3);
        var same = await mails.BounceAsync(1);

        Assert.Equal("bounce", await ReceiveAsync(same));
        Assert.Equal("bounce", await ReceiveAsync(same));
        Assert.Equal("bounce", await ReceiveAsync(await mails.BounceAsync(1, "5.1.1", "550 5.1.1 No such user here")));

        Assert.Single(await BouncesKept());
        Assert.Single(await Suppressions());
        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from mailbox_messages"));
    }

    [Fact]
    public async Task AMessageThatIsSeenAgainAfterItsSuppressionWasLiftedSuppressesNobodyAgain()
    {
        var (_, mails) = await SendAsync(1);
        var bounce = await mails.BounceAsync(1);
        await ReceiveAsync(bounce);
        await new SuppressionStore(DataSource, Room.Keys).RemoveAsync(1, default);

        await ReceiveAsync(bounce);

        Assert.Empty(await Suppressions());
    }

    [Theory]
    [InlineData("5.0.0", "550 User unknown", "hard")]
    [InlineData("5.0.0", "550 No such user", "hard")]
    [InlineData("5.0.0", "550 User unknown (in reply to end of DATA command)", "soft")]
    [InlineData("4.1.1", "451 4.1.1 user unknown, try again later (LDAP down)", "soft")]
    [InlineData("5.1.1", "550 5.1.1 User unknown", "hard")]
    [InlineData("5.0.0", "550 Sender domain news.example.com does not exist", "sender")]
    [InlineData("5.0.0", "550 HELO host name does not exist", "sender")]
    public async Task WhetherAReaderIsGoneForGoodGoesByTheWords(string status, string said, string kind)
    {
        var (_, mails) = await SendAsync(1);

        await ReceiveAsync(await mails.BounceAsync(1, status, said));

        Assert.Equal(kind, await Database.ScalarAsync<string>("select kind from bounces"));
        Assert.Equal(kind == "hard" ? 1 : 0, (await Suppressions()).Count);
    }

    [Fact]
    public async Task AComplaintSuppressesAndUnsubscribes()
    {
        var (issue, mails) = await SendAsync(2);

        Assert.Equal("complaint", await ReceiveAsync(await mails.ComplaintAsync(2)));

        Assert.Equal(["reader2@example.net complaint"], await Suppressions());
        Assert.Equal($"unsubscribed complaint {issue}", await Database.ScalarAsync<string>(
            "select s.status || ' ' || s.unsubscribed_by || ' ' || s.unsubscribed_issue from subscriptions s join subscribers b on b.id = s.subscriber_id where b.address = 'reader2@example.net'"));
        Assert.Equal("withdrawn complaint", await Database.ScalarAsync<string>("select action || ' ' || form from consents"));
        Assert.Equal(1L, (await Room.ReceiptAsync(issue)).CameBack["complaint"]);
    }

    [Theory]
    [InlineData("5.7.1", "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using bl.example.org")]
    [InlineData("5.7.26", "550 5.7.26 This mail is unauthenticated")]
    [InlineData("5.0.0", "554 Message rejected as spam")]
    public async Task PolicyAndReputationAreNeverTheReadersFault(string status, string said)
    {
        var (_, mails) = await SendAsync(2);

        await ReceiveAsync(await mails.BounceAsync(1, status, said));
        await ReceiveAsync(await mails.BounceAsync(2, status, said));

        Assert.Empty(await Suppressions());
        var alarm = Assert.Single((await new RelayAlarmStore(DataSource).ListAsync(open: true, PageRequest.First, default)).Items);
        Assert.Equal(("relay", "other", 2L), (alarm.Relay, alarm.Provider, alarm.Count));
    }

    [Fact]
    public async Task AnAlarmThatWasClearedIsRaisedAnew()
    {
        var (_, mails) = await SendAsync(2);
        var alarms = new RelayAlarmStore(DataSource);
        await ReceiveAsync(await mails.BounceAsync(1, "5.7.1", "550 5.7.1 blocked"));
        Assert.True(await alarms.ClearAsync(1, "Delisted.", default));
        Assert.False(await alarms.ClearAsync(1, "Again.", default));
        Assert.Null(await alarms.ClearAsync(7, null, default));

        await ReceiveAsync(await mails.BounceAsync(2, "5.7.1", "550 5.7.1 blocked"));

        Assert.Equal(2, await Database.ScalarAsync<int>("select count(*)::integer from relay_alarms where count = 1"));
    }

    [Fact]
    public async Task WhatIsDelayedOrAnsweredByAMachineIsNoBounce()
    {
        var (_, mails) = await SendAsync(1);

        Assert.Equal("delay", await ReceiveAsync(await mails.BounceAsync(1, "4.4.1", "connect to mx.example.net: Connection timed out", "delayed")));
        Assert.Equal("auto_reply", await ReceiveAsync(await mails.VacationAsync(1)));

        Assert.Empty(await BouncesKept());
    }

    [Fact]
    public async Task AReaderWhoMailsToLeaveHasLeft()
    {
        var (issue, mails) = await SendAsync(2);
        var mail = await mails.LeaveAsync(2);

        Assert.Equal("unsubscribe", await ReceiveAsync(mail));
        Assert.Equal("unsubscribe", await ReceiveAsync(mail));

        Assert.Equal([$"mailto {issue}"], await Database.ListAsync<string>("select unsubscribed_by || ' ' || unsubscribed_issue from subscriptions where status = 'unsubscribed'"));
        Assert.Equal(["withdrawn mailto"], await Database.ListAsync<string>("select action || ' ' || how from consents"));
        Assert.Empty(await Suppressions());
    }

    [Fact]
    public async Task WhatIsMailedToALeaveAddressIsAWishToLeaveWhateverItSays()
    {
        var (_, mails) = await SendAsync(2);
        var mail = System.Text.Encoding.UTF8.GetString(await mails.LeaveAsync(2)).Replace("Subject: unsubscribe", "Subject: Mail delivery failed: returning message to sender", StringComparison.Ordinal)
            + "550 5.1.1 <somebody@example.net>: Recipient address rejected: User unknown\r\n";

        Assert.Equal("unsubscribe", await ReceiveAsync(System.Text.Encoding.UTF8.GetBytes(mail)));

        Assert.Empty(await Suppressions());
        Assert.Equal(["mailto"], await Database.ListAsync<string>("select unsubscribed_by from subscriptions where status = 'unsubscribed'"));
    }

    [Fact]
    public async Task WhatIsRefusedAgainAfterItWasPutBackRaisesAnotherAlarm()
    {
        // The last one keeps the issue open.
        Relay(script => script
            .At(FaultPoint.Rcpt).ToRecipient("reader4@example.net").Reply(450, "4.2.1 Later")
            .At(FaultPoint.Rcpt).Reply(550, "5.7.1 Blocked using bl.example.org"));
        var issue = await Room.FreezeIssueAsync(4);
        var (mails, worker) = (new ReturnedMails(Room, issue), Room.NewWorker(options => options.RetryMinutes = [60]));
        await worker.WorkAsync();
        await Consequences.SettleAsync(default);
        await new RelayAlarmStore(DataSource).ClearAsync(1, "Delisted.", default);
        var (_, back) = await Room.Issues.PauseAndPutBackAsync(issue, "Refused.", [.. await Database.ListAsync<int>("select seq from deliveries where status = 'rejected'")], default);
        Assert.NotEmpty(back);

        await Room.Control.ChangeAsync(issue, "sending", default);
        await worker.WorkAsync();
        await Consequences.SettleAsync(default);
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from relay_alarms where cleared_at is null"));

        await Room.Issues.PauseAndPutBackAsync(issue, "Refused.", back, default);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader4@example.net").Reply(450, "4.2.1 Later"));
        await Room.Control.ChangeAsync(issue, "sending", default);
        await worker.WorkAsync();
        await ReceiveAsync(await mails.BounceAsync(back[0], "5.7.1", "550 5.7.1 Blocked using bl.example.org"));

        Assert.Equal(1L, (await Room.ReceiptAsync(issue)).CameBack["sender"]);
    }

    [Fact]
    public async Task SynchronousRejectionsFollowTheSameRules()
    {
        Relay(script => script
            .At(FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(550, "5.1.1 User unknown")
            .At(FaultPoint.Rcpt).ToRecipient("reader2@example.net").Reply(552, "5.2.2 Mailbox full")
            .At(FaultPoint.Rcpt).ToRecipient("reader3@example.net").Reply(550, "5.7.1 Blocked using bl.example.org"));

        await SendAsync(4);
        await Consequences.SettleAsync(default);

        Assert.Equal(["hard userunknown 1 suppressed", "sender blocked 3 alarm", "soft mailboxfull 2 counted"], (await BouncesKept()).Order(StringComparer.Ordinal));
        Assert.Equal(["reader1@example.net hard_bounce"], await Suppressions());
        Assert.Equal("blocked", await Database.ScalarAsync<string>("select reason from relay_alarms"));
    }

    [Fact]
    public async Task WhatFollowedIsTakenBackWhole()
    {
        var (_, mails) = await SendAsync(2);
        await ReceiveAsync(await mails.ComplaintAsync(1));

        var undone = Assert.IsType<AudienceOutcome<BounceReport>.Updated>(await Bounces.UndoAsync(1, "They pressed the wrong button.", null, default));

        Assert.NotNull(undone.Value.UndoneAt);
        Assert.Empty(await Suppressions());
        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'active'"));
        Assert.Equal("restored", await Database.ScalarAsync<string>("select action from consents order by id desc limit 1"));
        Assert.IsType<AudienceOutcome<BounceReport>.Conflict>(await Bounces.UndoAsync(1, null, null, default));
        Assert.IsType<AudienceOutcome<BounceReport>.NotFound>(await Bounces.UndoAsync(99, null, null, default));
        Assert.Equal("They pressed the wrong button.", await Database.ScalarAsync<string>("select note from suppressions_lifted"));
    }

    [Fact]
    public async Task ASuppressionThatAPersonMadeIsNotLiftedWithABounce()
    {
        var (_, mails) = await SendAsync(1);
        await new SuppressionStore(DataSource, Room.Keys).AddAsync(new SuppressionDraft { Email = "reader1@example.net", Evidence = "by phone" }, default);
        await ReceiveAsync(await mails.BounceAsync(1));

        await Bounces.UndoAsync(1, null, null, default);

        Assert.Equal(["reader1@example.net manual"], await Suppressions());
    }

    [Fact]
    public async Task LateBouncesAreToldWhereAReaderIsAskedFor()
    {
        var (issue, mails) = await SendAsync(2);
        await ReceiveAsync(await mails.BounceAsync(1));
        await ReceiveAsync(await mails.ComplaintAsync(2));
        var (one, two) = (await Id("reader1@example.net"), await Id("reader2@example.net"));

        var why = await Room.Deliveries.WhyAsync(issue, one, default);
        Assert.StartsWith("Yes: the relay accepted it at ", why!.Answer, StringComparison.Ordinal);
        Assert.Contains("It came back for good at ", why.Answer, StringComparison.Ordinal);
        Assert.Contains("userunknown", why.Answer, StringComparison.Ordinal);
        Assert.Equal("hard", why.Delivery!.CameBack);
        Assert.Contains("called it unwanted", (await Room.Deliveries.WhyAsync(issue, two, default))!.Answer, StringComparison.Ordinal);
        var timeline = await new TimelineStore(DataSource).ListAsync(two, PageRequest.First, default);
        Assert.Equal(["complained", "issue_accepted", "suppressed", "unsubscribed"],
            timeline!.Items.Select(told => told.Kind).Where(kind => kind is not ("created" or "signed_up" or "confirmed")).Order(StringComparer.Ordinal));

        Task<long> Id(string address) => Database.ScalarAsync<long>("select id from subscribers where address = $1", address);
    }

    [Fact]
    public async Task OfAnErasedReaderNothingIsSuppressedAndNoAddressIsKept()
    {
        var (_, mails) = await SendAsync(1);
        var bounce = await mails.BounceAsync(1);
        await new ErasureStore(DataSource, Room.Keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);

        Assert.Equal("bounce", await ReceiveAsync(bounce));

        Assert.Equal(["hard userunknown 1 none"], await BouncesKept());
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from (select to_jsonb(b)::text as t from bounces b union all select to_jsonb(m)::text from mailbox_messages m) x where x.t like '%@%'"));
    }
}
