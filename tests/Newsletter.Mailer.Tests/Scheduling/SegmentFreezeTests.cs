using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Scheduling;

/// <summary>An edition that names a segment goes to that and to nobody else.</summary>
public sealed class SegmentFreezeTests : MailroomTest
{
    [Theory]
    [InlineData("odd-readers")]
    [InlineData("Odd readers")]
    public async Task OnlyTheSegmentIsFrozenChunkByChunk(string segment)
    {
        var newsletter = await MakeAsync(readers: 300);
        Room.Scheduling.FreezeChunk = 50;

        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, frontMatter: $"segment: {segment}"));

        Assert.Equal(150L, (await Room.ReceiptAsync(issue)).Audience);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from deliveries where subscriber_id % 2 = 0"));
        Assert.Equal(150L, await Database.ScalarAsync<long>("select count(distinct subscriber_id) from deliveries"));
        Assert.Equal("Odd readers", await Database.ScalarAsync<string>("select segment from issues"));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from mailings where issue_id = $1", issue));

        await Room.Worker.WorkAsync();
        Assert.True((await Room.ReceiptAsync(issue)).Balanced);
        Assert.Equal(150, Room.Inbox.Messages.Count);
        var answer = (await Room.Deliveries.WhyAsync(issue, "reader2@example.net", default))!.Answer;
        Assert.StartsWith("No: the edition went to the segment 'Odd readers', and this reader was not in it", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFreezeThatWasBegunKeepsItsFilterThoughTheSegmentChanges()
    {
        var newsletter = await MakeAsync(readers: 200);
        var edition = await Some.EditionAsync(Database, newsletter, frontMatter: "segment: odd-readers");
        await Some.DueAsync(Database, edition);
        await Room.Publisher.PublishAsync(edition.Id, default);
        var issue = await Database.ScalarAsync<long>("select id from issues");
        await Database.ExecuteAsync("delete from deliveries; delete from batches; update issues set state = 'freezing', freeze_cursor = 0, audience = 0, frozen_at = null");
        await Room.Freeze.FreezeChunkAsync(issue, 50, 50, default);

        await Database.ExecuteAsync("update segments set filter = 'tags is empty'");
        await Database.ExecuteAsync("update subscribers set tags = '{odd,even}'");
        await Room.Publisher.FreezeAsync(issue, default);

        // 50 odd ones, and everyone behind the 99th reader by what the filter says of them now.
        Assert.Equal(50L + 101L, (await Room.ReceiptAsync(issue)).Audience);
    }

    [Fact]
    public async Task AnUnknownSegmentIsToldWithItsLineBeforePublishing()
    {
        var newsletter = await MakeAsync(readers: 2);
        var edition = await Some.EditionAsync(Database, newsletter, frontMatter: "segment: odd-raeders");

        var refused = Assert.IsType<ScheduleOutcome.NotReady>(await Room.Scheduler.PublishNowAsync(edition.Id, default));

        Assert.StartsWith("Line 4, column 10: The newsletter 'tea' has no segment 'odd-raeders'. Did you mean 'odd-readers'?", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASegmentThatIsGoneWhenItsTimeComesHoldsTheEdition()
    {
        var newsletter = await MakeAsync(readers: 2);
        var edition = await Some.EditionAsync(Database, newsletter, frontMatter: "segment: odd-readers");
        await Some.DueAsync(Database, edition);
        await Database.ExecuteAsync("delete from segments");

        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(edition.Id, default));
        Assert.Contains("no segment 'odd-readers'", await Database.ScalarAsync<string>("select held_reason from editions"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEmptySegmentIsAnIssueWithNobody()
    {
        var newsletter = await MakeAsync(readers: 4);
        await Database.ExecuteAsync("update segments set filter = 'tags has \"nobody\"'");

        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, frontMatter: "segment: odd-readers"));

        Assert.Equal(0L, (await Room.ReceiptAsync(issue)).Audience);
    }

    private async Task<NewsletterProfile> MakeAsync(int readers)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, readers);
        await Database.ExecuteAsync("update subscribers set tags = '{odd}' where id % 2 = 1");
        Assert.IsType<AudienceOutcome<Segment>.Created>(await new SegmentStore(DataSource).CreateAsync(
            new SegmentDraft { Newsletter = "tea", Name = "Odd readers", Filter = "tags has \"odd\" and not clicked(last 5 issues)" }, default));
        return newsletter;
    }
}
