using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Scheduling;

public sealed class FreezeStoreTests : MailroomTest
{
    [Fact]
    public async Task AFreezeCutOffBetweenChunksGoesOnWhereItWas()
    {
        var (issue, _) = await BeginAsync(readers: 230);

        Assert.Equal(FreezeStep.More, await Room.Freeze.FreezeChunkAsync(issue, 100, 50, default));
        Assert.Equal(("freezing", 100L), await StateAsync(issue));
        Assert.Equal([issue], await Room.Freeze.AllFreezing(default));
        Assert.False((await Room.ReceiptAsync(issue)).Balanced);

        Assert.True(await Room.Publisher.FreezeAsync(issue, default));

        Assert.Equal(("sending", 230L), await StateAsync(issue));
        Assert.Empty(await Room.Freeze.AllFreezing(default));
        await AssertEveryMemberOnceAsync(issue, 230);
    }

    [Fact]
    public async Task WhoTakesABreakOrTheDigestIsExcludedForThatReason()
    {
        var (issue, _) = await BeginAsync(readers: 10);
        await Database.ExecuteAsync("""
            update subscriptions set paused_until = now() + interval '1 day' where subscriber_id in (1, 2, 3);
            update subscriptions set paused_until = now() - interval '1 minute' where subscriber_id = 4;
            update subscriptions set frequency = 'digest' where subscriber_id in (3, 5);
            insert into suppressions (address, reason) select address, 'manual' from subscribers where id in (2, 6);
            """);

        await Room.Publisher.FreezeAsync(issue, default);

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((10L, 5L), (receipt.Audience, receipt.Pending));
        Assert.Equal(["digest 1", "paused 2", "suppressed 2", "unsubscribed 0"], receipt.Excluded.Select(pair => $"{pair.Key} {pair.Value}"));
        Assert.Equal(5L, await Database.ScalarAsync<long>("select sum(size) from batches"));
        Assert.Equal("No: the reader had paused the newsletter at the time.", (await Room.Deliveries.WhyAsync(issue, 1, default))!.Answer);
    }

    [Fact]
    public async Task WhoWantsPlainTextGetsTheSameIssueWithoutHtml()
    {
        var (issue, _) = await BeginAsync(readers: 3);
        await Database.ExecuteAsync("update subscribers set plain_text = true where id = 2");
        await Room.Publisher.FreezeAsync(issue, default);

        await Room.Worker.WorkAsync();

        var mails = Enumerable.Range(1, 3).Select(n => MimeKit.MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(n)!.Bytes)))
            .ToDictionary(mail => mail.To.Mailboxes.Single().Address, StringComparer.Ordinal);
        var (plain, rich) = (mails["reader2@example.net"], mails["reader1@example.net"]);
        Assert.Equal(("text/plain", "multipart/alternative"), (plain.Body!.ContentType.MimeType, rich.Body!.ContentType.MimeType));
        Assert.Equal(rich.TextBody!.Replace("Reader1", "Reader2", StringComparison.Ordinal).Replace("reader1", "reader2", StringComparison.Ordinal).Split("/unsubscribe/")[0],
            plain.TextBody!.Split("/unsubscribe/")[0]);
        Assert.Equal((rich.Subject, true), (plain.Subject, plain.Headers.Contains("List-Unsubscribe")));
    }

    [Fact]
    public async Task AFreezeMayEndWithBatchesOfAnotherSizeThanItBegan()
    {
        var (issue, _) = await BeginAsync(readers: 230);
        await Room.Freeze.FreezeChunkAsync(issue, 100, 50, default);

        await Room.Freeze.FreezeChunkAsync(issue, 120, 40, default);
        await Room.Freeze.FreezeChunkAsync(issue, 120, 40, default);

        await AssertEveryMemberOnceAsync(issue, 230);
        Assert.Equal([50, 50, 40, 40, 40, 10], await Database.ListAsync<int>("select size from batches order by batch_no"));
    }

    [Fact]
    public async Task AFrozenIssueHasStatisticsBeforeItsFirstClaim()
    {
        await Room.FreezeIssueAsync(230);

        var stated = await Database.ScalarAsync<float>("select reltuples from pg_class where relname like 'deliveries\\_%' and relispartition and relkind = 'r'");

        Assert.Equal(230, stated);
        Assert.True(await Database.ScalarAsync<long>("select count(*) from pg_stats where tablename like 'deliveries\\_%' and attname = 'issue_id'") > 0);
    }

    [Fact]
    public async Task ReadersWhoJoinWhileAnIssueIsFrozenDoNotTurnUpTwice()
    {
        var (issue, newsletter) = await BeginAsync(readers: 100);
        await Room.Freeze.FreezeChunkAsync(issue, 50, 50, default);
        await Some.SubscribersAsync(Database, newsletter, 20);

        await Room.Publisher.FreezeAsync(issue, default);

        await AssertEveryMemberOnceAsync(issue, 120);
    }

    [Fact]
    public async Task WhoeverLeavesBeforeTheirChunkIsNoMember()
    {
        var (issue, _) = await BeginAsync(readers: 100);
        await Room.Freeze.FreezeChunkAsync(issue, 50, 50, default);
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now() where subscriber_id in (10, 90)");

        await Room.Publisher.FreezeAsync(issue, default);

        await AssertEveryMemberOnceAsync(issue, 99);
    }

    [Fact]
    public async Task AFreezeInOtherHandsIsLeftToThem()
    {
        var (issue, _) = await BeginAsync(readers: 10);
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var hold = new Npgsql.NpgsqlCommand("select from issues for update", connection);
        await hold.ExecuteNonQueryAsync();

        Assert.Equal(FreezeStep.Elsewhere, await Room.Freeze.FreezeChunkAsync(issue, 50, 50, default));
        Assert.False(await Room.Publisher.FreezeAsync(issue, default));

        Assert.Equal(("freezing", 0L), await StateAsync(issue));
    }

    [Fact]
    public async Task OnlyActiveSubscribersAreMembersAndTheSuppressedOfThemAreExcluded()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var other = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        await Some.SubscribersAsync(Database, newsletter, 10);
        await Some.SubscribersAsync(Database, newsletter, 5, status: "pending");
        await Some.SubscribersAsync(Database, newsletter, 3, status: "unsubscribed");
        await Some.SubscribersAsync(Database, newsletter, 2, domain: "gone.example");
        await Some.SubscribersAsync(Database, other, 7);
        await SuppressAsync("READER3@Example.NET", null);
        await SuppressAsync("reader13@example.net", null);
        await SuppressAsync(null, "Gone.Example");

        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((12L, 9L, 3L, 0L), (receipt.Audience, receipt.Pending, receipt.Excluded["suppressed"], receipt.Excluded["unsubscribed"]));
        Assert.Equal(0L, await Database.ScalarAsync<long>(
            """
            select count(*) from deliveries d join subscriptions s on s.subscriber_id = d.subscriber_id
            where s.status <> 'active' or s.newsletter_id <> $1
            """, newsletter.Id));
    }

    [Theory]
    [InlineData("free", 9)]
    [InlineData("premium", 4)]
    public async Task APremiumEditionGoesToPremiumReadersOnlyAndAFreeOneToAll(string tier, long audience)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 5);
        await Some.SubscribersAsync(Database, newsletter, 4, tier: "premium");

        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, frontMatter: $"tier: {tier}"));

        Assert.Equal(audience, (await Room.ReceiptAsync(issue)).Audience);
        Assert.Equal(0L, await Database.ScalarAsync<long>(
            "select count(*) from deliveries d join subscriptions s on s.subscriber_id = d.subscriber_id where $1 = 'premium' and s.tier <> 'premium'", tier));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task AnIssueThatNobodyIsToGetFinishesBalanced(int suppressed)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, suppressed);
        await SuppressAsync(null, "example.net");
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", (long)suppressed), (receipt.State, receipt.Audience));
        Assert.True(receipt.Balanced);
    }

    [Fact]
    public async Task SmallIssuesShareTheMonthsPartitionAndALargeOneHasItsOwn()
    {
        Room.Scheduling.OwnPartitionFrom = 10;
        var small = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, small, 9);
        var large = await Some.NewsletterAsync(Database, draft => draft with { Slug = "large" });
        await Some.SubscribersAsync(Database, large, 10);

        await Room.FreezeAsync(await Some.EditionAsync(Database, small));
        await Room.FreezeAsync(await Some.EditionAsync(Database, small));
        var edition = await Some.EditionAsync(Database, large);
        await Room.FreezeAsync(edition);

        var month = await Database.ScalarAsync<string>("select to_char(now() at time zone 'UTC', 'YYYYMM')");
        Assert.Equal(
            [$"deliveries_{1_000_000_000_000 + edition.Id}: 10", $"deliveries_{month}: 18"],
            await Database.ListAsync<string>("select tableoid::regclass::text || ': ' || count(*) from deliveries group by tableoid order by 1"));
        Assert.Equal(2L, await Database.ScalarAsync<long>(
            "select count(*) from pg_class where relname like 'deliveries\\_%' and relispartition and relkind = 'r' and 'fillfactor=60' = any(reloptions)"));
    }

    [Fact]
    public async Task PartitionsMadeAtOnceAreMadeOnce()
    {
        var editions = new List<Edition>();
        for (var i = 0; i < 4; i++)
        {
            var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Slug = $"n{i}" });
            await Some.SubscribersAsync(Database, newsletter, 2);
            editions.Add(await Some.EditionAsync(Database, newsletter));
        }

        await Task.WhenAll(editions.Select(edition => Task.Run(() => Room.FreezeAsync(edition))));

        Assert.Equal(8L, await Database.ScalarAsync<long>("select count(*) from deliveries"));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from pg_class where relname like 'deliveries\\_%' and relispartition and relkind = 'r'"));
    }

    // An issue whose freeze has begun and not come far.
    private async Task<(long Issue, NewsletterProfile Newsletter)> BeginAsync(int readers)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var edition = await Some.EditionAsync(Database, newsletter);
        var issue = await Room.FreezeAsync(edition);
        await Some.SubscribersAsync(Database, newsletter, readers);
        await Database.ExecuteAsync("update issues set state = 'freezing', frozen_at = null where id = $1", issue);
        return (issue, newsletter);
    }

    private async Task AssertEveryMemberOnceAsync(long issue, long audience)
    {
        Assert.Equal(audience, (await Room.ReceiptAsync(issue)).Audience);
        Assert.Equal(audience, await Database.ScalarAsync<long>("select count(distinct subscriber_id) from deliveries where issue_id = $1", issue));
        // No place twice and none left out, each in exactly one batch.
        Assert.Equal(audience, await Database.ScalarAsync<long>(
            "select count(*) from deliveries d join batches b on b.issue_id = d.issue_id and d.seq between b.first_seq and b.last_seq where d.issue_id = $1", issue));
        Assert.Equal(audience, await Database.ScalarAsync<int>("select max(seq) from deliveries where issue_id = $1", issue));
    }

    private async Task<(string?, long)> StateAsync(long issue)
    {
        var receipt = await Room.ReceiptAsync(issue);
        return (receipt.State, receipt.Audience);
    }

    private Task<int> SuppressAsync(string? address, string? domain) =>
        Database.ExecuteAsync("insert into suppressions (address, domain, reason) values ($1, $2, 'manual')", address, domain);
}
