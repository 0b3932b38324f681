using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Scheduling;

public sealed class ThrottleGroupsTests
{
    [Theory]
    [InlineData("gmail.com", "google")]
    [InlineData("hotmail.co.uk", "microsoft")]
    [InlineData("outlook.com", "microsoft")]
    [InlineData("yahoo.co.jp", "yahoo")]
    [InlineData("aol.com", "yahoo")]
    [InlineData("icloud.com", "apple")]
    [InlineData("example.net", "other")]
    [InlineData("mail.gmail.com", "other")]
    [InlineData("notyahoo.com", "other")]
    public void ADomainHasItsProvidersGroup(string domain, string group) => Assert.Equal(group, new ThrottleGroups().Of(domain));

    [Fact]
    public void AConfiguredGroupReplacesTheBuiltInOneAndGoesBeforeTheOthers()
    {
        var groups = new ThrottleGroups(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["google"] = ["example.org"], ["mine"] = ["Icloud.com", "corp.*"] });

        Assert.Equal(["other", "google", "mine", "mine", "apple"],
            new[] { "gmail.com", "example.org", "icloud.com", "corp.example", "me.com" }.Select(groups.Of));
        Assert.Equal(["apple", "google", "microsoft", "mine", "yahoo", "other"], groups.Names);
    }

    [Theory]
    [InlineData("google", "gmail")]
    [InlineData("google", "@gmail.com")]
    [InlineData("google", "*.com")]
    [InlineData("Google", "gmail.com")]
    [InlineData("two words", "gmail.com")]
    public void AWrongGroupIsNamed(string name, string domain) =>
        Assert.Contains($"Scheduling:ThrottleGroups:{name}", Assert.Single(ThrottleGroups.Problems(new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [domain] })), StringComparison.Ordinal);
}

public sealed class BatchesByGroupTests : MailroomTest
{
    [Fact]
    public async Task ABatchIsOfOneGroupAndTheDatabaseAgreesWithTheTable()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        string[] domains = ["gmail.com", "example.net", "hotmail.fr", "yahoo.co.uk", "me.com", "GMAIL.COM"];
        foreach (var domain in domains)
            await Some.SubscribersAsync(Database, newsletter, 30, domain: domain);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        var rows = await Database.ListAsync<string>(
            """
            select b.throttle_group || ' ' || lower(split_part(s.address, '@', 2))
            from batches b
            join deliveries d on d.issue_id = b.issue_id and d.seq between b.first_seq and b.last_seq
            join subscribers s on s.id = d.subscriber_id
            where b.issue_id = $1
            """,
            issue);

        Assert.Equal(180, rows.Count);
        var groups = new ThrottleGroups();
        Assert.All(rows, row => Assert.Equal(row.Split(' ')[0], groups.Of(row.Split(' ')[1])));
        Assert.Equal(["apple 30", "google 50", "google 10", "microsoft 30", "other 30", "yahoo 30"],
            await Database.ListAsync<string>("select throttle_group || ' ' || size from batches order by batch_no"));
    }

    [Fact]
    public async Task AClaimPassesOverGroupsThatAreNotWanted()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 60, domain: "gmail.com");
        await Some.SubscribersAsync(Database, newsletter, 10);
        await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        Assert.Equal("other", (await ClaimAsync("google"))!.ThrottleGroup);
        Assert.Null(await ClaimAsync("google"));
        Assert.Equal("google", (await ClaimAsync())!.ThrottleGroup);

        Task<Mailer.Delivery.ClaimedBatch?> ClaimAsync(params string[] passOver) =>
            Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), mayTakeOver: false, TimeSpan.FromSeconds(1), passOver, default);
    }

    [Fact]
    public async Task RetriesAreCutByGroupToo()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 60, domain: "gmail.com");
        await Some.SubscribersAsync(Database, newsletter, 20);
        await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        Relay(script => script.At(Mailer.Inbox.FaultPoint.Rcpt).First(1, Mailer.Inbox.FaultScope.Recipient).Reply(450, "4.2.0 Greylisted"));
        await Room.Worker.SendAsync();

        await Room.Worker.Sweep.RunAsync(default);

        Assert.Equal(["google 50", "google 10", "other 20"],
            await Database.ListAsync<string>("select throttle_group || ' ' || size from batches where kind = 'retry' order by batch_no"));
        await Room.Worker.WorkAsync();
        Assert.Equal(80, Room.Inbox.Messages.DistinctRecipients);
    }
}
