using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Faults;

/// <summary>F13: whatever is asked for twice happens once.</summary>
[Trait("Category", "Faults")]
public sealed class TwiceTests : MailroomTest
{
    [Fact]
    public async Task SendClickedTwiceAndByTwoWorkersAtOnceIsSentOnce()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 200);
        var edition = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, edition);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Room.Publisher.PublishAsync(edition.Id, default)));
        var (one, other) = (Room.NewWorker(), Room.NewWorker());
        await Task.WhenAll(one.SendAsync(), other.SendAsync(), one.SendAsync(), other.SendAsync());
        await one.WorkAsync();

        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from issues"));
        var issue = await Database.ScalarAsync<long>("select id from issues");
        var line = await KeptAsync("F13", issue);
        Assert.Equal((200L, 0L, 200L), (line.Recipients, line.Copies, Room.Inbox.Messages.Count));
    }
}
