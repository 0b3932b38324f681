using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback.Votes;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Votes;

public sealed class VoteStoreTests : MailroomTest
{
    private VoteStore Votes => new(DataSource, Room.Keys);

    private async Task<long> AskAsync(string settings = "", int readers = 3)
    {
        var newsletter = await Room.Newsletters.FindAsync("tea", default);
        if (newsletter is null)
        {
            newsletter = await Some.NewsletterAsync(Database);
            await Some.SubscribersAsync(Database, newsletter, readers);
        }

        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, $":::poll How was it? {settings}\n- Good\n- Bad\n:::\n"));
        await Room.Worker.WorkAsync();
        return issue;
    }

    private async Task<Voting> VoteAsync(long issue, long reader, short choice, string? comment = null) =>
        await Votes.CastAsync(new VoteToken(issue, reader), await LinkAsync(issue), choice, comment, default);

    private Task<NumberedLink> LinkAsync(long issue) => NumberedLinks.OfPollAsync(Database, issue, 1);

    [Fact]
    public async Task CountingOnReachesNoPollThatWasNotSent()
    {
        var issue = await AskAsync();

        foreach (var guess in new NumberedLink[] { new(1, null), new(1, "0123456789"), NumberedLink.To(1, NumberedLink.TargetOf("Another?", ["a", "b"])) })
        {
            Assert.Null(await Votes.FindAsync(new VoteToken(issue, 1), guess, default));
            Assert.Equal(Voting.Nobody, await Votes.CastAsync(new VoteToken(issue, 1), guess, 1, null, default));
        }

        await Database.ExecuteAsync("update issues set nonce = '0123456789ab@example.com'");
        Assert.Equal(Voting.Counted, await Votes.CastAsync(new VoteToken(issue, 1), new NumberedLink(1, null), 1, null, default));
    }

    private async Task<Poll> PollAsync(long issue) => Assert.Single(await Votes.ListAsync(issue, default));

    private async Task<long> CountAsync(string filter)
    {
        Assert.Null(SegmentFilter.TryParse(filter, out var read));
        var sizes = new SegmentSizeStore(DataSource);
        return (await sizes.CountAsync(read!, (await sizes.ContextAsync("tea", default))!, default)).Audience;
    }

    [Fact]
    public async Task EachReaderHasOneVoteAndMayChangeIt()
    {
        var issue = await AskAsync();

        Assert.Equal(Voting.Counted, await VoteAsync(issue, 1, 1, "So so"));
        Assert.Equal(Voting.Counted, await VoteAsync(issue, 1, 2, "Rather bad"));
        Assert.Equal(Voting.Counted, await VoteAsync(issue, 1, 2, "Rather bad"));
        Assert.Equal(Voting.Counted, await VoteAsync(issue, 2, 1));

        var poll = await PollAsync(issue);
        Assert.Equal(("How was it?", "open", 2L, 1L), (poll.Question, poll.State, poll.Votes, poll.Comments));
        Assert.Equal([("Good", 1L), ("Bad", 1L)], poll.Options.Select(option => (option.Text, option.Votes)));
        var page = (await Votes.FindAsync(new VoteToken(issue, 1), await LinkAsync(issue), default))!;
        Assert.Equal(new OwnVote(2, "Rather bad"), page.Own);
        var listed = (await Votes.ListVotesAsync(issue, 1, null, commented: false, PageRequest.First, default))!.Items;
        Assert.Equal([(1L, 2, true), (2L, 1, false)], listed.Select(vote => (vote.Subscriber!.Value, vote.Choice, vote.ChangedAt is not null)));
        Assert.Equal([1L], (await Votes.ListVotesAsync(issue, 1, null, commented: true, PageRequest.First, default))!.Items.Select(vote => vote.Subscriber!.Value));
        Assert.Equal([2L], (await Votes.ListVotesAsync(issue, 1, 1, commented: false, PageRequest.First, default))!.Items.Select(vote => vote.Subscriber!.Value));
    }

    [Fact]
    public async Task VotesAtTheSameMomentAreStillOneAReader()
    {
        var issue = await AskAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => VoteAsync(issue, 1 + i % 3, (short)(1 + i % 2))));

        Assert.Equal(3L, (await PollAsync(issue)).Votes);
    }

    [Fact]
    public async Task WhatCannotBeVotedForIsNotCounted()
    {
        var issue = await AskAsync();

        Assert.Equal(Voting.NoSuchChoice, await VoteAsync(issue, 1, 3));
        Assert.Equal(Voting.NoSuchChoice, await VoteAsync(issue, 1, 0));
        Assert.Equal(Voting.NoSuchChoice, await VoteAsync(issue, 1, -1));
        Assert.Equal(Voting.Nobody, await VoteAsync(issue, 999, 1));
        Assert.Equal(Voting.Nobody, await VoteAsync(issue + 1, 1, 1));
        Assert.Equal(Voting.Nobody, await Votes.CastAsync(new VoteToken(issue, 1), await NumberedLinks.OfPollAsync(Database, issue, 2), 1, null, default));
        Assert.Null(await Votes.FindAsync(new VoteToken(issue, 999), await LinkAsync(issue), default));
        Assert.Null(await Votes.ListVotesAsync(issue, 2, null, commented: false, PageRequest.First, default));
        Assert.Equal(0L, (await PollAsync(issue)).Votes);
    }

    [Fact]
    public async Task APollClosesByItsClockOrByHandAndMayBeOpenedAnew()
    {
        var issue = await AskAsync("{closes=2099-01-01T18:00}");
        Assert.Equal(DateTimeOffset.Parse("2099-01-01T17:00Z", System.Globalization.CultureInfo.InvariantCulture), (await PollAsync(issue)).ClosesAt);
        await VoteAsync(issue, 1, 1);

        Assert.Equal("closed", (await Votes.SetOpenAsync(issue, 1, open: false, default))!.State);
        Assert.Equal(Voting.Closed, await VoteAsync(issue, 1, 2));
        Assert.Equal(Voting.Closed, await VoteAsync(issue, 2, 1));
        Assert.Equal("open", (await Votes.SetOpenAsync(issue, 1, open: true, default))!.State);
        Assert.Equal(Voting.Counted, await VoteAsync(issue, 2, 1));
        await Database.ExecuteAsync("update polls set closes_at = now() - interval '1 second'");
        Assert.Equal((Voting.Closed, "closed"), (await VoteAsync(issue, 2, 2), (await PollAsync(issue)).State));
        Assert.Null((await Votes.SetOpenAsync(issue, 1, open: true, default))!.ClosesAt);
        Assert.Equal(Voting.Counted, await VoteAsync(issue, 2, 2));
        Assert.Null(await Votes.SetOpenAsync(issue, 2, open: true, default));
        Assert.Equal(2L, (await PollAsync(issue)).Votes);
    }

    [Fact]
    public async Task AnAnonymousVoteNamesNobodyInAnyTable()
    {
        var issue = await AskAsync("{anonymous}");
        await VoteAsync(issue, 2, 1, "Nice");
        await VoteAsync(issue, 2, 2, "Nicer");

        var vote = Assert.Single((await Votes.ListVotesAsync(issue, 1, null, commented: false, PageRequest.First, default))!.Items);
        Assert.Equal((null, "Nicer", TimeSpan.Zero), (vote.Subscriber, vote.Comment, vote.VotedAt.TimeOfDay));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from votes where subscriber_id is not null or voter = int8send(2)"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from engagement where voted_issue is not null"));
        Assert.DoesNotContain((await new TimelineStore(DataSource).ListAsync(2, PageRequest.First, default))!.Items, item => item.Kind == "voted");
        Assert.Equal(new OwnVote(2, "Nicer"), (await Votes.FindAsync(new VoteToken(issue, 2), await LinkAsync(issue), default))!.Own);
        Assert.Null((await Votes.FindAsync(new VoteToken(issue, 1), await LinkAsync(issue), default))!.Own);
        // Whose it is, only the key ring tells: to the reader who asks for their data, say.
        Assert.Contains("Nicer", await new ReaderDataStore(DataSource, Room.Keys).FindAsync(2, default), StringComparison.Ordinal);
        Assert.DoesNotContain("Nicer", await new ReaderDataStore(DataSource, KeyRing.Generate()).FindAsync(2, default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingThatTheDatabaseNotesBesideAnAnonymousVoteLeadsToItsReader()
    {
        var (named, anonymous) = (await AskAsync(readers: 20), await AskAsync("{anonymous}"));
        foreach (var reader in Enumerable.Range(1, 20))
        {
            await VoteAsync(named, reader, 1);
            await VoteAsync(anonymous, reader, (short)(1 + (reader % 2)));
        }

        // The transaction that wrote the vote has written, or locked, no row of a reader's.
        const string Traces = """
            select count(*) from votes v
            where v.issue_id = $1 and (exists (select from subscribers s where v.xmin in (s.xmin, s.xmax)) or exists (select from engagement g where v.xmin in (g.xmin, g.xmax))
                or exists (select from subscriptions s where v.xmin in (s.xmin, s.xmax)) or exists (select from deliveries d where v.xmin in (d.xmin, d.xmax)))
            """;
        Assert.Equal(0L, await Database.ScalarAsync<long>(Traces, anonymous));
        // Nor do numbers: in their order the votes, which came good, bad, good, bad, are mixed, and none stands beside a named one's.
        var votes = (await Votes.ListVotesAsync(anonymous, 1, null, commented: false, PageRequest.First, default))!.Items;
        Assert.Equal(20, votes.Count);
        Assert.NotEqual(Enumerable.Range(1, 20).Select(reader => 1 + (reader % 2)), votes.Select(vote => vote.Choice));
        var numbers = (await Votes.ListVotesAsync(named, 1, null, commented: false, PageRequest.First, default))!.Items.Select(vote => vote.Id).ToList();
        Assert.Equal(numbers.Order(), numbers);
        Assert.All(votes, vote => Assert.DoesNotContain(numbers, number => Math.Abs(number - vote.Id) < 100));
        Assert.All(votes, vote => Assert.InRange(vote.Id, 1, 1L << 53));
    }

    [Fact]
    public async Task ASegmentAndAReadersStoryKnowWhoVoted()
    {
        var (first, second) = (await AskAsync(), await AskAsync());
        await VoteAsync(first, 1, 1);
        await VoteAsync(second, 2, 2);
        await VoteAsync(first, 2, 2);

        Assert.Equal((2L, 1L, 2L), (await CountAsync("voted(ever)"), await CountAsync("voted(last issue)"), await CountAsync("voted(last 2 issues)")));
        var story = (await new TimelineStore(DataSource).ListAsync(2, PageRequest.First, default))!.Items;
        Assert.Equal([(second, "How was it?: Bad"), (first, "How was it?: Bad")], story.Where(item => item.Kind == "voted").Select(item => (item.Issue!.Value, item.Detail!)));
        Assert.Contains("How was it?", await new ReaderDataStore(DataSource, Room.Keys).FindAsync(1, default), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{anonymous}")]
    public async Task WhoIsErasedLeavesAChoiceAndNothingElse(string settings)
    {
        var issue = await AskAsync(settings);
        await VoteAsync(issue, 1, 1, "I am Reader1 of Example Street");
        await VoteAsync(issue, 2, 1, "Mine");

        await new ErasureStore(DataSource, Room.Keys).EraseAsync(1, default);

        var poll = await PollAsync(issue);
        Assert.Equal((2L, 1L), (poll.Votes, poll.Comments));
        Assert.Equal("Mine", await Database.ScalarAsync<string>("select string_agg(comment, ' ') from votes"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from votes where subscriber_id = 1 or voter in (int8send(1), $1)", VoterHash.Of(Room.Keys, Room.Keys.ActiveKey, issue, 1, 1)));
        Assert.Equal(Voting.Nobody, await VoteAsync(issue, 1, 2));
    }

    [Fact]
    public async Task OfACommentIsKeptWhatCanBe()
    {
        var issue = await AskAsync();
        await VoteAsync(issue, 1, 1, $"  A\u0000B\u202E\uD800 C\r\nD{new string('x', 2_000)}");
        await VoteAsync(issue, 2, 1, " \u0000 ");

        var comment = (await Database.ScalarAsync<string>("select comment from votes where subscriber_id = 1"))!;
        Assert.StartsWith("AB C\nDx", comment, StringComparison.Ordinal);
        Assert.Equal(VoteStore.LongestComment, comment.Length);
        Assert.Null(await Database.ScalarAsync<string?>("select comment from votes where subscriber_id = 2"));
        var silent = await AskAsync("{comments=off}");
        await VoteAsync(silent, 1, 1, "Hello");
        Assert.Equal(0L, (await PollAsync(silent)).Comments);
    }

    [Fact]
    public async Task EveryMailCarriesItsReadersLinks()
    {
        var issue = await AskAsync();

        var links = Enumerable.Range(1, 3)
            .Select(n => MimeKit.MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(n)!.Bytes)))
            .Select(mail => System.Text.RegularExpressions.Regex.Match(mail.HtmlBody!, "/vote/([^\"]+)\"").Groups[1].Value)
            .Select(link => VoteToken.Verify(Room.Keys, link, out var poll, out var choice) is { } reader ? (reader.IssueId, reader.SubscriberId, poll.Number, (int)choice) : default);
        Assert.Equal([(issue, 1L, 1, 1), (issue, 2L, 1, 1), (issue, 3L, 1, 1)], links.Order());
    }
}
