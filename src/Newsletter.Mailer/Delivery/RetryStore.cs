using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Deliveries that wait for another try.</summary>
public sealed class RetryStore(NpgsqlDataSource database)
{
    // Batches follow those of the issue so far; the row is locked, so that two sweeps don't take one number twice.
    private const string Gather = /*lang=sql*/ """
        with due as (
            select r.issue_id, r.seq, (row_number() over (partition by r.issue_id order by r.seq) - 1) / @size as part
            from retries r
            where r.batch_no is null and r.next_at <= now()
              and r.issue_id in (select i.id from issues i where i.state = 'sending' for update)
            order by r.issue_id, r.seq
            limit @limit),
        cut as (
            insert into batches (issue_id, batch_no, kind, first_seq, last_seq, size)
            select d.issue_id,
                   (select coalesce(max(b.batch_no), 0) from batches b where b.issue_id = d.issue_id) + d.part + 1,
                   'retry', min(d.seq), max(d.seq), count(*)
            from due d
            group by d.issue_id, d.part
            returning issue_id, batch_no, first_seq, last_seq)
        update retries r
        set batch_no = c.batch_no
        from due d join cut c on c.issue_id = d.issue_id and d.seq between c.first_seq and c.last_seq
        where r.issue_id = d.issue_id and r.seq = d.seq and r.batch_no is null
        """;

    private const int MostAtOnce = 100_000;

    /// <summary>Cuts what is due into batches; how many deliveries that were.</summary>
    public async Task<int> GatherAsync(int batchSize, CancellationToken stop)
    {
        await using var command = database.CreateCommand(Gather);
        command.CommandTimeout = 300;
        command.Parameters.AddWithValue("size", batchSize);
        command.Parameters.AddWithValue("limit", MostAtOnce);
        return await command.ExecuteNonQueryAsync(stop);
    }
}
