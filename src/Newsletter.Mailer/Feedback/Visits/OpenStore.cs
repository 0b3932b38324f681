using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Feedback.Visits;

/// <summary>Counts who opened issues of newsletters that want to know, what fetched the picture kept apart.</summary>
public sealed class OpenStore(NpgsqlDataSource database)
{
    // As with clicks: what comes before anyone can have read it was no person, and an erased reader is nobody.
    private const string Count = /*lang=sql*/ """
        with issue as (select i.id, i.part_key from issues i where i.id = @issue),
        kind as (
            select case when @kind = 'human' and exists (
                select from issue i cross join lateral (
                    select d.updated_at from deliveries d where d.part_key = i.part_key and d.issue_id = @issue and d.subscriber_id = @subscriber offset 0) x
                where @subscriber <> 0 and coalesce(x.updated_at, now()) > now() - @early::interval) then 'machine' else @kind end as name)
        insert into opens as o (issue_id, subscriber_id, visitor, human, proxy, machine)
        select i.id, coalesce((select b.id from subscribers b where b.id = @subscriber), 0), @visitor,
               (k.name = 'human')::integer, (k.name = 'proxy')::integer, (k.name = 'machine')::integer
        from issue i cross join kind k
        on conflict (issue_id, subscriber_id, visitor) do update
        set human = o.human + excluded.human, proxy = o.proxy + excluded.proxy, machine = o.machine + excluded.machine, last_at = now()
        returning true
        """;

    /// <summary>Counts one opening; of an issue that is gone, nothing.</summary>
    public async Task CountAsync(ClickToken reader, byte[] visitor, OpenedBy by, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new
        {
            issue = reader.IssueId,
            subscriber = reader.SubscriberId,
            visitor = reader.SubscriberId == 0 ? visitor : [],
            kind = by switch { OpenedBy.Human => "human", OpenedBy.Proxy => "proxy", _ => "machine" },
            early = ClickStore.Early,
        };
        await ReaderLock.QueryAsync<bool>(connection, Count, values, stop);
    }
}
