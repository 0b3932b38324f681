using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// A reader's votes in anonymous polls, which only their hashes lead to: for the reader who asks for their data, and to take what they wrote out when they
/// are erased.
/// </summary>
internal static class AnonymousVoteStore
{
    private const string SelectPolls = /*lang=sql*/ """
        select p.issue_id as "Issue", p.poll_no as "Poll", i.link_key as "Key"
        from polls p join issues i on i.id = p.issue_id
        where p.anonymous
        """;

    /// <summary>The hash that the reader would have in each anonymous poll there is; none where the poll's key was taken out of the ring.</summary>
    public static async Task<byte[][]> VotersAsync(NpgsqlConnection connection, KeyRing keys, long subscriber, CancellationToken stop) =>
    [
        .. from poll in await connection.QueryAsync<PollRow>(new CommandDefinition(SelectPolls, cancellationToken: stop))
           where keys.Has(poll.Key)
           select VoterHash.Of(keys, poll.Key, poll.Issue, poll.Poll, subscriber),
    ];

    private sealed record PollRow
    {
        public long Issue { get; init; }
        public short Poll { get; init; }
        public string Key { get; init; } = "";
    }
}
