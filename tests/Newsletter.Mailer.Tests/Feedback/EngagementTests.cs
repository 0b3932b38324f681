using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

public sealed class EngagementTests : MailroomTest
{
    [Fact]
    public async Task WhomAnEndedIssueReachedIsToldToTheAudienceOnce()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 5);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader2@example.net").Reply(550, "5.1.1 No such user."));
        var first = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        var engagement = new EngagementStore(DataSource);
        Assert.Empty(await engagement.FindDueAsync(default));
        Assert.False(await engagement.RollUpAsync(first, default));

        await Room.Worker.WorkAsync();
        await Database.ExecuteAsync("delete from subscribers where address = 'reader3@example.net'");
        Assert.Equal([first], await engagement.FindDueAsync(default));
        Assert.True(await engagement.RollUpAsync(first, default));

        Assert.Empty(await engagement.FindDueAsync(default));
        Assert.Equal(3L, await Database.ScalarAsync<long>("select count(*) from engagement where received_issue = $1 and clicked_issue is null", first));
        Assert.Equal(3L, await CountAsync("received(last issue)"));

        var second = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, frontMatter: "tier: premium"));
        await Room.Worker.WorkAsync();
        await engagement.RollUpAsync(second, default);
        // A second roll-up of an older issue takes nothing back.
        Assert.True(await engagement.RollUpAsync(first, default));
        Assert.Equal((0L, 3L), (await CountAsync("received(last issue)"), await CountAsync("received(last 2 issues)")));

        await Database.ExecuteAsync("update engagement set received_issue = $1 where subscriber_id = 1", second);
        await engagement.RollUpAsync(first, default);
        Assert.Equal(second, await Database.ScalarAsync<long>("select received_issue from engagement where subscriber_id = 1"));
    }

    [Fact]
    public async Task AnIssueThatNobodyHadIsNoneOfTheLast()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 2);
        var engagement = new EngagementStore(DataSource);
        var first = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.WorkAsync();
        await engagement.RollUpAsync(first, default);
        var second = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Database.ExecuteAsync("update issues set state = 'cancelled', finished_at = now() where id = $1", second);
        Assert.Equal(0L, await CountAsync("received(last issue)"));

        await engagement.RollUpAsync(second, default);

        Assert.Equal(2L, await CountAsync("received(last issue)"));
        Assert.Empty(await engagement.FindDueAsync(default));
    }

    [Fact]
    public async Task WhoIsErasedLeavesNoTraceInTheRollUp()
    {
        var issue = await Room.FreezeIssueAsync(2);
        await Room.Worker.WorkAsync();
        await new EngagementStore(DataSource).RollUpAsync(issue, default);

        await Database.ExecuteAsync("delete from subscribers where id = 1");

        Assert.Equal([2L], await Database.ListAsync<long>("select subscriber_id from engagement"));
    }

    private async Task<long> CountAsync(string filter)
    {
        Assert.Null(SegmentFilter.TryParse(filter, out var read));
        var sizes = new SegmentSizeStore(DataSource);
        return (await sizes.CountAsync(read!, (await sizes.ContextAsync("tea", default))!, default)).Audience;
    }
}
