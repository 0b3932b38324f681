using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Reports;

/// <summary>"Did I get #35? Why not?", asked of a real ledger.</summary>
public sealed class WhyTests : MailroomTest
{
    private const string Time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC";

    [Fact]
    public async Task EachReaderIsToldWhatBecameOfTheirs()
    {
        Room.Options.RetryMinutes = [30];
        Room.Options.ResendUnknownSeconds = 600;
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 8);
        await Database.ExecuteAsync("insert into suppressions (address, reason, evidence) values ('reader6@example.net', 'complaint', 'feedback loop')");
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed' where subscriber_id = (select id from subscribers where address = 'reader7@example.net')");
        var erased = await ReaderAsync("reader8@example.net");
        await Database.ExecuteAsync("delete from subscribers where id = $1", erased);
        await Database.ExecuteAsync("update deliveries set variant = 9 where seq = 5");
        Relay(script => script
            .At(FaultPoint.Rcpt).ToRecipient("reader2@example.net").Reply(550, "5.1.1 No such user.")
            .At(FaultPoint.Rcpt).ToRecipient("reader3@example.net").Reply(450, "4.2.1 Greylisted")
            .At(FaultPoint.EndOfData).ToRecipient("reader4@example.net").Drop());

        await Room.Worker.WorkAsync();

        Assert.Matches($"^Yes: the relay accepted it at {Time} as [^ ]+\\.$", await WhyAsync(issue, "reader1@example.net"));
        Assert.Matches($"^No: the relay rejected it at {Time}: 550 5\\.1\\.1 No such user\\.$", await WhyAsync(issue, "reader2@example.net"));
        Assert.Matches($"^Not yet: the relay put it off at {Time}: 450 4\\.2\\.1 Greylisted\\. 1 time tried so far, next at {Time}\\.$", await WhyAsync(issue, "reader3@example.net"));
        Assert.Matches($"^Perhaps: it was sent at {Time}, and the connection was lost before the relay answered\\. It is sent once more at {Time}\\.$", await WhyAsync(issue, "reader4@example.net"));
        Assert.StartsWith("No: the message could not be made: KeyNotFoundException", await WhyAsync(issue, "reader5@example.net"), StringComparison.Ordinal);
        Assert.Matches($"^No: the address is suppressed since {Time} \\(complaint: feedback loop\\)\\.$", await WhyAsync(issue, "reader6@example.net"));
        Assert.Equal("No: the reader left after the issue was frozen and before it was sent.", await WhyAsync(issue, "reader7@example.net"));
        Assert.Equal("No: the reader was erased before it was sent.", (await Room.Deliveries.WhyAsync(issue, erased, default))!.Answer);
    }

    [Theory]
    [InlineData("pending", "Not yet: it waits for its turn.")]
    [InlineData("sending", "It is being sent at this moment.")]
    [InlineData("cancelled", "No: the issue was cancelled before it was this reader's turn.")]
    public async Task WhateverItsStatusThereIsAnAnswer(string status, string answer)
    {
        var issue = await Room.FreezeIssueAsync(1);
        await Database.ExecuteAsync("update deliveries set status = $1::delivery_status", status);

        Assert.Equal(answer, await WhyAsync(issue, "reader1@example.net"));
    }

    [Fact]
    public async Task OneWhoWaitsInAPausedIssueIsToldWhatItWaitsFor()
    {
        var issue = await Room.FreezeIssueAsync(1);
        await Room.Issues.PauseAsync(issue, "No usable relay. Resume once it works.", default);

        Assert.Equal("Not yet: the issue is paused. No usable relay. Resume once it works.", await WhyAsync(issue, "reader1@example.net"));
    }

    [Fact]
    public async Task UnknownForGoodExpiredAndSentTwiceAreSaid()
    {
        var issue = await Room.FreezeIssueAsync(3);
        Relay(script => script
            .At(FaultPoint.EndOfData).ToRecipient("reader1@example.net").First(1).Drop()
            .At(FaultPoint.EndOfData).ToRecipient("reader2@example.net").Drop()
            .At(FaultPoint.EndOfData).ToRecipient("reader3@example.net").Reply(452, "4.3.1 Full"));
        var worker = Room.NewWorker(options => options.MaxAgeHours = 0);

        await worker.WorkAsync();

        Assert.EndsWith(" It was sent twice, because the relay's first answer was lost: the second copy has the same Message-ID.", await WhyAsync(issue, "reader1@example.net"), StringComparison.Ordinal);
        Assert.EndsWith(" It is not sent again by itself.", await WhyAsync(issue, "reader2@example.net"), StringComparison.Ordinal);
        Assert.Matches($"^No: the relay kept putting it off until it was too old, last at {Time}: 452 4\\.3\\.1 Full\\.$", await WhyAsync(issue, "reader3@example.net"));
    }

    [Fact]
    public async Task WhoeverWasNotInTheAudienceIsToldWhy()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1, tier: "premium");
        await Some.SubscribersAsync(Database, newsletter, 1);
        await Some.SubscribersAsync(Database, newsletter, 2, status: "pending");
        await Some.SubscribersAsync(Database, newsletter, 1, status: "unsubscribed");
        var other = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        await Some.SubscribersAsync(Database, other, 1);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, frontMatter: "tier: premium"));
        await Some.SubscribersAsync(Database, newsletter, 1, tier: "premium");
        await Database.ExecuteAsync("update subscriptions set status = 'active', tier = 'premium', confirmed_at = now() where subscriber_id = $1", await ReaderAsync("reader4@example.net"));

        Assert.StartsWith("Not yet", await WhyAsync(issue, "reader1@example.net"), StringComparison.Ordinal);
        Assert.Equal("No: the edition went to premium readers only, and this reader is on the free tier.", await WhyAsync(issue, "reader2@example.net"));
        Assert.Equal("No: the subscription was never confirmed.", await WhyAsync(issue, "reader3@example.net"));
        Assert.Matches($"^No: the reader confirmed the subscription at {Time}, after the issue was frozen at {Time}\\.$", await WhyAsync(issue, "reader4@example.net"));
        Assert.Matches($"^No: the reader had left at {Time} \\(page\\), before the issue was frozen\\.$", await WhyAsync(issue, "reader5@example.net"));
        Assert.Equal("No: the reader is not subscribed to this newsletter.", await WhyAsync(issue, "reader6@example.net"));
        Assert.Matches($"^No: the reader subscribed at {Time}, after the issue was frozen at {Time}\\.$", await WhyAsync(issue, "reader7@example.net"));
        Assert.Equal("No: nobody here has this address.", (await Room.Deliveries.WhyAsync(issue, 4711, default))!.Answer);

        await Database.ExecuteAsync("update subscriptions set tier = 'premium' where subscriber_id = $1", await ReaderAsync("reader2@example.net"));
        Assert.Matches($"^No: the reader was not an active premium subscriber when the issue was frozen at {Time}\\.$", await WhyAsync(issue, "reader2@example.net"));
    }

    [Fact]
    public async Task WhileTheIssueIsFrozenNobodyIsToldNo()
    {
        var issue = await Room.FreezeIssueAsync(1);
        await Some.SubscribersAsync(Database, (await Room.Newsletters.FindAsync("tea", default))!, 1);
        await Database.ExecuteAsync("update issues set state = 'freezing', frozen_at = null");

        Assert.Equal("Not yet: the issue is still being frozen.", await WhyAsync(issue, "reader2@example.net"));
    }

    [Fact]
    public async Task ASuppressionLiftedSinceIsStillTheReason()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 2, domain: "gone.example");
        await Database.ExecuteAsync("insert into suppressions (domain, reason) values ('Gone.Example', 'manual')");
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        Assert.Matches($"^No: the address is suppressed since {Time} \\(manual\\)\\.$", await WhyAsync(issue, "reader1@gone.example"));
        await Database.ExecuteAsync("delete from suppressions");
        Assert.Equal("No: the address was suppressed at the time.", await WhyAsync(issue, "reader1@gone.example"));
    }

    [Fact]
    public async Task AReaderIsFoundByAddressWithoutCaseAndAnIssueThatIsNotThereIsNull()
    {
        var issue = await Room.FreezeIssueAsync(1);

        Assert.Equal(await ReaderAsync("reader1@example.net"), await Room.Deliveries.FindSubscriberAsync("READER1@Example.Net", default));
        Assert.Null(await Room.Deliveries.FindSubscriberAsync("nobody@example.net", default));
        Assert.Null(await Room.Deliveries.WhyAsync(issue + 1, 1, default));
    }

    [Fact]
    public async Task AStrangerWhoseAddressIsSuppressedIsToldSo()
    {
        var issue = await Room.FreezeIssueAsync(1);
        await Database.ExecuteAsync("insert into suppressions (address, reason, evidence) values ('Never@Example.net', 'complaint', 'by letter')");

        Assert.Matches(
            $"^No: nobody here has this address, and it is suppressed since {Time} \\(complaint: by letter\\): imports leave it out\\.$",
            (await Room.Deliveries.WhyAsync(issue, "never@example.net", default))!.Answer);
        Assert.Equal("No: nobody here has this address.", (await Room.Deliveries.WhyAsync(issue, "other@example.net", default))!.Answer);
        Assert.StartsWith("Not yet", (await Room.Deliveries.WhyAsync(issue, "READER1@example.net", default))!.Answer, StringComparison.Ordinal);
        Assert.Null(await Room.Deliveries.WhyAsync(issue + 1, "never@example.net", default));
    }

    private async Task<string> WhyAsync(long issue, string address) => (await Room.Deliveries.WhyAsync(issue, await ReaderAsync(address), default))!.Answer;

    private async Task<long> ReaderAsync(string address) => await Room.Deliveries.FindSubscriberAsync(address, default) ?? throw new ArgumentException(address);
}
