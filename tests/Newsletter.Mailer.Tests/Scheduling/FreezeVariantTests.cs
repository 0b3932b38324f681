using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Scheduling;

/// <summary>Readers who see different content: decided at the freeze, written in the ledger, sent from one finished message each.</summary>
public sealed class FreezeVariantTests : MailroomTest
{
    private const string Body = "All.\n\n:::premium\nSecret.\n:::\n\n:::only beta\nBeta.\n:::\n\n:::only not beta\nNot beta.\n:::";

    [Fact]
    public async Task EveryReaderGetsTheVariantOfTheirTierAndSegment()
    {
        var issue = await FreezeAsync();

        Assert.Equal(
            ["0 everyone:free", "1 everyone:free", "2 everyone:premium", "3 everyone:premium", "4 everyone:free+beta", "5 everyone:free+beta", "6 everyone:premium+beta", "7 everyone:premium+beta"],
            await Database.ListAsync<string>("select variant || ' everyone:' || name from issue_content where issue_id = $1 order by variant", issue));
        Assert.Equal(["1:0", "2:2", "3:4", "4:7", "5:0", "6:6"], await Database.ListAsync<string>("select subscriber_id || ':' || variant from deliveries order by subscriber_id"));

        await Room.Worker.WorkAsync();
        Assert.Equal("gate|not beta", SeenBy("reader1@example.net"));
        Assert.Equal("secret|not beta", SeenBy("reader2@example.net"));
        Assert.Equal("gate|beta", SeenBy("reader3@example.net"));
        Assert.Equal("secret|beta", SeenBy("reader4@example.net"));
        Assert.Equal("secret|beta", SeenBy("reader6@example.net"));
    }

    [Fact]
    public async Task WhoChangesTierOrSegmentAfterwardsKeepsTheirVariant()
    {
        await FreezeAsync();

        await Database.ExecuteAsync("update subscriptions set tier = 'premium'; update segments set filter = 'tier = \"free\"'");
        await Room.Worker.WorkAsync();

        Assert.Equal("gate|not beta", SeenBy("reader1@example.net"));
    }

    [Fact]
    public async Task AFreezeCutOffAsksWhatItAskedAtItsBeginning()
    {
        var issue = await BeginAsync();
        await Room.Freeze.FreezeChunkAsync(issue, 2, 2, default);
        await Database.ExecuteAsync("update segments set filter = 'tier = \"free\"'");

        await Room.Publisher.FreezeAsync(issue, default);

        Assert.Equal(["1:0", "2:2", "3:4", "4:7", "5:0", "6:6"], await Database.ListAsync<string>("select subscriber_id || ':' || variant from deliveries order by subscriber_id"));
    }

    [Fact]
    public async Task ASegmentThatIsGoneHoldsTheEdition()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        var edition = await Some.EditionAsync(Database, newsletter, body: ":::only beta\nx\n:::");
        await Some.DueAsync(Database, edition);

        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(edition.Id, default));
        Assert.Contains("no segment 'beta'", await Database.ScalarAsync<string>("select held_reason from editions where id = $1", edition.Id), StringComparison.Ordinal);
    }

    private async Task<long> FreezeAsync()
    {
        var issue = await BeginAsync();
        await Room.Publisher.FreezeAsync(issue, default);
        return issue;
    }

    // Made while there was nobody yet, so that its freeze begins with the test.
    private async Task<long> BeginAsync()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) values ($1, 'beta', 'Beta', 'attributes.beta = \"yes\"')", newsletter.Id);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, body: Body));
        await Some.SubscribersAsync(Database, newsletter, 6);
        await Database.ExecuteAsync("""
            update subscriptions set tier = case when subscriber_id in (2, 4, 6) then 'premium' else 'free' end;
            update subscribers set attributes = jsonb_build_object('beta', 'yes') where id in (3, 4, 6);
            update subscribers set plain_text = true where id = 4;
            update issues set state = 'freezing', frozen_at = null;
            """);
        return issue;
    }

    private string SeenBy(string address)
    {
        var mail = Enumerable.Range(1, (int)Room.Inbox.Messages.Count).Select(n => MimeKit.MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(n)!.Bytes)))
            .Single(mail => mail.To.Mailboxes.Single().Address == address);
        var text = mail.TextBody!;
        Assert.True(mail.HtmlBody is null || mail.HtmlBody.Contains("Secret.", StringComparison.Ordinal) == text.Contains("Secret.", StringComparison.Ordinal));
        return (text.Contains("Secret.", StringComparison.Ordinal) ? "secret" : text.Contains("This part is for premium readers", StringComparison.Ordinal) ? "gate" : "?")
            + (text.Contains("Not beta.", StringComparison.Ordinal) ? "|not beta" : text.Contains("Beta.", StringComparison.Ordinal) ? "|beta" : "|?");
    }
}
