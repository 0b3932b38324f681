using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

public sealed class UnsubscribeStoreTests : DatabaseTest
{
    private NewsletterProfile _newsletter = null!;
    private long _reader;

    private UnsubscribeStore Store => new(DataSource, new SubscriptionStore(DataSource));

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _newsletter = await Some.NewsletterAsync(Database);
        _reader = (await Some.SubscribersAsync(Database, _newsletter, 1)).Single();
    }

    [Fact]
    public async Task LeavingKeepsWhenHowAndByWhichIssuesLink()
    {
        Assert.True(await Store.LeaveAsync(_newsletter.Id, _reader, 35, "one_click", default));

        Assert.Equal("unsubscribed one_click 35 t", await SubscriptionAsync());
        Assert.Equal("unsubscribed", (await Store.FindAsync(_newsletter.Id, _reader, default))!.Status);
    }

    [Fact]
    public async Task LeavingTwiceKeepsTheFirstTimeAndWay()
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "one_click", default);
        await Database.ExecuteAsync("update subscriptions set unsubscribed_at = '2026-01-01T00:00Z'");

        Assert.False(await Store.LeaveAsync(_newsletter.Id, _reader, 36, "page", default));

        Assert.Equal("unsubscribed one_click 35 t", await SubscriptionAsync());
        Assert.Equal(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), await Database.ScalarAsync<DateTime>("select unsubscribed_at from subscriptions"));
    }

    [Fact]
    public async Task OfManyAtOnceOneEndsIt()
    {
        var ended = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(() => Store.LeaveAsync(_newsletter.Id, _reader, n, "one_click", default))));

        Assert.Single(ended, left => left);
    }

    [Fact]
    public async Task ALinkOfNoIssueIsKeptAsNone()
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 0, "page", default);

        Assert.Equal("unsubscribed page t", await SubscriptionAsync());
    }

    [Fact]
    public async Task WhoeverNeverConfirmedLeavesAsWell()
    {
        await Database.ExecuteAsync("update subscriptions set status = 'pending', confirmed_at = null");

        Assert.True(await Store.LeaveAsync(_newsletter.Id, _reader, 0, "page", default));
    }

    [Fact]
    public async Task LeavingNeverMakesASubscription()
    {
        await Database.ExecuteAsync("delete from subscriptions");

        Assert.False(await Store.LeaveAsync(_newsletter.Id, _reader, 35, "one_click", default));
        Assert.False(await Store.LeaveAsync(_newsletter.Id, 0, 0, "one_click", default));
        Assert.False(await Store.LeaveAsync(4711, 4711, 4711, "one_click", default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task LeavingOneNewsletterLeavesTheOthers()
    {
        var other = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status) values ($1, $2, 'active')", other.Id, _reader);

        await Store.LeaveAsync(_newsletter.Id, _reader, 0, "page", default);

        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions where newsletter_id = $1", other.Id));
    }

    [Fact]
    public async Task ThePageSpeaksOfTheNewsletterAndNotOfTheAddress()
    {
        var page = (await Store.FindAsync(_newsletter.Id, _reader, default))!;

        Assert.Equal(("The Tea", "tea", "en", "active"), (page.Name, page.Slug, page.Language, page.Status));
        Assert.Equal("none", (await Store.FindAsync(_newsletter.Id, 4711, default))!.Status);
        Assert.Null(await Store.FindAsync(4711, _reader, default));
    }

    private Task<string?> SubscriptionAsync() => Database.ScalarAsync<string>(
        "select concat_ws(' ', status, unsubscribed_by, unsubscribed_issue, unsubscribed_at is not null) from subscriptions where newsletter_id = $1", _newsletter.Id);
}
