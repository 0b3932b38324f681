using Newsletter.Mailer.Database;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Reports;

public sealed class TimelineTests : MailroomTest
{
    [Fact]
    public async Task AReadersStoryIsToldInOrder()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 2);
        await Database.ExecuteAsync("update subscribers set created_at = now() - interval '3 days'; update subscriptions set created_at = now() - interval '2 days', confirmed_at = now() - interval '1 day'");
        var first = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.WorkAsync();
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(550, "5.1.1 No such user."));
        var second = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.WorkAsync();
        await Room.Unsubscribes.LeaveAsync(newsletter.Id, 1, first, "one_click", default);

        var story = (await new TimelineStore(DataSource).ListAsync(1, PageRequest.First, default))!;

        Assert.Null(story.Next);
        Assert.Equal(["created", "signed_up", "confirmed", "issue_accepted", "issue_rejected", "suppressed", "unsubscribed"], story.Items.Select(item => item.Kind));
        Assert.True(story.Items.Zip(story.Items.Skip(1)).All(pair => pair.First.At <= pair.Second.At));
        Assert.Equal((first, 1, "Edition 1", "tea"), (story.Items[3].Issue, story.Items[3].Number, story.Items[3].Title, story.Items[3].Newsletter));
        Assert.Equal((second, "550 5.1.1 No such user."), (story.Items[4].Issue, story.Items[4].Detail));
        Assert.StartsWith("hard_bounce", story.Items[5].Detail, StringComparison.Ordinal);
        Assert.Equal((first, "one_click"), (story.Items[6].Issue, story.Items[6].Detail));
    }

    [Fact]
    public async Task ItComesInPagesAndWhoIsNotThereHasNone()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        var timelines = new TimelineStore(DataSource);

        var kinds = new List<string>();
        string? next = null;
        do
        {
            Assert.True(Cursor.TryParse(next, out var cursor));
            var page = (await timelines.ListAsync(1, new PageRequest(cursor, 2), default))!;
            kinds.AddRange(page.Items.Select(item => item.Kind));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(["created", "signed_up", "confirmed"], kinds);
        Assert.Null(await timelines.ListAsync(4711, PageRequest.First, default));
    }
}
