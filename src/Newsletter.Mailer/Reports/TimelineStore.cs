using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>A reader's story, from the tables that hold its parts: nothing is written for it.</summary>
public sealed class TimelineStore(NpgsqlDataSource database)
{
    // What the ledger of consents tells is told from there; the subscription tells the rest: who came by import or API, and the latest of each.
    // Each issue of the reader's newsletters is looked up in its own part of the ledger, by an index. Numbered from the first event, so that a
    // page begins where the last one ended.
    private const string SelectEvents = /*lang=sql*/ """
        with events as (
            select b.created_at as at, 0 as rank, 'created' as kind, null::bigint as newsletter_id, null::bigint as issue_id, null::text as detail
            from subscribers b where b.id = @subscriber
            union all
            select c.at, case c.action when 'asked' then 1 when 'withdrawn' then 5 when 'restored' then 6 when 'resumed' then 6 else 2 end,
                   case c.action when 'asked' then 'signed_up' when 'withdrawn' then 'unsubscribed' else c.action end, c.newsletter_id, s.unsubscribed_issue,
                   case c.action
                       when 'asked' then c.form
                       when 'withdrawn' then concat_ws(': ', coalesce(s.unsubscribed_by, case c.form when 'unsubscribe' then coalesce(nullif(c.how, 'mailed_link'), 'page') else c.form end),
                                                       c.reason, c.note)
                       when 'restored' then null
                       else c.how
                   end
            from consents c
            left join subscriptions s on s.subscriber_id = c.subscriber_id and s.newsletter_id = c.newsletter_id and c.action = 'withdrawn' and s.unsubscribed_at = c.at
            where c.subscriber_id = @subscriber
            union all
            select x.at, x.rank, x.kind, s.newsletter_id, x.issue_id, x.detail
            from subscriptions s
            cross join lateral (
                values (s.created_at, 1, 'signed_up', null, s.tier), (s.confirmed_at, 2, 'confirmed', null, null),
                       (s.unsubscribed_at, 5, 'unsubscribed', s.unsubscribed_issue, s.unsubscribed_by)) x (at, rank, kind, issue_id, detail)
            where s.subscriber_id = @subscriber and x.at is not null and not
        """ + " " + SubscriptionStore.IsMadeByLeaving + /*lang=sql*/ """

              and not exists (
                  select from consents c
                  where c.subscriber_id = @subscriber and c.newsletter_id = s.newsletter_id
                    and case x.kind
                            when 'signed_up' then c.action in ('asked', 'chosen') and c.at <= x.at
                            when 'confirmed' then c.action in ('confirmed', 'chosen') and c.at = x.at
                            else c.action = 'withdrawn' and c.at = x.at
                        end)
            union all
            select coalesce(d.updated_at, i.frozen_at, i.created_at), 3, 'issue_' || d.status::text, i.newsletter_id, i.id,
                   coalesce(d.reason, nullif(concat_ws(' ', nullif(d.smtp_code, 0)::text, t.status, t.text), ''))
            from issues i
            cross join lateral (
                select x.* from deliveries x where x.part_key = i.part_key and x.issue_id = i.id and x.subscriber_id = @subscriber offset 0) d
            left join smtp_details t on t.id = d.detail_id
            union all
            select k.at, 4, case k.kind when 'complaint' then 'complained' else 'bounced' end, k.newsletter_id, k.issue_id,
                   concat_ws(': ', nullif(k.kind, 'complaint'), k.reason, k.evidence)
            from bounces k
            where k.subscriber_id = @subscriber and k.source <> 'reply'
            union all
            select c.first_at, 4, 'clicked', i.newsletter_id, c.issue_id, l.url
            from clicks c
            join issues i on i.id = c.issue_id
            join links l on l.issue_id = c.issue_id and l.link_no = c.link_no
            where c.subscriber_id = @subscriber and c.subscriber_id <> 0 and c.human > 0
            union all
            select o.first_at, 4, 'opened', i.newsletter_id, o.issue_id, case when o.human = 0 then 'proxy' end
            from opens o join issues i on i.id = o.issue_id
            where o.subscriber_id = @subscriber and o.subscriber_id <> 0 and o.human + o.proxy > 0
            union all
            select v.voted_at, 4, 'voted', i.newsletter_id, v.issue_id, concat_ws(': ', p.question, p.options[v.choice])
            from votes v
            join polls p on p.issue_id = v.issue_id and p.poll_no = v.poll_no
            join issues i on i.id = v.issue_id
            where v.subscriber_id = @subscriber
            union all
            select p.created_at, 4, 'suppressed', null, null, concat_ws(': ', p.reason, p.evidence)
            from subscribers b
            join suppressions p on lower(p.address) = lower(b.address) or lower(p.domain) = lower(split_part(b.address, '@', -1))
            where b.id = @subscriber
        ), numbered as (
            select e.*, row_number() over (order by e.at, e.rank, e.issue_id, e.newsletter_id, e.kind, e.detail) as place from events e
        )
        select v.place as "Place", v.at as "At", v.kind as "Kind", n.slug as "Newsletter", v.issue_id as "Issue", e.number as "Number", e.title as "Title",
               v.detail as "Detail"
        from numbered v
        left join newsletters n on n.id = v.newsletter_id
        left join issues i on i.id = v.issue_id
        left join editions e on e.id = i.edition_id
        where v.place > @after
        order by v.place
        limit @rows
        """;

    private const string Exists = /*lang=sql*/ "select exists (select from subscribers where id = @subscriber)";

    /// <summary>Oldest first; null where there is no such subscriber.</summary>
    public async Task<Page<TimelineEvent>?> ListAsync(long subscriber, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Exists, new { subscriber }, cancellationToken: stop)))
            return null;
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            SelectEvents, new { subscriber, after = page.After.After, rows = page.Limit + 1 }, commandTimeout: 120, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, row => row.Place).Select(row => row.ToEvent());
    }

    private sealed record Row
    {
        public long Place { get; init; }
        public DateTimeOffset At { get; init; }
        public string Kind { get; init; } = "";
        public string? Newsletter { get; init; }
        public long? Issue { get; init; }
        public int? Number { get; init; }
        public string? Title { get; init; }
        public string? Detail { get; init; }

        public TimelineEvent ToEvent() => new()
        {
            At = At,
            Kind = Kind,
            Newsletter = Newsletter,
            Issue = Issue,
            Number = Number,
            Title = Title,
            Detail = Detail,
        };
    }
}

/// <summary>Something that happened to a reader, or that they did.</summary>
public sealed record TimelineEvent
{
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// <c>created</c>, <c>signed_up</c>, <c>confirmed</c>, <c>chosen</c> (in the preferences, or a digest in the place of leaving), <c>paused</c>, <c>resumed</c>, <c>unsubscribed</c>, <c>restored</c> (leaving was undone),
    /// <c>clicked</c>, <c>opened</c> (each once an issue and link), <c>voted</c>, <c>bounced</c>, <c>complained</c>, <c>suppressed</c>, or <c>issue_</c> and the status of a delivery, such as <c>issue_accepted</c>.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>Slug of the newsletter it is about; null where it is about none.</summary>
    public string? Newsletter { get; init; }

    /// <summary>Id of the issue; of an unsubscribe the one whose link it was.</summary>
    public long? Issue { get; init; }

    /// <summary>Number of its edition.</summary>
    public int? Number { get; init; }

    /// <summary>Title of its edition.</summary>
    public string? Title { get; init; }

    /// <summary>The form that was signed up by, else the tier; how it was confirmed; how they left and why; where the link leads; what was asked and chosen; <c>proxy</c> where only their provider's server is known to have opened it; what came back and why; why they are suppressed; what the relay said.</summary>
    public string? Detail { get; init; }
}
