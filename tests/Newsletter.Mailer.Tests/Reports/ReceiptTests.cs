using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Reports;

public sealed class ReceiptTests : MailroomTest
{
    [Fact]
    public async Task EveryStatusHasItsPlaceAndTheyAddUp()
    {
        var issue = await Room.FreezeIssueAsync(66);
        string[] statuses = ["accepted", "rejected", "unknown", "expired", "cancelled", "failed", "pending", "sending", "deferred", "skipped"];
        for (var (i, from) = (0, 1); i < statuses.Length; from += i + 1, i++)
            await Database.ExecuteAsync("update deliveries set status = $1::delivery_status where seq between $2 and $3", statuses[i], from, from + i);
        await Database.ExecuteAsync(
            """
            update deliveries set reason = case when seq % 2 = 0 then 'unsubscribed' else 'erased' end where status = 'skipped';
            update deliveries set status = 'skipped', reason = 'suppressed' where seq > 55;
            update deliveries set resends = 1 where status in ('accepted', 'unknown')
            """);

        var receipt = await Room.ReceiptAsync(issue);

        Assert.Equal((66L, 1L, 2L, 3L, 4L, 5L), (receipt.Audience, receipt.Accepted, receipt.Rejected, receipt.Unknown, receipt.Expired, receipt.Cancelled));
        Assert.Equal((6L, 7L, 8L, 9L, 4L), (receipt.Failed, receipt.Pending, receipt.Sending, receipt.Deferred, receipt.Resent));
        Assert.Equal([new("erased", 5), new("suppressed", 11), new("unsubscribed", 5)], receipt.Excluded);
        Assert.Equal(("tea", 1, "sending"), (receipt.Newsletter, receipt.Number, receipt.State));
        Assert.False(receipt.Balanced);
    }

    [Fact]
    public async Task WhatIsExcludedIsNamedEvenWhereNobodyIs()
    {
        var issue = await Room.FreezeIssueAsync(1);

        Assert.Equal([new("suppressed", 0), new("unsubscribed", 0)], (await Room.ReceiptAsync(issue)).Excluded);
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("sending")]
    [InlineData("deferred")]
    public async Task WhileAnyoneWaitsItDoesNotBalance(string status)
    {
        var issue = await Room.FreezeIssueAsync(2);
        await Database.ExecuteAsync("update deliveries set status = 'accepted' where seq = 1; update deliveries set status = $$" + status + "$$ where seq = 2");

        Assert.False((await Room.ReceiptAsync(issue)).Balanced);
    }

    [Fact]
    public async Task WithAMemberMissingItDoesNotBalance()
    {
        var issue = await Room.FreezeIssueAsync(2);
        await Room.Worker.SendAsync();
        Assert.True((await Room.ReceiptAsync(issue)).Balanced);

        await Database.ExecuteAsync("delete from deliveries where seq = 2");

        Assert.False((await Room.ReceiptAsync(issue)).Balanced);
    }

    [Fact]
    public async Task ReceiptsOfIssuesThatShareAPartitionAreTheirOwn()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 3);
        var first = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.SendAsync();
        await Some.SubscribersAsync(Database, newsletter, 2);
        var second = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        Assert.Equal((3L, 3L), ((await Room.ReceiptAsync(first)).Audience, (await Room.ReceiptAsync(first)).Accepted));
        Assert.Equal((5L, 5L, 0L), ((await Room.ReceiptAsync(second)).Audience, (await Room.ReceiptAsync(second)).Pending, (await Room.ReceiptAsync(second)).Accepted));
    }

    [Fact]
    public async Task AnIssueIsFoundByTheNumberItsAuthorKnows()
    {
        var tea = await Some.NewsletterAsync(Database);
        var coffee = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        var ofTea = await Room.FreezeAsync(await Some.EditionAsync(Database, tea, frontMatter: "number: 35"));
        var ofCoffee = await Room.FreezeAsync(await Some.EditionAsync(Database, coffee, frontMatter: "number: 35"));
        await Database.ExecuteAsync("insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce) select edition_id, newsletter_id, 1, 'failed', '', now(), '' from issues");

        Assert.Equal([ofTea, ofCoffee], await Room.Receipts.FindByNumberAsync(35, null, default));
        Assert.Equal([ofCoffee], await Room.Receipts.FindByNumberAsync(35, "coffee", default));
        Assert.Empty(await Room.Receipts.FindByNumberAsync(36, null, default));
        Assert.Empty(await Room.Receipts.FindByNumberAsync(35, "cocoa", default));
    }

    [Fact]
    public async Task IssuesAreListedNewestFirstInPages()
    {
        var (tea, coffee) = (await Some.NewsletterAsync(Database), await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" }));
        var issues = new List<long>();
        for (var i = 0; i < 4; i++)
            issues.Add(await Room.FreezeAsync(await Some.EditionAsync(Database, i == 1 ? coffee : tea)));

        Assert.Equal([issues[3], issues[2]], await ListAsync(null, null, 2));
        Assert.Equal([issues[1], issues[0]], await ListAsync(null, issues[2], 2));
        Assert.Equal([issues[3], issues[2], issues[0]], await ListAsync("tea", null, 10));
        Assert.Empty(await ListAsync("tea", issues[0], 10));
        var summary = (await Room.Receipts.FindIssueAsync(issues[1], default))!;
        Assert.Equal(("coffee", 1, "Edition 1", "sending", "resend"), (summary.Newsletter, summary.Number, summary.Title, summary.State, summary.UnknownPolicy));
    }

    [Fact]
    public async Task WhatIsNotThereHasNoReceipt()
    {
        Assert.Null(await Room.Receipts.FindAsync(4711, default));
        Assert.Null(await Room.Receipts.FindIssueAsync(4711, default));
    }

    [Fact]
    public async Task DeliveriesAreListedInTheLedgersOrderByStatusAndByReader()
    {
        var issue = await Room.FreezeIssueAsync(10);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipients(to => to is "reader3@example.net" or "reader7@example.net").Reply(550, "5.1.1 <you@example.net> unknown"));
        await Room.Worker.SendAsync();

        var all = await Room.Deliveries.ListAsync(issue, null, null, 0, 100, default);
        var rejected = await Room.Deliveries.ListAsync(issue, "rejected", null, 0, 100, default);
        var page = await Room.Deliveries.ListAsync(issue, "accepted", null, 4, 2, default);
        var one = Assert.Single(await Room.Deliveries.ListAsync(issue, null, all[2].SubscriberId, 0, 100, default));

        Assert.Equal(Enumerable.Range(1, 10), all.Select(delivery => delivery.Seq));
        Assert.Equal([3, 7], rejected.Select(delivery => delivery.Seq));
        Assert.Equal([5, 6], page.Select(delivery => delivery.Seq));
        Assert.Equal(("reader3@example.net", "rejected", 550, "5.1.1", "<address> unknown", "relay", 1), (one.Address, one.Status, one.SmtpCode, one.EnhancedStatus, one.Detail, one.Relay, one.Attempts));
        Assert.NotNull(page[0].QueueId);
    }

    private async Task<IEnumerable<long>> ListAsync(string? newsletter, long? after, int limit) =>
        (await Room.Receipts.ListAsync(newsletter, after, limit, default)).Select(issue => issue.Id);
}
