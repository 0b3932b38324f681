using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>A finished issue is sent again to those it missed, and to nobody else.</summary>
public sealed class ResendTests : MailroomTest
{
    private const string Full = "5.2.2 Mailbox full";

    private IssueResend Resend => new(new ResendStore(DataSource), new RetryStore(DataSource), Room.Issues, new RejectionSorting(), Room.Options);

    [Fact]
    public async Task ThoseWhoWereMissedGetTheSameMessageAndNobodyElseGetsAny()
    {
        var issue = await SendWithMissesAsync();

        var opened = Assert.IsType<ResendOutcome.Opened>(await Resend.OpenAsync(issue, IssueResend.Statuses, default));
        Assert.Equal((2, 3L), (opened.Round.Round, opened.Round.Recipients));
        Assert.Equal([new("rejected", 1L)], opened.Round.LeftOut);
        Assert.Equal(("sending", 3L, 6L), await StateAsync(issue));
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 10L, 9L, 1L, true), (receipt.State, receipt.Audience, receipt.Accepted, receipt.Rejected, receipt.Balanced));
        // Six at first, the one whose answer was lost among the arrived, then three.
        Assert.Equal((10L, 9L, 9L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients, Room.Inbox.Messages.DistinctMessageIds));
        var copies = Assert.Single(Room.Inbox.Messages.Repeated());
        Assert.True(copies.HashesAgree && copies.Copies.Count == 2);
        Assert.All(copies.Copies, copy => Assert.Equal("reader3@example.net", copy.Recipients.Single()));
    }

    [Fact]
    public async Task TheReceiptCountsEachRoundApartAndEachBalances()
    {
        var issue = await SendWithMissesAsync();
        var before = Assert.Single((await Room.ReceiptAsync(issue)).Rounds);
        Assert.Equal((1, 10L, 6L, 2L, 1L, 1L, true), (before.Round, before.Audience, before.Accepted, before.Rejected, before.Unknown, before.Expired, before.Balanced));
        await Resend.OpenAsync(issue, IssueResend.Statuses, default);
        var during = (await Room.ReceiptAsync(issue)).Rounds;
        Assert.Equal((3L, 3L, false, null), (during[1].Audience, during[1].Waiting, during[1].Balanced, during[1].FinishedAt));
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(552, Full));
        await Room.Worker.WorkAsync();
        await Resend.OpenAsync(issue, ["mailbox_full"], default);
        Relay(script => script);
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 9L, 1L, true), (receipt.State, receipt.Accepted, receipt.Rejected, receipt.Balanced));
        Assert.Equal([1, 2, 3], receipt.Rounds.Select(round => round.Round));
        Assert.All(receipt.Rounds, round => Assert.True(round.Balanced && round.FinishedAt is not null));
        Assert.Equal((10L, 6L, 2L, 1L, 1L), (receipt.Rounds[0].Audience, receipt.Rounds[0].Accepted, receipt.Rounds[0].Rejected, receipt.Rounds[0].Unknown, receipt.Rounds[0].Expired));
        Assert.Equal((3L, 2L, 1L), (receipt.Rounds[1].Audience, receipt.Rounds[1].Accepted, receipt.Rounds[1].Rejected));
        Assert.Equal((1L, 1L), (receipt.Rounds[2].Audience, receipt.Rounds[2].Accepted));
        Assert.Equal(["expired", "unknown", "mailbox_full"], receipt.Rounds[1].Statuses);
        Assert.Null(receipt.Rounds[0].Statuses);
        Assert.Equal(["mailbox_full"], receipt.Rounds[2].Statuses);
        Assert.True(receipt.Rounds[0].FinishedAt <= receipt.Rounds[1].StartedAt && receipt.Rounds[1].FinishedAt <= receipt.Rounds[2].StartedAt);
    }

    [Fact]
    public async Task WhoseOutcomeComesInWhileARoundIsOpenedIsNotMailedAgain()
    {
        var issue = await SendWithMissesAsync();
        // A sender that slept past its lease enters what it knows, and has not committed yet.
        await using var late = await DataSource.OpenConnectionAsync();
        await using var entering = await late.BeginTransactionAsync();
        await using (var enter = new Npgsql.NpgsqlCommand("update deliveries set status = 'accepted' where seq = 3 and status = 'unknown'", late))
            Assert.Equal(1, await enter.ExecuteNonQueryAsync());

        var opening = Resend.OpenAsync(issue, IssueResend.Statuses, default);
        await UntilAsync(
            async () => await Database.ScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 1,
            "the round waits for the late outcome");
        await entering.CommitAsync();
        await opening;
        await Room.Worker.WorkAsync();

        Assert.Equal(("finished", 9L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted));
        Assert.Equal(1L, Room.Inbox.Messages.After(0, 100).LongCount(message => message.Recipients.Contains("reader3@example.net")));
        Assert.Equal("accepted", await Database.ScalarAsync<string>("select left_out from resends where seq = 3"));
    }

    [Theory]
    [InlineData("unsubscribed", "update subscriptions set status = 'unsubscribed' where subscriber_id = $1")]
    [InlineData("suppressed", "insert into suppressions (address, reason) select upper(address), 'manual' from subscribers where id = $1")]
    [InlineData("suppressed", "insert into suppressions (domain, reason) select 'EXAMPLE.NET', 'manual' from subscribers where id = $1")]
    [InlineData("erased", "delete from subscribers where id = $1")]
    public async Task WhoeverMustNotBeMailedAnyMoreIsLeftOutAndListed(string reason, string leaving)
    {
        var issue = await SendWithMissesAsync();
        var reader = await ReaderAsync(1);
        await Database.ExecuteAsync(leaving, reader);

        var outcome = await Resend.OpenAsync(issue, ["mailbox_full"], default);

        Assert.Equal(
            new[] { "expired", "rejected", reason, "unknown" }.Order(StringComparer.Ordinal).Select(each => $"{each} 1"),
            Assert.IsType<ResendOutcome.Nobody>(outcome).LeftOut.Select(pair => $"{pair.Key} {pair.Value}"));
        Assert.Equal(("finished", 0L), ((await Room.ReceiptAsync(issue)).State, await Database.ScalarAsync<long>("select count(*) from resends")));

        // A suppressed domain would leave the other one out as well.
        await Database.ExecuteAsync("update suppressions set domain = null, address = (select address from subscribers where id = $1) where domain is not null", reader);
        Assert.IsType<ResendOutcome.Opened>(await Resend.OpenAsync(issue, ["mailbox_full", "unknown"], default));
        var left = Assert.Single(await Room.Deliveries.ListAsync(issue, new DeliveryFilter { LeftOut = reason }, 0, 10, default));
        Assert.Equal((reader, "rejected", 1, reason), (left.SubscriberId, left.Status, left.Round, left.LeftOut));
        Assert.Equal(3, (await Room.Deliveries.ListAsync(issue, new DeliveryFilter { LeftOut = "any", Round = 2 }, 0, 10, default)).Count);
        Assert.Single(await Room.Deliveries.ListAsync(issue, new DeliveryFilter { Round = 2 }, 0, 10, default));
        Assert.Equal(10, (await Room.Deliveries.ListAsync(issue, new DeliveryFilter { Round = 1 }, 0, 100, default)).Count);
        Assert.Equal(1, (await Room.ReceiptAsync(issue)).Rounds[1].LeftOut![reason]);
    }

    [Fact]
    public async Task WhoeverLeavesAfterTheResendWasAskedForIsNotSentTo()
    {
        var issue = await SendWithMissesAsync();
        await Resend.OpenAsync(issue, IssueResend.Statuses, default);
        foreach (var number in new[] { 1, 3 })
            await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed' where subscriber_id = $1", await ReaderAsync(number));

        await Room.Worker.WorkAsync();

        // Of the third, a first copy may have arrived: that is not forgotten.
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 7L, 1L, 1L, true), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Excluded["unsubscribed"], receipt.Balanced));
        Assert.True(receipt.Rounds.All(round => round.Balanced));
        Assert.Equal(8L, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task WhatIsLostAgainInAResendWaitsForAPersonAgain()
    {
        Room.Scheduling.UnknownPolicy = "resend";
        var issue = await SendWithMissesAsync();
        Assert.Equal(1L, (await Room.ReceiptAsync(issue)).Unknown);
        await Resend.OpenAsync(issue, ["unknown"], default);
        Relay(script => script.At(FaultPoint.EndOfData).ToRecipient("reader3@example.net").KeepingMessage().Drop());

        await Room.Worker.WorkAsync();

        Assert.Equal(("finished", 1L, 1), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Unknown, Room.Inbox.TimesFired("EndOfData")));
    }

    [Theory]
    [InlineData("sending")]
    [InlineData("paused")]
    [InlineData("cancelling")]
    [InlineData("cancelled")]
    [InlineData("freezing")]
    [InlineData("failed")]
    public async Task OnlyAFinishedIssueIsSentAgain(string state)
    {
        var issue = await SendWithMissesAsync();
        await Database.ExecuteAsync("update issues set state = $1", state);

        Assert.Equal(new ResendOutcome.WrongState(state), await Resend.OpenAsync(issue, IssueResend.Statuses, default));
        Assert.IsType<ResendOutcome.NoSuchIssue>(await Resend.OpenAsync(4711, IssueResend.Statuses, default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from rounds"));
    }

    [Fact]
    public async Task AskedTwiceAtOnceItIsSentAgainOnce()
    {
        var issue = await SendWithMissesAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Resend.OpenAsync(issue, IssueResend.Statuses, default))));
        await Room.Worker.WorkAsync();

        Assert.Single(outcomes.OfType<ResendOutcome.Opened>());
        Assert.Equal(3, outcomes.OfType<ResendOutcome.WrongState>().Count());
        Assert.Equal((10L, 9L), (Room.Inbox.Messages.Count, (await Room.ReceiptAsync(issue)).Accepted));
    }

    [Fact]
    public async Task CancelledAResendLeavesTheFirstRoundAsItWas()
    {
        var issue = await SendWithMissesAsync();
        await Resend.OpenAsync(issue, IssueResend.Statuses, default);

        Assert.Equal((IssueChange.Done, "cancelled"), await Room.Control.ChangeAsync(issue, "cancelled", default));

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((6L, 2L, 1L, true), (receipt.Accepted, receipt.Cancelled, receipt.Unknown, receipt.Balanced));
        Assert.Equal((6L, 2L, 1L, 1L), (receipt.Rounds[0].Accepted, receipt.Rounds[0].Rejected, receipt.Rounds[0].Unknown, receipt.Rounds[0].Expired));
        Assert.Equal((2L, 1L, true), (receipt.Rounds[1].Cancelled, receipt.Rounds[1].Unknown, receipt.Rounds[1].Balanced));
        Assert.Equal(7L, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task WhyTellsOfTheResend()
    {
        var issue = await SendWithMissesAsync();
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed' where subscriber_id = $1", await ReaderAsync(2));
        await Resend.OpenAsync(issue, IssueResend.Statuses, default);
        await Room.Worker.WorkAsync();

        Assert.Matches("^Yes: the relay accepted it at .* It was sent again in round 2, asked for at .*, because in round 1 it had been rejected at .*: 552 5.2.2 Mailbox full\\.$", await WhyAsync(1));
        Assert.Matches("^No: the relay kept putting it off .* The resend asked for at .* left this reader out: unsubscribed\\.$", await WhyAsync(2));
        Assert.Matches("^Yes: .* because in round 1 the connection was lost at .* before the relay answered; every copy has the same Message-ID\\.$", await WhyAsync(3));
        Assert.Matches("^No: the relay rejected it at .*: 550 5.1.1 .* The resend asked for at .* was not for those who are rejected\\.$", await WhyAsync(4));
        Assert.Matches("^Yes: the relay accepted it at [^.]*\\.$", await WhyAsync(5));
    }

    /// <summary>Of ten: the first had a full mailbox, the second was put off too long, of the third the answer was lost for good, the fourth is gone; six have it.</summary>
    private async Task<long> SendWithMissesAsync()
    {
        Room.Options.MaxAgeHours = 0;
        var issue = await Room.FreezeIssueAsync(10);
        Relay(script => script
            .At(FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(552, Full)
            .At(FaultPoint.Rcpt).ToRecipient("reader2@example.net").Reply(450, "4.2.1 Later")
            .At(FaultPoint.EndOfData).ToRecipient("reader3@example.net").First(1).KeepingMessage().Drop()
            .At(FaultPoint.EndOfData).ToRecipient("reader3@example.net").LosingMessage().Drop()
            .At(FaultPoint.Rcpt).ToRecipient("reader4@example.net").Reply(550, "5.1.1 No such user"));
        await Room.Worker.WorkAsync();
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 6L, 2L, 1L, 1L), (receipt.State, receipt.Accepted, receipt.Rejected, receipt.Unknown, receipt.Expired));
        Relay(script => script);
        return issue;
    }

    private async Task<(string State, long Pending, long Accepted)> StateAsync(long issue)
    {
        var receipt = await Room.ReceiptAsync(issue);
        return (receipt.State, receipt.Pending, receipt.Accepted);
    }

    private Task<long> ReaderAsync(int number) => Database.ScalarAsync<long>("select id from subscribers where address = $1", $"reader{number}@example.net");

    private async Task<string> WhyAsync(int number) =>
        (await Room.Deliveries.WhyAsync(await Database.ScalarAsync<long>("select id from issues"), await ReaderAsync(number), default))!.Answer;
}
