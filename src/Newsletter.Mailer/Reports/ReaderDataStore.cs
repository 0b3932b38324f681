using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>Everything that is kept about a reader, for the reader (GDPR, articles 15 and 20).</summary>
public sealed class ReaderDataStore(NpgsqlDataSource database, KeyRing keys)
{
    private const string Select = /*lang=sql*/ """
        select jsonb_pretty(jsonb_build_object(
            'email', b.address, 'name', b.name, 'attributes', b.attributes, 'tags', b.tags, 'time_zone', b.time_zone, 'language', b.language, 'plain_text', b.plain_text,
            'created_at', b.created_at, 'updated_at', b.updated_at,
            'subscriptions', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'newsletter', n.slug, 'status', x.status, 'tier', x.tier, 'frequency', x.frequency, 'paused_until', x.paused_until, 'created_at', x.created_at,
                    'confirmed_at', x.confirmed_at, 'unsubscribed_at', x.unsubscribed_at, 'unsubscribed_by', x.unsubscribed_by) order by n.id)
                from subscriptions x join newsletters n on n.id = x.newsletter_id
                where x.subscriber_id = b.id), '[]'),
            'consents', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'newsletter', n.slug, 'action', c.action, 'at', c.at, 'wording', c.wording, 'language', c.language, 'form', c.form, 'ip', host(c.ip),
                    'how', c.how, 'reason', c.reason, 'note', c.note) order by c.at, c.id)
                from consents c join newsletters n on n.id = c.newsletter_id
                where c.subscriber_id = b.id), '[]'),
            'sign_ups', coalesce((
                select jsonb_agg(jsonb_build_object('newsletter', n.slug, 'form', u.form, 'ip', host(u.ip), 'state', u.state, 'at', u.created_at) order by u.id)
                from sign_ups u join newsletters n on n.id = u.newsletter_id
                where lower(u.address) = lower(b.address)), '[]'),
            'suppressions', coalesce((
                select jsonb_agg(jsonb_build_object('reason', p.reason, 'evidence', p.evidence, 'at', p.created_at) order by p.id)
                from suppressions p where lower(p.address) = lower(b.address)), '[]'),
            'issues', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'newsletter', n.slug, 'number', e.number, 'title', e.title, 'status', d.status, 'reason', d.reason, 'at', d.updated_at) order by i.id)
                from issues i
                join deliveries d on d.part_key = i.part_key and d.issue_id = i.id and d.subscriber_id = b.id
                join editions e on e.id = i.edition_id
                join newsletters n on n.id = i.newsletter_id), '[]'),
            'clicks', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'newsletter', n.slug, 'number', e.number, 'url', l.url, 'clicks', c.human, 'machine_clicks', c.machine, 'first_at', c.first_at, 'last_at', c.last_at)
                    order by c.first_at, c.link_no)
                from clicks c
                join links l on l.issue_id = c.issue_id and l.link_no = c.link_no
                join issues i on i.id = c.issue_id
                join editions e on e.id = i.edition_id
                join newsletters n on n.id = i.newsletter_id
                where c.subscriber_id = b.id), '[]'),
            'opens', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'newsletter', n.slug, 'number', e.number, 'opens', o.human, 'proxy_opens', o.proxy, 'machine_opens', o.machine, 'first_at', o.first_at, 'last_at', o.last_at)
                    order by o.first_at, o.issue_id)
                from opens o
                join issues i on i.id = o.issue_id
                join editions e on e.id = i.edition_id
                join newsletters n on n.id = i.newsletter_id
                where o.subscriber_id = b.id), '[]'),
            'votes', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'newsletter', n.slug, 'number', e.number, 'question', p.question, 'choice', p.options[v.choice], 'comment', v.comment, 'anonymous', p.anonymous,
                    'voted_at', v.voted_at, 'changed_at', v.changed_at) order by v.id)
                from votes v
                join polls p on p.issue_id = v.issue_id and p.poll_no = v.poll_no
                join issues i on i.id = v.issue_id
                join editions e on e.id = i.edition_id
                join newsletters n on n.id = i.newsletter_id
                where v.subscriber_id = b.id or v.voter = any(@voters)), '[]'),
            'bounces', coalesce((
                select jsonb_agg(jsonb_build_object('kind', k.kind, 'reason', k.reason, 'evidence', k.evidence, 'at', k.at) order by k.id)
                from bounces k where k.subscriber_id = b.id), '[]'),
            'mails', coalesce((
                select jsonb_agg(jsonb_build_object('kind', o.kind, 'state', o.state, 'at', o.created_at) order by o.id)
                from outbox o where lower(o.address) = lower(b.address)), '[]')))
        from subscribers b
        where b.id = @subscriberId
        """;

    /// <summary>As a JSON document; null where there is no such reader.</summary>
    public async Task<string?> FindAsync(long subscriberId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var voters = await AnonymousVoteStore.VotersAsync(connection, keys, subscriberId, stop);
        return await connection.ExecuteScalarAsync<string?>(new CommandDefinition(Select, new { subscriberId, voters }, commandTimeout: 120, cancellationToken: stop));
    }
}
