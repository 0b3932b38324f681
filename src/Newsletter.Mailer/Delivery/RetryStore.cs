using Newsletter.Mailer.Scheduling;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Deliveries that wait for another try.</summary>
public sealed class RetryStore(NpgsqlDataSource database, ThrottleGroups? groups = null)
{
    private readonly ThrottleGroups _groups = groups ?? new ThrottleGroups();

    // Locked by a statement of its own: the next one then sees the batches of whoever held the lock before, and no number is taken twice.
    private const string LockSending = /*lang=sql*/ """
        select id from issues where state = 'sending' order by id for no key update
        """;

    // The retries are empty whenever they are counted: for so few the planner compares each with each.
    private const string PlanForMany = /*lang=sql*/ """
        set local enable_nestloop = off
        """;

    // Batches follow those of the issue so far, each of one throttle group.
    private const string Gather = /*lang=sql*/ """
        with sending as materialized (
            select i.id, i.part_key, (select coalesce(max(b.batch_no), 0) from batches b where b.issue_id = i.id) as last_batch
            from issues i
            where i.id = any(@issues)),
        due as materialized (
            select r.issue_id, r.seq, s.part_key, s.last_batch
            from sending s
            join retries r on r.issue_id = s.id and r.batch_no is null and r.next_at <= now()
            order by r.issue_id, r.seq
            limit @limit),
        grouped as materialized (
            select u.issue_id, u.seq, u.last_batch, coalesce(e.throttle_group, f.throttle_group, 'other') as throttle_group
            from due u
            left join deliveries d on d.part_key = u.part_key and d.issue_id = u.issue_id and d.seq = u.seq
            left join subscribers b on b.id = d.subscriber_id
            cross join lateral (select lower(split_part(b.address, '@', -1)) as domain offset 0) a
            left join unnest(@domains::text[], @groups::text[]) e (domain, throttle_group) on e.domain = a.domain
            left join unnest(@domains::text[], @groups::text[]) f (domain, throttle_group) on f.domain = split_part(a.domain, '.', 1) || '.*'),
        sliced as (
            select g.*, (row_number() over (partition by g.issue_id, g.throttle_group order by g.seq) - 1) / @size as slice from grouped g),
        placed as materialized (
            select s.*, s.last_batch + dense_rank() over (partition by s.issue_id order by s.throttle_group, s.slice)::integer as batch_no from sliced s),
        cut as (
            insert into batches (issue_id, batch_no, kind, throttle_group, first_seq, last_seq, size)
            select issue_id, batch_no, 'retry', throttle_group, min(seq), max(seq), count(*)
            from placed
            group by issue_id, batch_no, throttle_group)
        update retries r
        set batch_no = p.batch_no
        from placed p
        where r.issue_id = p.issue_id and r.seq = p.seq and r.batch_no is null
        """;

    private const int MostAtOnce = 100_000;

    /// <summary>Cuts what is due into batches; how many deliveries that were.</summary>
    public async Task<int> GatherAsync(int batchSize, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var issues = await LockSendingAsync(connection, stop);
        if (issues.Length == 0)
            return 0;
        await using (var plan = new NpgsqlCommand(PlanForMany, connection))
            await plan.ExecuteNonQueryAsync(stop);
        await using var command = new NpgsqlCommand(Gather, connection) { CommandTimeout = 300 };
        command.Parameters.AddWithValue("issues", issues);
        command.Parameters.AddWithValue("size", batchSize);
        command.Parameters.AddWithValue("limit", MostAtOnce);
        command.Parameters.AddWithValue("domains", _groups.Domains);
        command.Parameters.AddWithValue("groups", _groups.GroupsOfDomains);
        var gathered = await command.ExecuteNonQueryAsync(stop);
        await transaction.CommitAsync(stop);
        return gathered;
    }

    private static async Task<long[]> LockSendingAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(LockSending, connection);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var issues = new List<long>();
        while (await reader.ReadAsync(stop))
            issues.Add(reader.GetInt64(0));
        return [.. issues];
    }
}
