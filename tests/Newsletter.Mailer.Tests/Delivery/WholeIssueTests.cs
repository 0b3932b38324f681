using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class WholeIssueTests : MailroomTest
{
    [Fact]
    public async Task EveryReaderGetsTheIssueOnceAndTheReceiptBalances()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 300);
        await Database.ExecuteAsync("insert into suppressions (address, reason) select 'reader' || n || '@example.net', 'manual' from generate_series(1, 7) n");
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        Assert.Equal(SenderRun.NothingReady, await Room.Worker.SendAsync());

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 300L, 293L, 7L), (receipt.State, receipt.Audience, receipt.Accepted, receipt.Excluded["suppressed"]));
        Assert.True(receipt.Balanced);
        Assert.NotNull(receipt.FinishedAt);
        Assert.Equal((293L, 293L, 293L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients, Room.Inbox.Messages.DistinctMessageIds));
        await AssertOnceEachAsync(receipt);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from batches where state <> 'done' or lease_owner is not null"));
        Assert.Equal(293L, await Database.ScalarAsync<long>("select count(*) from deliveries where queue_id is not null and smtp_code = 250 and attempts = 1 and relay_id is not null"));
    }

    [Fact]
    public async Task EachMessageIsForItsReader()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 3);
        await Database.ExecuteAsync(
            """
            update subscribers set name = '  ', attributes = '{"first_name": ""}' where address = 'reader2@example.net';
            update subscribers set attributes = '{"first_name": "Zoë"}' where address = 'reader3@example.net'
            """);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        await Room.Worker.SendAsync();

        foreach (var (reader, name) in new[] { ("reader1", "Reader1"), ("reader2", "friend"), ("reader3", "Zoë") })
        {
            var received = Room.Inbox.Messages.List(10, recipient: reader + "@").Messages.Single();
            var message = MimeKit.MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(received.Number)!.Bytes));
            Assert.Contains($"Dear {name},", message.TextBody, StringComparison.Ordinal);
            Assert.Contains($"Dear {name},", message.HtmlBody, StringComparison.Ordinal);
            Assert.Equal("tea@example.com", received.Sender);
            Assert.Equal($"{reader}@example.net", message.To.Mailboxes.Single().Address);
            Assert.Matches($"^{issue}\\.[1-3]\\.[0-9a-f]{{20}}@example\\.com$", message.MessageId);
            await AssertLeavesWithAsync(message, $"{reader}@example.net", newsletter.Id, issue);
        }
    }

    [Fact]
    public async Task EveryDeliveryComesBackToAnAddressOfItsOwn()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 3);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        Assert.Null(ReturnPaths.TryCreate("bounce@news.example.com", out var paths));

        await Room.NewWorker(options => options.BounceAddress = "bounce@news.example.com").SendAsync();

        var senders = Room.Inbox.Messages.List(10).Messages.Select(message => message.Sender).ToList();
        Assert.All(senders, sender => Assert.Matches("^bounce\\+[a-z2-7]{20,39}@news\\.example\\.com$", sender));
        Assert.Equal([1, 2, 3], senders.Select(sender => paths!.Read(Room.Keys, sender)).Where(token => token!.Value.IssueId == issue).Select(token => token!.Value.Seq).Order());
    }

    [Fact]
    public async Task TwoWorkersShareAnIssueAndNobodyGetsItTwice()
    {
        var issue = await Room.FreezeIssueAsync(300);
        Room.Options.BatchSize = 20;
        var (one, other) = (Room.NewWorker(), Room.NewWorker());

        await Task.WhenAll(one.SendAsync(), other.SendAsync(), one.SendAsync());

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 300L), (receipt.State, receipt.Accepted));
        Assert.Equal((300L, 300L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
    }

    [Fact]
    public async Task AnIssueIsFinishedOnceThoughManyLook()
    {
        var issue = await Room.FreezeIssueAsync(40);
        Room.Options.BatchSize = 5;
        await Task.WhenAll(Room.NewWorker().SendAsync(), Room.NewWorker().SendAsync());
        var finished = await Database.ScalarAsync<DateTime>("select finished_at from issues where id = $1", issue);

        var again = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => Room.Issues.TryFinishAsync(issue, default))));
        await Room.Worker.WorkAsync();

        Assert.DoesNotContain(true, again);
        Assert.Equal(finished, await Database.ScalarAsync<DateTime>("select finished_at from issues where id = $1", issue));
    }

    [Fact]
    public async Task ASmallIssuePassesBesideALargeOne()
    {
        var large = await Room.FreezeIssueAsync(200);
        Room.Options.BatchSize = 10;
        await Database.ExecuteAsync("delete from batches");
        await Database.ExecuteAsync("insert into batches (issue_id, batch_no, first_seq, last_seq, size) select $1, n, n * 10 - 9, n * 10, 10 from generate_series(1, 20) n", large);
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Slug = "small" });
        await Some.SubscribersAsync(Database, newsletter, 5, domain: "small.example");
        var small = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        var first = await ClaimAsync();
        var second = await ClaimAsync();
        var third = await ClaimAsync();

        Assert.Equal([large, small, large], [first!.IssueId, second!.IssueId, third!.IssueId]);
    }

    [Fact]
    public async Task AtTheEndOfItsTimeASenderFinishesWhatIsInFlightAndGivesTheRestBack()
    {
        var issue = await Room.FreezeIssueAsync(200);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(100)));
        var worker = Room.NewWorker(options => options.HandOverSeconds = 1);

        Assert.Equal(SenderRun.HandOver, await worker.SendAsync());

        var receipt = await Room.ReceiptAsync(issue);
        Assert.InRange(receipt.Accepted, 1, 199);
        Assert.Equal((0L, 0L, 200 - receipt.Accepted), (receipt.Sending, receipt.Unknown, receipt.Pending));
        Assert.Equal(receipt.Accepted, Room.Inbox.Messages.Count);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'"));
        await SendTheRestAsync(issue, 200);
    }

    [Fact]
    public async Task ToldToStopASenderLosesNothingAndSendsNothingTwice()
    {
        var issue = await Room.FreezeIssueAsync(200);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(50)));
        using var stop = new CancellationTokenSource();
        var sending = Room.Worker.SendAsync(stop.Token);
        await Room.Inbox.Messages.WaitForAsync(20, Patience);

        await stop.CancelAsync();
        Assert.Equal(SenderRun.HandOver, await sending);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((0L, 0L, Room.Inbox.Messages.Count), (receipt.Sending, receipt.Unknown, receipt.Accepted));
        await SendTheRestAsync(issue, 200);
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task AMessageThatCannotBeMadeFailsAloneAndTheRestIsSent()
    {
        var issue = await Room.FreezeIssueAsync(30);
        // Nothing but a defect can leave a delivery without its variant.
        await Database.ExecuteAsync("update deliveries set variant = 9 where seq in (7, 8)");

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 28L, 2L), (receipt.State, receipt.Accepted, receipt.Failed));
        Assert.True(receipt.Balanced);
        var reader = await Database.ScalarAsync<long>("select subscriber_id from deliveries where seq = 7");
        await KeptAsync("F20", issue, refused: 2);
        Assert.Contains("could not be made: KeyNotFoundException", (await Room.Deliveries.WhyAsync(issue, reader, default))!.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadersOfManyAlphabetsAndLongNamesAllGetTheirs()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 4);
        await Database.ExecuteAsync(
            """
            update subscribers set name = '王小明 Wang' where address = 'reader1@example.net';
            update subscribers set name = 'محمد Ali' where address = 'reader2@example.net';
            update subscribers set name = repeat('Łucja', 40) where address = 'reader3@example.net';
            update subscribers set name = '<b>&"', attributes = '{"tags": ["a", 1, null], "n": 3, "none": null, "deep": {"x": "y"}}' where address = 'reader4@example.net'
            """);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, Some.Body + "\n{{ subscriber.attributes.tags | default: \"-\" }}\n"));

        await Room.Worker.WorkAsync();

        Assert.Equal(4, (await Room.ReceiptAsync(issue)).Accepted);
    }

    private async Task SendTheRestAsync(long issue, long all)
    {
        Room.Inbox.Play(FaultScript.None);
        await Room.NewWorker().WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", all), (receipt.State, receipt.Accepted));
        Assert.Equal((all, all), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
    }

    private Task<ClaimedBatch?> ClaimAsync() =>
        Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), mayTakeOver: true, TimeSpan.FromSeconds(1), default);

    private async Task AssertOnceEachAsync(Receipt receipt)
    {
        var accepted = await Database.ListAsync<string>(
            "select b.address from deliveries d join subscribers b on b.id = d.subscriber_id where d.issue_id = $1 and d.status = 'accepted'", receipt.Issue);
        Assert.Equal(accepted.Order(StringComparer.Ordinal), Room.Inbox.Messages.After(0, 10_000).Select(message => message.Recipients.Single()).Order(StringComparer.Ordinal));
    }

    private async Task AssertLeavesWithAsync(MimeKit.MimeMessage message, string address, long newsletter, long issue)
    {
        var url = message.Headers["List-Unsubscribe"]!.Trim('<', '>');
        Assert.StartsWith("https://news.example.com/unsubscribe/", url, StringComparison.Ordinal);
        var token = UnsubscribeToken.Verify(Room.Keys, url[(url.LastIndexOf('/') + 1)..]);
        var reader = await Database.ScalarAsync<long>("select id from subscribers where address = $1", address);
        Assert.Equal(new UnsubscribeToken(newsletter, reader, issue), token);
        Assert.Contains(url, message.TextBody, StringComparison.Ordinal);
    }
}
