using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Feedback.Votes;

/// <summary>The polls of issues and their votes: one a reader and poll, which the reader may change until the poll closes.</summary>
public sealed class VoteStore(NpgsqlDataSource database, KeyRing keys)
{
    /// <summary>Characters of a comment.</summary>
    public const int LongestComment = 1_000;

    private const string SelectPolls = /*lang=sql*/ """
        select p.poll_no as "Number", p.question as "Question", p.options as "Options", p.anonymous as "Anonymous", p.comments as "TakesComments",
               p.closes_at as "ClosesAt", p.closed_at as "ClosedAt", p.closed_at is null and coalesce(p.closes_at > now(), true) as "IsOpen"
        from polls p
        where p.issue_id = @issue and (@poll::smallint is null or p.poll_no = @poll)
        order by p.poll_no
        """;

    private const string SelectCounts = /*lang=sql*/ """
        select v.poll_no as "Poll", v.choice as "Choice", count(*) as "Votes", count(v.comment) as "Comments"
        from votes v
        where v.issue_id = @issue and (@poll::smallint is null or v.poll_no = @poll)
        group by v.poll_no, v.choice
        """;

    private const string SelectReader = /*lang=sql*/ """
        select i.link_key as "LinkKey", p.anonymous as "Anonymous", n.name as "Newsletter", n.language as "Language", b.language as "ReaderLanguage",
               coalesce(b.time_zone, n.time_zone) as "TimeZone"
        from polls p
        join issues i on i.id = p.issue_id
        join newsletters n on n.id = i.newsletter_id
        join subscribers b on b.id = @subscriber
        where p.issue_id = @issue and p.poll_no = @poll and
        """ + " " + NumberedLink.ProvesPollInSql;

    private const string SelectOwn = /*lang=sql*/ """
        select choice as "Choice", comment as "Comment" from votes where issue_id = @issue and poll_no = @poll and voter = @voter
        """;

    // Of an anonymous vote neither the minute nor a number in the order of their coming is kept, and no row of the reader's is locked for it: the lock would
    // stand in that row with the number of the transaction that wrote the vote. A digest's polls are no issue's to a segment's filter (see mailings).
    private const string Cast = /*lang=sql*/ """
        with reader as (select b.id from subscribers b where b.id = @subscriber),
        poll as materialized (
            select p.*, i.newsletter_id,
                   case when p.closed_at is not null or p.closes_at <= now() then 'closed' when @choice not between 1 and cardinality(p.options) then 'no choice' else 'open' end as state
            from reader r cross join polls p join issues i on i.id = p.issue_id
            where p.issue_id = @issue and p.poll_no = @poll),
        cast_vote as (
            insert into votes as v (id, issue_id, poll_no, voter, subscriber_id, choice, comment, voted_at)
            select case when p.anonymous then @random else nextval(pg_get_serial_sequence('votes', 'id')) end,
                   p.issue_id, p.poll_no, @voter, case when not p.anonymous then @subscriber::bigint end, @choice, case when p.comments then @comment::text end,
                   case when p.anonymous then date_trunc('day', now()) else now() end
            from poll p
            where p.state = 'open'
            on conflict (issue_id, poll_no, voter) do update
            set choice = excluded.choice, comment = excluded.comment, changed_at = excluded.voted_at
            where v.choice <> excluded.choice or v.comment is distinct from excluded.comment
            returning 1),
        engaged as (
            insert into engagement as g (subscriber_id, newsletter_id, voted_issue)
            select b.id, p.newsletter_id, p.issue_id
            from poll p cross join reader b
            where p.state = 'open' and not p.anonymous and exists (select from mailings m where m.issue_id = p.issue_id)
            on conflict (subscriber_id, newsletter_id) do update set voted_issue = excluded.voted_issue
            where g.voted_issue is null or g.voted_issue < excluded.voted_issue)
        select (select p.state from poll p)
        """;

    private const string Exists = /*lang=sql*/ """
        select exists (select from polls where issue_id = @issue and poll_no = @poll)
        """;

    private const string SelectVotes = /*lang=sql*/ """
        select v.id as "Id", v.subscriber_id as "Subscriber", v.choice as "Choice", v.comment as "Comment", v.voted_at as "VotedAt", v.changed_at as "ChangedAt"
        from votes v
        where v.issue_id = @issue and v.poll_no = @poll and v.id > @after
          and (@choice::smallint is null or v.choice = @choice) and (not @commented or v.comment is not null)
        order by v.id
        limit @rows
        """;

    private const string Close = /*lang=sql*/ """
        update polls set closed_at = coalesce(closed_at, now()) where issue_id = @issue and poll_no = @poll returning poll_no
        """;

    // Whoever opens it anew knows that its day is over.
    private const string Reopen = /*lang=sql*/ """
        update polls set closed_at = null, closes_at = case when closes_at > now() then closes_at end where issue_id = @issue and poll_no = @poll returning poll_no
        """;

    /// <summary>The polls of an issue with their counts; empty where it has none.</summary>
    public async Task<IReadOnlyList<Poll>> ListAsync(long issue, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await PollsAsync(connection, issue, null, stop);
    }

    /// <summary>What a reader's page shows; null where there is no such poll, its link wasn't sent, or the reader was erased.</summary>
    public async Task<VotePage?> FindAsync(VoteToken reader, NumberedLink link, CancellationToken stop)
    {
        var poll = (short)link.Number;
        await using var connection = await database.OpenConnectionAsync(stop);
        if (await ReaderAsync(connection, reader, link, stop) is not { } found)
            return null;
        var polls = await PollsAsync(connection, reader.IssueId, poll, stop);
        var own = await connection.QuerySingleOrDefaultAsync<OwnVote>(new CommandDefinition(
            SelectOwn, new { issue = reader.IssueId, poll, voter = Voter(found, reader, poll) }, cancellationToken: stop));
        return new VotePage(found.Newsletter, found.Language, found.ReaderLanguage, found.TimeZone, polls[0], own);
    }

    /// <summary>Counts a vote, in the place of the reader's earlier one.</summary>
    /// <param name="reader">Whose.</param>
    /// <param name="link">The poll, as a mail names it.</param>
    /// <param name="choice">Number of the choice.</param>
    /// <param name="comment">What they say besides: at most <see cref="LongestComment"/> characters of it are kept, and none where the poll takes none.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Voting> CastAsync(VoteToken reader, NumberedLink link, short choice, string? comment, CancellationToken stop)
    {
        var poll = (short)link.Number;
        await using var connection = await database.OpenConnectionAsync(stop);
        if (await ReaderAsync(connection, reader, link, stop) is not { } found)
            return Voting.Nobody;
        var values = new
        {
            issue = reader.IssueId,
            poll,
            choice,
            comment = TextRules.Kept(comment, LongestComment),
            subscriber = reader.SubscriberId,
            voter = Voter(found, reader, poll),
            random = RandomNumber(),
        };
        // Whoever ends an issue enters it among what readers did too.
        return await CrossedWrite.RunReferringAsync(() => ReaderLock.QueryAsync<string?>(connection, Cast, values, stop), stop) switch
        {
            ["open"] => Voting.Counted,
            ["closed"] => Voting.Closed,
            [null] => Voting.Nobody,
            _ => Voting.NoSuchChoice,
        };
    }

    /// <summary>Votes in the order in which they came, an anonymous poll's in none that tells anything, a page at a time; null where there is no such poll.</summary>
    public async Task<Page<VoteReport>?> ListVotesAsync(long issue, short poll, short? choice, bool commented, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Exists, new { issue, poll }, cancellationToken: stop)))
            return null;
        var rows = await connection.QueryAsync<VoteReport>(new CommandDefinition(
            SelectVotes, new { issue, poll, choice, commented, after = page.After.After, rows = page.Limit + 1 }, commandTimeout: 120, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, vote => vote.Id);
    }

    /// <summary>Closes a poll, or opens it anew: then until it is closed, where its own end is over. Null where there is none.</summary>
    public async Task<Poll?> SetOpenAsync(long issue, short poll, bool open, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var changed = await connection.ExecuteScalarAsync<short?>(new CommandDefinition(open ? Reopen : Close, new { issue, poll }, cancellationToken: stop));
        return changed is null ? null : (await PollsAsync(connection, issue, poll, stop))[0];
    }

    private static Task<ReaderRow?> ReaderAsync(NpgsqlConnection connection, VoteToken reader, NumberedLink link, CancellationToken stop) =>
        connection.QuerySingleOrDefaultAsync<ReaderRow?>(new CommandDefinition(
            SelectReader, new { issue = reader.IssueId, subscriber = reader.SubscriberId, poll = link.Number, proof = link.Proof }, cancellationToken: stop));

    private static async Task<IReadOnlyList<Poll>> PollsAsync(NpgsqlConnection connection, long issue, short? poll, CancellationToken stop)
    {
        var polls = await connection.QueryAsync<PollRow>(new CommandDefinition(SelectPolls, new { issue, poll }, cancellationToken: stop));
        var counts = (await connection.QueryAsync<CountRow>(new CommandDefinition(SelectCounts, new { issue, poll }, commandTimeout: 120, cancellationToken: stop)))
            .ToLookup(count => count.Poll);
        return [.. polls.Select(row => row.ToPoll(counts[row.Number]))];
    }

    // In the upper half of what a JSON number holds, where no vote counted up will ever stand.
    private static long RandomNumber() => (1L << 52) | (BinaryPrimitives.ReadInt64BigEndian(RandomNumberGenerator.GetBytes(8)) >>> 12);

    private byte[] Voter(ReaderRow found, VoteToken reader, short poll)
    {
        if (found.Anonymous)
            return VoterHash.Of(keys, found.LinkKey, reader.IssueId, poll, reader.SubscriberId);
        var number = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, reader.SubscriberId);
        return number;
    }

    private sealed record ReaderRow
    {
        public string LinkKey { get; init; } = "";
        public bool Anonymous { get; init; }
        public string Newsletter { get; init; } = "";
        public string Language { get; init; } = "en";
        public string? ReaderLanguage { get; init; }
        public string TimeZone { get; init; } = "Etc/UTC";
    }

    private sealed record PollRow
    {
        public short Number { get; init; }
        public string Question { get; init; } = "";
        public string[] Options { get; init; } = [];
        public bool Anonymous { get; init; }
        public bool TakesComments { get; init; }
        public DateTimeOffset? ClosesAt { get; init; }
        public DateTimeOffset? ClosedAt { get; init; }
        public bool IsOpen { get; init; }

        public Poll ToPoll(IEnumerable<CountRow> counts)
        {
            var byChoice = counts.ToDictionary(count => (int)count.Choice);
            return new Poll
            {
                Number = Number,
                Question = Question,
                Options = [.. Options.Select((text, i) => new PollOption(i + 1, text, byChoice.GetValueOrDefault(i + 1)?.Votes ?? 0))],
                Comments = byChoice.Values.Sum(count => count.Comments),
                Anonymous = Anonymous,
                TakesComments = TakesComments,
                ClosesAt = ClosesAt,
                ClosedAt = ClosedAt,
                State = IsOpen ? "open" : "closed",
            };
        }
    }

    private sealed record CountRow
    {
        public short Poll { get; init; }
        public short Choice { get; init; }
        public long Votes { get; init; }
        public long Comments { get; init; }
    }
}
