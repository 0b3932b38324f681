using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Feedback.Visits;

/// <summary>
/// Counts who followed the measured links of issues, machines apart from people, and says where a link leads. The same visit told twice is two visits;
/// a reader and link are one row.
/// </summary>
public sealed class ClickStore(NpgsqlDataSource database)
{
    /// <summary>A click so soon after the relay had the message was a scanner's: nobody has read it yet.</summary>
    public static readonly TimeSpan Early = TimeSpan.FromSeconds(10);

    /// <summary>Whoever follows so many links within this time follows all of them, and no person does.</summary>
    public static readonly TimeSpan Burst = TimeSpan.FromSeconds(10);

    // So many links are a burst; of an issue with fewer, all of them, but two may be followed by anyone.
    private const int BurstLinks = 5;
    private const int LeastBurstLinks = 3;

    // A reader who was erased is nobody: the click still counts. A digest is no issue to a segment's filter (see mailings).
    // What counts as engagement is read from what was counted, so that the click is locked first, as whoever judges does it.
    private const string Count = /*lang=sql*/ """
        with link as (
            select l.url, i.newsletter_id, i.part_key
            from links l join issues i on i.id = l.issue_id
            where l.issue_id = @issue and l.link_no = @link and
        """ + " " + NumberedLink.ProvesLinkInSql + /*lang=sql*/ """
        ),
        who as (select coalesce((select b.id from subscribers b where b.id = @subscriber), 0) as id),
        sign as (
            select coalesce(
                @sign::text,
                (select 'early' from link k cross join lateral (
                    select d.updated_at from deliveries d where d.part_key = k.part_key and d.issue_id = @issue and d.subscriber_id = @subscriber offset 0) x
                 where @subscriber <> 0 and coalesce(x.updated_at, now()) > now() - @early::interval),
                (select 'burst' from clicks c
                 where c.issue_id = @issue and c.subscriber_id = @subscriber and c.visitor = @visitor and (@subscriber <> 0 or @visitor <> '')
                   and c.machine_reason = 'burst' and c.last_at > now() - @burst::interval
                 limit 1)) as reason),
        counted as (
            insert into clicks as c (issue_id, link_no, subscriber_id, visitor, human, machine, machine_reason)
            select @issue, @link, w.id, @visitor, (s.reason is null)::integer, (s.reason is not null)::integer, s.reason
            from link cross join who w cross join sign s
            on conflict (issue_id, subscriber_id, visitor, link_no) do update
            set human = c.human + excluded.human, machine = c.machine + excluded.machine,
                machine_reason = coalesce(excluded.machine_reason, c.machine_reason), last_at = now()
            returning c.link_no),
        engaged as (
            insert into engagement as g (subscriber_id, newsletter_id, clicked_issue)
            select w.id, k.newsletter_id, @issue
            from counted cross join link k cross join who w cross join sign s
            where w.id <> 0 and s.reason is null and exists (select from mailings m where m.issue_id = @issue)
            on conflict (subscriber_id, newsletter_id) do update set clicked_issue = excluded.clicked_issue
            where g.clicked_issue is null or g.clicked_issue < excluded.clicked_issue)
        select k.url as "Url", w.id as "Subscriber", s.reason as "Reason" from link k cross join who w cross join sign s
        """;

    // Once one visitor's links are a burst, those that were taken for a person's are its too. Locked in their order, so that two such don't wait for each
    // other. What the reader was said to have clicked last is what is left.
    private const string Judge = /*lang=sql*/ """
        with recent as materialized (
            select c.link_no from clicks c
            where c.issue_id = @issue and c.subscriber_id = @subscriber and c.visitor = @visitor and c.last_at > now() - @burst::interval
            order by c.link_no
            for update),
        burst as (
            select true as found
            where (select count(*) from recent)
                  >= (select case when count(*) >= @most then @most else greatest(count(*), @least) end from links l where l.issue_id = @issue)),
        moved as (
            update clicks c set machine = c.machine + c.human, human = 0, machine_reason = 'burst'
            from recent r
            where exists (select from burst) and c.issue_id = @issue and c.subscriber_id = @subscriber and c.visitor = @visitor and c.link_no = r.link_no
              and c.first_at > now() - @burst::interval
            returning c.link_no)
        update engagement g
        set clicked_issue = (
            select max(c.issue_id) from clicks c join issues i on i.id = c.issue_id and i.newsletter_id = g.newsletter_id join mailings m on m.issue_id = c.issue_id
            where c.subscriber_id = @subscriber and c.human > 0 and not (c.issue_id = @issue and c.link_no in (select link_no from moved)))
        where @subscriber <> 0 and g.subscriber_id = @subscriber and g.clicked_issue = @issue
          and g.newsletter_id = (select newsletter_id from issues where id = @issue) and exists (select from moved)
        """;

    /// <summary>Counts a visit.</summary>
    /// <param name="click">Whose, and in which issue.</param>
    /// <param name="link">The link's number.</param>
    /// <param name="visitor">Who it was, where that is no reader's; see <see cref="Visitors"/>.</param>
    /// <param name="sign">What is known to be a machine's about it; null: nothing.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Where the link leads; null where the issue has none of that number.</returns>
    public async Task<string?> CountAsync(ClickToken click, NumberedLink link, byte[] visitor, string? sign, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new
        {
            issue = click.IssueId,
            subscriber = click.SubscriberId,
            visitor = click.SubscriberId == 0 ? visitor : [],
            link = link.Number,
            proof = link.Proof,
            sign,
            early = Early,
            burst = Burst,
            most = BurstLinks,
            least = LeastBurstLinks,
        };
        // Whoever ends an issue enters it among what readers did too.
        var counted = (await CrossedWrite.RunReferringAsync(() => ReaderLock.QueryAsync<CountedRow>(connection, Count, values, stop), stop)).SingleOrDefault();
        // Of a reader who is gone nothing is left to be judged by.
        if (counted is { Reason: null } && (counted.Subscriber != 0 || values.visitor.Length > 0))
            await CrossedWrite.RunAsync(() => connection.ExecuteAsync(new CommandDefinition(Judge, values, cancellationToken: stop)), stop);
        return counted?.Url;
    }

    private sealed record CountedRow
    {
        public string Url { get; init; } = "";
        public long Subscriber { get; init; }
        public string? Reason { get; init; }
    }
}
