using System.Text.RegularExpressions;
using MimeKit;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback.Visits;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Visits;

public sealed class ClickStoreTests : MailroomTest
{
    private static readonly string[] s_urls = ["https://example.org/1", "https://example.org/2", "https://example.org/3", "https://example.org/4", "https://example.org/5", "https://example.org/6"];

    private ClickStore Clicks => new(DataSource);

    /// <summary>An issue of six links, sent an hour ago.</summary>
    private async Task<long> SentAsync(string clicks = "individual", int links = 6, int readers = 3)
    {
        var newsletter = await Room.Newsletters.FindAsync("tea", default) ?? await MakeAsync(clicks, readers);
        var body = string.Join(" ", s_urls.Take(links).Select(url => $"[go]({url})"));
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, body));
        await Room.Worker.WorkAsync();
        await Database.ExecuteAsync("update deliveries set updated_at = now() - interval '1 hour' where issue_id = $1", issue);
        return issue;
    }

    private async Task<NewsletterProfile> MakeAsync(string clicks, int readers)
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Measuring = new NewsletterMeasuring { Clicks = clicks } });
        await Some.SubscribersAsync(Database, newsletter, readers);
        return newsletter;
    }

    private async Task<string?> ClickAsync(long issue, long reader, int link, string? sign = null, byte[]? visitor = null) =>
        await Clicks.CountAsync(new ClickToken(issue, reader), await NumberedLinks.OfAsync(Database, issue, link), visitor ?? [1], sign, default);

    [Fact]
    public async Task CountingOnReachesNoLinkThatWasNotSent()
    {
        var issue = await SentAsync();

        foreach (var guess in new NumberedLink[] { new(2, null), new(2, "0123456789"), NumberedLink.To(2, s_urls[0]), NumberedLink.To(2, "") })
            Assert.Null(await Clicks.CountAsync(new ClickToken(issue, 1), guess, [1], null, default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from clicks"));

        // Mails of a version before have no proofs in them, and go on leading where they led.
        await Database.ExecuteAsync("update issues set nonce = '0123456789ab@example.com'");
        Assert.Equal(s_urls[1], await Clicks.CountAsync(new ClickToken(issue, 1), new NumberedLink(2, null), [1], null, default));
    }

    private async Task<long> CountAsync(string filter)
    {
        Assert.Null(SegmentFilter.TryParse(filter, out var read));
        var sizes = new SegmentSizeStore(DataSource);
        return (await sizes.CountAsync(read!, (await sizes.ContextAsync("tea", default))!, default)).Audience;
    }

    [Fact]
    public async Task TheLinksOfAnIssueAreStoredAndEachReadersCarryTheirToken()
    {
        var issue = await SentAsync();

        Assert.Equal(s_urls, await Database.ListAsync<string>("select url from links where issue_id = $1 order by link_no", issue));
        var tokens = Tokens().ToList();
        Assert.Equal(3, tokens.Distinct().Count());
        Assert.All(tokens, token => Assert.Equal(issue, ClickToken.Verify(Room.Keys, token)!.IssueId));
        Assert.Equal([1L, 2L, 3L], tokens.Select(token => ClickToken.Verify(Room.Keys, token)!.SubscriberId).Order());
    }

    [Fact]
    public async Task AClickIsCountedAndLeadsToWhatIsStored()
    {
        var issue = await SentAsync();

        Assert.Equal(s_urls[1], await ClickAsync(issue, 1, 2));
        Assert.Equal(s_urls[1], await ClickAsync(issue, 1, 2));
        Assert.Equal(s_urls[1], await ClickAsync(issue, 2, 2));
        Assert.Equal(s_urls[2], await ClickAsync(issue, 2, 3, VisitSigns.Agent));
        Assert.Null(await ClickAsync(issue, 1, 7));
        Assert.Null(await ClickAsync(issue, 1, 0));
        Assert.Null(await ClickAsync(issue + 1, 1, 1));

        var report = await new LinkReportStore(DataSource).FindAsync(issue, default);
        Assert.Equal(6, report.Items.Count);
        Assert.Equal((2, 3L, 2L, 0L), (report.Items[1].Link, report.Items[1].Clicks, report.Items[1].Readers, report.Items[1].MachineClicks));
        Assert.Equal((0L, 0L, 1L, null), (report.Items[2].Clicks, report.Items[2].Readers, report.Items[2].MachineClicks, report.Items[2].FirstAt));
        Assert.Equal(2, report.Readers);
        var readers = await new LinkReportStore(DataSource).ListReadersAsync(issue, null, PageRequest.First, default);
        Assert.Equal([1L, 2L], readers.Items.Select(reader => reader.Subscriber));
        Assert.Equal([(2, 1L, 0L), (3, 0L, 1L)], readers.Items[1].Links.Select(link => (link.Link, link.Clicks, link.MachineClicks)));
        Assert.Equal([2L], (await new LinkReportStore(DataSource).ListReadersAsync(issue, 3, PageRequest.First, default)).Items.Select(reader => reader.Subscriber));
    }

    [Fact]
    public async Task ASegmentKnowsWhoClicked()
    {
        var first = await SentAsync();
        var second = await SentAsync();
        await ClickAsync(first, 1, 1);
        await ClickAsync(second, 2, 1);
        await ClickAsync(first, 2, 1);
        await ClickAsync(second, 3, 1, VisitSigns.Method);

        Assert.Equal((2L, 1L, 2L), (await CountAsync("clicked(ever)"), await CountAsync("clicked(last issue)"), await CountAsync("clicked(last 2 issues)")));
        Assert.Equal(2L, await CountAsync("not clicked(last issue)"));
    }

    [Fact]
    public async Task WhoeverFollowsAllLinksAtOnceIsNoPerson()
    {
        var issue = await SentAsync();
        for (var link = 1; link <= 4; link++)
            await ClickAsync(issue, 1, link);
        Assert.Equal(1L, await CountAsync("clicked(ever)"));

        await ClickAsync(issue, 1, 5);
        await ClickAsync(issue, 1, 6);

        Assert.Equal((0L, 6L), await SumsAsync(issue));
        Assert.Equal(0L, await CountAsync("clicked(ever)"));
        Assert.Equal(["burst"], await Database.ListAsync<string>("select distinct machine_reason from clicks"));
    }

    [Fact]
    public async Task AllAtTheSameMomentTheyAreNoPersonEither()
    {
        // Once is luck: those who judge and those who count cross each other differently each time.
        for (var round = 0; round < 20; round++)
        {
            var issue = await SentAsync();

            await Task.WhenAll(Enumerable.Range(1, 6).SelectMany(link => (Task[])[ClickAsync(issue, 1, link), ClickAsync(issue, 1, link)]));

            Assert.Equal((0L, 12L), await SumsAsync(issue));
            Assert.Equal(0L, await CountAsync("clicked(ever)"));
        }
    }

    [Fact]
    public async Task AnOlderClickOutlivesABurst()
    {
        var first = await SentAsync();
        var second = await SentAsync();
        await ClickAsync(first, 1, 1);
        await ClickAsync(second, 1, 1);
        await Database.ExecuteAsync("update clicks set first_at = now() - interval '1 hour', last_at = now() - interval '1 hour'");
        for (var link = 2; link <= 6; link++)
            await ClickAsync(second, 1, link);

        // Its first click, an hour before, was a person's.
        Assert.Equal((1L, 5L), await SumsAsync(second));
        Assert.Equal(second, await Database.ScalarAsync<long>("select clicked_issue from engagement where subscriber_id = 1"));
        await Database.ExecuteAsync("delete from clicks where issue_id = $1; ", second);
        for (var link = 2; link <= 6; link++)
            await ClickAsync(second, 1, link);
        Assert.Equal(first, await Database.ScalarAsync<long>("select clicked_issue from engagement where subscriber_id = 1"));
    }

    [Theory]
    [InlineData(2, 2L, 0L)]
    [InlineData(3, 0L, 3L)]
    public async Task AllOfFewLinksAreABurstAndBothOfTwoAreNot(int links, long human, long machine)
    {
        var issue = await SentAsync(links: links);
        for (var link = 1; link <= links; link++)
            await ClickAsync(issue, 1, link);

        Assert.Equal((human, machine), await SumsAsync(issue));
    }

    [Fact]
    public async Task NobodyReadsAMailInTheSecondItIsSent()
    {
        var issue = await SentAsync();
        await Database.ExecuteAsync("update deliveries set updated_at = now() where subscriber_id = 1");

        await ClickAsync(issue, 1, 1);
        await ClickAsync(issue, 2, 1);
        await new OpenStore(DataSource).CountAsync(new ClickToken(issue, 1), [], OpenedBy.Human, default);

        Assert.Equal("early", await Database.ScalarAsync<string>("select machine_reason from clicks where subscriber_id = 1"));
        Assert.Equal((1L, 1L), await SumsAsync(issue));
        Assert.Equal("machine", await Database.ScalarAsync<string>("select case when machine = 1 then 'machine' end from opens"));
    }

    [Fact]
    public async Task OfAnAnonymousIssueNothingLeadsToAReader()
    {
        var issue = await SentAsync("anonymous");

        await ClickAsync(issue, 0, 1, visitor: [1, 1]);
        await ClickAsync(issue, 0, 1, visitor: [1, 1]);
        await ClickAsync(issue, 0, 1, visitor: [2, 2]);
        for (var link = 1; link <= 6; link++)
            await ClickAsync(issue, 0, link, visitor: [3, 3]);

        Assert.Equal(new ClickToken(issue, 0), ClickToken.Verify(Room.Keys, Assert.Single(Tokens().Distinct())));
        var report = await new LinkReportStore(DataSource).FindAsync(issue, default);
        Assert.Equal((2L, 3L, 1L), (report.Items[0].Readers, report.Items[0].Clicks, report.Items[0].MachineClicks));
        Assert.Equal(2, report.Readers);
        Assert.Empty((await new LinkReportStore(DataSource).ListReadersAsync(issue, null, PageRequest.First, default)).Items);
        Assert.Equal(0L, await CountAsync("clicked(ever)"));
    }

    [Fact]
    public async Task WhoIsErasedLeavesTheirClicksToNobody()
    {
        var issue = await SentAsync();
        var opens = new OpenStore(DataSource);
        foreach (var reader in (long[])[1, 2])
        {
            await ClickAsync(issue, reader, 1);
            await opens.CountAsync(new ClickToken(issue, reader), [], OpenedBy.Human, default);
            await new ErasureStore(DataSource, Room.Keys).EraseAsync(reader, default);
        }

        // The mail is still in somebody's box.
        await ClickAsync(issue, 1, 1);
        for (var link = 1; link <= 6; link++)
            await ClickAsync(issue, 2, link);
        await opens.CountAsync(new ClickToken(issue, 1), [], OpenedBy.Proxy, default);

        Assert.Equal([0L], await Database.ListAsync<long>("select distinct subscriber_id from clicks"));
        Assert.Equal((9L, 0L), await SumsAsync(issue));
        Assert.Equal("2 1", await Database.ScalarAsync<string>("select human || ' ' || proxy from opens where subscriber_id = 0"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from engagement where clicked_issue is not null"));
    }

    [Fact]
    public async Task OpenedMailsAreCountedByWhoOpenedThem()
    {
        var issue = await SentAsync();
        var opens = new OpenStore(DataSource);
        await opens.CountAsync(new ClickToken(issue, 1), [], OpenedBy.Human, default);
        await opens.CountAsync(new ClickToken(issue, 1), [], OpenedBy.Human, default);
        await opens.CountAsync(new ClickToken(issue, 1), [], OpenedBy.Proxy, default);
        await opens.CountAsync(new ClickToken(issue, 2), [], OpenedBy.Proxy, default);
        await opens.CountAsync(new ClickToken(issue, 3), [], OpenedBy.Machine, default);
        await opens.CountAsync(new ClickToken(issue + 1, 3), [], OpenedBy.Human, default);

        var counts = (await new LinkReportStore(DataSource).FindAsync(issue, default)).Opens;

        Assert.Equal((1L, 2L, 1L, 2L, 1L), (counts.Readers, counts.Opens, counts.ProxyReaders, counts.ProxyOpens, counts.MachineOpens));
    }

    [Fact]
    public async Task ClicksArePartOfAReadersStoryAndOfTheirData()
    {
        var issue = await SentAsync();
        await ClickAsync(issue, 1, 2);
        await ClickAsync(issue, 1, 3, VisitSigns.Agent);
        await new OpenStore(DataSource).CountAsync(new ClickToken(issue, 1), [], OpenedBy.Proxy, default);

        var story = (await new TimelineStore(DataSource).ListAsync(1, PageRequest.First, default))!.Items;
        Assert.Equal((issue, s_urls[1]), story.Where(item => item.Kind == "clicked").Select(item => (item.Issue!.Value, item.Detail)).Single());
        Assert.Equal("proxy", story.Single(item => item.Kind == "opened").Detail);
        var data = (await new ReaderDataStore(DataSource, Room.Keys).FindAsync(1, default))!;
        Assert.Contains(s_urls[1], data, StringComparison.Ordinal);
        Assert.Contains("\"proxy_opens\": 1", data, StringComparison.Ordinal);
    }

    // Of every mail that arrived, in both of its parts.
    private IEnumerable<string> Tokens() => Enumerable.Range(1, (int)Room.Inbox.Messages.Count)
        .Select(n => MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(n)!.Bytes)))
        .Select(mail => Regex.Matches(mail.HtmlBody + mail.TextBody, "/c/([^\\s\"]+)\\.[0-9]+").Select(link => link.Groups[1].Value).Distinct().Single());

    private async Task<(long Human, long Machine)> SumsAsync(long issue) => (
        await Database.ScalarAsync<long>("select sum(human) from clicks where issue_id = $1", issue),
        await Database.ScalarAsync<long>("select sum(machine) from clicks where issue_id = $1", issue));
}
