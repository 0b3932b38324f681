using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Claims of batches: who may send what, and until when. The database's clock alone decides.</summary>
public sealed class BatchStore(NpgsqlDataSource database)
{
    // The issue with the fewest batches in work comes first, so that a small issue passes beside a huge one.
    // An expired lease is left alone until 30 s after the server's start: after an outage owners renew first.
    private const string Claim = /*lang=sql*/ """
        with next as materialized (
            select b.issue_id, b.batch_no, b.taken_over, i.part_key, n.from_address
            from issues i
            join newsletters n on n.id = i.newsletter_id
            cross join lateral (
                select count(*) as leased from batches x where x.issue_id = i.id and x.state = 'leased') l
            cross join lateral (
                select c.issue_id, c.batch_no, c.state = 'leased' as taken_over
                from batches c
                where c.issue_id = i.id and c.state <> 'done' and c.throttle_group <> all(@pass_over::text[])
                  and (c.not_before is null or c.not_before <= now())
                  and (c.state = 'ready'
                       or @may_take_over and c.lease_until < now() and pg_postmaster_start_time() < now() - @grace::interval)
                order by c.batch_no
                limit 1
                for update skip locked) b
            where i.state = 'sending'
            order by l.leased, i.id
            limit 1)
        update batches b
        set state = 'leased', lease_owner = @owner, lease_until = now() + @lease, fence = b.fence + 1, not_before = null
        from next n
        where b.issue_id = n.issue_id and b.batch_no = n.batch_no
        returning b.issue_id, b.batch_no, b.kind, b.fence, n.taken_over, n.part_key, b.first_seq, b.last_seq, n.from_address, b.throttle_group
        """;

    // From the places to whatever belongs to them, by index and in the order written: a list just imported has no statistics yet, the
    // retries are empty whenever they are counted, and the planner would rather read all there is. OFFSET 0 keeps it from joining otherwise.
    // Whoever is held in the middle of a claim must not hold the batch for long: its owner's writes wait for that.
    private const string PlanByIndex = /*lang=sql*/ """
        set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; set local join_collapse_limit = 1;
        set local idle_in_transaction_session_timeout = '30s'
        """;

    // The places of a batch that may still need something: none that waits for its own retry.
    private const string SelectFirstPlaces = /*lang=sql*/ """
        select d.seq
        from deliveries d
        where d.part_key = @part and d.issue_id = @issue and d.seq between @first and @last and d.status in ('pending', 'sending')
          and not exists (select from retries r where r.issue_id = @issue and r.seq = d.seq offset 0)
        """;

    private const string SelectRetryPlaces = /*lang=sql*/ """
        select r.seq from retries r where r.issue_id = @issue and r.batch_no = @batch
        """;

    // What the lost owner had in flight may or may not have arrived (RFC 1047): sent once more where the policy says so, else unknown.
    private const string SettleInFlight = /*lang=sql*/ """
        update deliveries d
        set status = case when i.unknown_policy = 'resend' and d.resends = 0 then 'pending' else 'unknown' end::delivery_status,
            resends = case when i.unknown_policy = 'resend' and d.resends = 0 then 1 else d.resends end,
            attempts = d.attempts + 1,
            updated_at = now()
        from issues i
        where i.id = @issue and d.part_key = @part and d.issue_id = @issue and d.seq = any(@seqs) and d.status = 'sending'
        """;

    private const string HasLeft = /*lang=sql*/ """
        (b.id is null
         or s.status is distinct from 'active'
         or s.paused_until > now()
         or s.frequency = 'digest'
         or exists (select from suppressions p where lower(p.address) = lower(b.address) and p.address is not null offset 0)
         or exists (select from suppressions p where lower(p.domain) = lower(split_part(b.address, '@', -1)) and p.domain is not null offset 0))
        """;

    private const string Places = /*lang=sql*/ """
        from unnest(@seqs::integer[]) p (seq)
        cross join lateral (
            select x.* from deliveries x where x.part_key = @part and x.issue_id = @issue and x.seq = p.seq offset 0) d
        join issues i on i.id = @issue
        left join subscribers b on b.id = d.subscriber_id
        left join subscriptions s on s.newsletter_id = i.newsletter_id and s.subscriber_id = d.subscriber_id
        """;

    private const string Gone = /*lang=sql*/ """
        gone as (
            select d.seq,
                   case when b.id is null then 'erased'
                        when s.status is distinct from 'active' then 'unsubscribed'
                        when s.paused_until > now() then 'paused'
                        when s.frequency = 'digest' then 'digest'
                        else 'suppressed' end as reason
        """ + "\n" + Places + /*lang=sql*/ " where d.status in ('pending', 'deferred', 'unknown') and " + HasLeft + ")";

    private const string SelectGone = /*lang=sql*/ "with " + Gone + " select seq from gone";

    // Whoever has left is skipped, unless a first copy may have arrived: that stays unknown. Neither waits for anything more.
    private const string Exclude = /*lang=sql*/ "with " + Gone + /*lang=sql*/ """
        ,
        skipped as (
            update deliveries d
            set status = case when d.resends > 0 then 'unknown' else 'skipped' end::delivery_status,
                reason = case when d.resends > 0 then null else g.reason end,
                updated_at = now()
            from gone g
            where d.part_key = @part and d.issue_id = @issue and d.seq = any(array(select seq from gone)) and d.seq = g.seq
              and d.status in ('pending', 'deferred')
              and exists (select from batches b where b.issue_id = @issue and b.batch_no = @batch and b.fence = @fence and b.state = 'leased')),
        settled as (
            delete from retries where issue_id = @issue and seq = any(array(select seq from gone)))
        select seq from gone
        """;

    // An unknown is among them only where it is to be sent once more; its resend counts from here.
    private const string SelectDeliveries = /*lang=sql*/ """
        select d.seq, d.subscriber_id, d.variant, d.attempts, (d.resends + (d.status = 'unknown')::integer)::smallint as resends, d.dot_faults,
               b.address, b.name, first_name(b.name, b.attributes) as first_name,
               s.tier, b.language, b.attributes::text as attributes,
               (select now() - r.since from retries r where r.issue_id = @issue and r.seq = d.seq) as deferred_for,
               d.status in ('pending', 'deferred') or d.status = 'unknown' and i.unknown_policy = 'resend' and d.resends = 0 as wanted,
        """ + " coalesce(" + HasLeft + ", false) as gone " + Places + /*lang=sql*/ " where d.status in ('pending', 'deferred', 'unknown') order by d.seq";

    // Locked in the order in which the ledger's writes lock them: neither waits for the other in a circle.
    private const string Renew = /*lang=sql*/ """
        with ours as materialized (
            select b.issue_id, b.batch_no
            from unnest(@issues::bigint[], @batches::integer[], @fences::bigint[]) as o(issue_id, batch_no, fence)
            join batches b on b.issue_id = o.issue_id and b.batch_no = o.batch_no and b.fence = o.fence and b.state = 'leased'
            order by b.issue_id, b.batch_no
            for no key update of b)
        update batches b
        set lease_until = now() + @lease
        from ours o
        where b.issue_id = o.issue_id and b.batch_no = o.batch_no
        returning b.issue_id, b.batch_no
        """;

    // Not while the journal says something of it that is not posted: then the lease runs out, and whoever takes it over posts that first.
    private const string Complete = /*lang=sql*/ """
        with done as (
            update batches
            set state = 'done', lease_owner = null, lease_until = null, done_at = now()
            where issue_id = @issue and batch_no = @batch and fence = @fence and state = 'leased'
              and not exists (select from ledger_journal j where j.issue_id = @issue and j.batch_no = @batch)
            returning issue_id, batch_no)
        delete from retries r using done where r.issue_id = done.issue_id and r.batch_no = done.batch_no
        """;

    private const string GiveBack = /*lang=sql*/ """
        update batches
        set state = 'ready', lease_owner = null, lease_until = null, not_before = now() + @delay
        where issue_id = @issue and batch_no = @batch and fence = @fence and state = 'leased'
          and not exists (select from ledger_journal j where j.issue_id = @issue and j.batch_no = @batch)
        """;

    // Of issues that are paused; those of the others are claimed.
    private const string SelectAbandoned = /*lang=sql*/ """
        select i.part_key, b.issue_id, b.batch_no
        from batches b join issues i on i.id = b.issue_id
        where b.state = 'leased' and b.lease_until < now() and i.state = 'paused'
          and exists (select from ledger_journal j where j.issue_id = b.issue_id and j.batch_no = b.batch_no)
        order by b.issue_id, b.batch_no
        limit 1000
        for no key update of b skip locked
        """;

    private const string AnyReady = /*lang=sql*/ """
        select exists (
            select from batches b join issues i on i.id = b.issue_id
            where i.state = 'sending' and b.state <> 'done'
              and (b.not_before is null or b.not_before <= now())
              and (b.state = 'ready' or b.lease_until < now()))
        """;

    /// <summary>The neediest issue's next batch with what is left of it, its recipients checked again; null where nothing is ready.</summary>
    public Task<ClaimedBatch?> ClaimAsync(Guid owner, TimeSpan lease, bool mayTakeOver, TimeSpan grace, CancellationToken stop) =>
        ClaimAsync(owner, lease, mayTakeOver, grace, [], stop);

    /// <summary>The same, of none of the throttle groups that are to be passed over.</summary>
    public async Task<ClaimedBatch?> ClaimAsync(Guid owner, TimeSpan lease, bool mayTakeOver, TimeSpan grace, IReadOnlyCollection<string> passOver, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await BeginAsync(connection, stop);
        var batch = await ClaimNextAsync(connection, owner, lease, mayTakeOver, grace, passOver, stop);
        if (batch is null)
            return null;
        if (batch.TakenOver)
            await LedgerPostingStore.PostLeftAsync(connection, batch.PartKey, batch.IssueId, batch.BatchNo, stop);

        var places = await ReadPlacesAsync(connection, batch, stop);
        if (batch.TakenOver)
        {
            await using var settle = About(connection, SettleInFlight, batch, places);
            await settle.ExecuteNonQueryAsync(stop);
        }

        var (deliveries, gone) = await ReadDeliveriesAsync(connection, batch, places, stop);
        if (gone.Length > 0)
        {
            await using var exclude = About(connection, Exclude, batch, gone);
            await exclude.ExecuteNonQueryAsync(stop);
        }

        await transaction.CommitAsync(stop);
        return batch with { Deliveries = deliveries };
    }

    /// <summary>Who of these has left or was suppressed since the claim.</summary>
    public Task<int[]> FindGoneAsync(ClaimedBatch batch, int[] seqs, CancellationToken stop) => AboutAsync(SelectGone, batch, seqs, stop);

    /// <summary>Excludes whoever of these has left or was suppressed since the claim. None of them may have been begun.</summary>
    public Task ExcludeAsync(ClaimedBatch batch, int[] seqs, CancellationToken stop) => AboutAsync(Exclude, batch, seqs, stop);

    /// <summary>Renews our leases; those missing from the answer are lost.</summary>
    public async Task<IReadOnlySet<(long IssueId, int BatchNo)>> RenewAsync(IReadOnlyCollection<ClaimedBatch> batches, TimeSpan lease, CancellationToken stop)
    {
        await using var command = database.CreateCommand(Renew);
        command.Parameters.AddWithValue("lease", lease);
        command.Parameters.AddWithValue("issues", batches.Select(batch => batch.IssueId).ToArray());
        command.Parameters.AddWithValue("batches", batches.Select(batch => batch.BatchNo).ToArray());
        command.Parameters.AddWithValue("fences", batches.Select(batch => batch.Fence).ToArray());
        await using var reader = await command.ExecuteReaderAsync(stop);
        var ours = new HashSet<(long, int)>();
        while (await reader.ReadAsync(stop))
            ours.Add((reader.GetInt64(0), reader.GetInt32(1)));
        return ours;
    }

    /// <summary>Every delivery of the batch has its outcome, or waits for its retry.</summary>
    public async Task CompleteAsync(ClaimedBatch batch, CancellationToken stop)
    {
        await using var command = database.CreateCommand(Complete);
        Name(command, batch);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>What is left of the batch is anybody's again, after a delay.</summary>
    public async Task GiveBackAsync(ClaimedBatch batch, TimeSpan delay, CancellationToken stop)
    {
        await using var command = database.CreateCommand(GiveBack);
        Name(command, batch);
        command.Parameters.AddWithValue("delay", delay);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Posts what owners of paused issues' batches left in the journal when they died: nobody takes those over before the issue is resumed.</summary>
    public async Task PostAbandonedAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await BeginAsync(connection, stop);
        var abandoned = new List<(long Part, long Issue, int Batch)>();
        await using (var command = new NpgsqlCommand(SelectAbandoned, connection))
        await using (var reader = await command.ExecuteReaderAsync(stop))
        {
            while (await reader.ReadAsync(stop))
                abandoned.Add((reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2)));
        }

        foreach (var (part, issue, batch) in abandoned)
            await LedgerPostingStore.PostLeftAsync(connection, part, issue, batch, stop);
        await transaction.CommitAsync(stop);
    }

    /// <summary>There is something to claim, or an expired lease to take over.</summary>
    public async Task<bool> AnyReadyAsync(CancellationToken stop)
    {
        await using var command = database.CreateCommand(AnyReady);
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    private async Task<int[]> AboutAsync(string sql, ClaimedBatch batch, int[] seqs, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await BeginAsync(connection, stop);
        await using var command = About(connection, sql, batch, seqs);
        var places = await ReadSeqsAsync(command, stop);
        await transaction.CommitAsync(stop);
        return places;
    }

    private static async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        var transaction = await connection.BeginTransactionAsync(stop);
        await using var plan = new NpgsqlCommand(PlanByIndex, connection);
        await plan.ExecuteNonQueryAsync(stop);
        return transaction;
    }

    private static async Task<ClaimedBatch?> ClaimNextAsync(
        NpgsqlConnection connection, Guid owner, TimeSpan lease, bool mayTakeOver, TimeSpan grace, IReadOnlyCollection<string> passOver, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(Claim, connection);
        command.Parameters.AddWithValue("owner", owner);
        command.Parameters.AddWithValue("lease", lease);
        command.Parameters.AddWithValue("may_take_over", mayTakeOver);
        command.Parameters.AddWithValue("grace", grace);
        command.Parameters.AddWithValue("pass_over", passOver.ToArray());
        await using var reader = await command.ExecuteReaderAsync(stop);
        if (!await reader.ReadAsync(stop))
            return null;
        return new ClaimedBatch
        {
            IssueId = reader.GetInt64(0),
            BatchNo = reader.GetInt32(1),
            Kind = reader.GetString(2),
            Fence = reader.GetInt64(3),
            TakenOver = reader.GetBoolean(4),
            PartKey = reader.GetInt64(5),
            FirstSeq = reader.GetInt32(6),
            LastSeq = reader.GetInt32(7),
            Sender = reader.GetString(8),
            ThrottleGroup = reader.GetString(9),
        };
    }

    private static async Task<int[]> ReadPlacesAsync(NpgsqlConnection connection, ClaimedBatch batch, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(batch.Kind == "retry" ? SelectRetryPlaces : SelectFirstPlaces, connection);
        command.Parameters.AddWithValue("issue", batch.IssueId);
        command.Parameters.AddWithValue("part", batch.PartKey);
        command.Parameters.AddWithValue("batch", batch.BatchNo);
        command.Parameters.AddWithValue("first", batch.FirstSeq);
        command.Parameters.AddWithValue("last", batch.LastSeq);
        return await ReadSeqsAsync(command, stop);
    }

    private static async Task<int[]> ReadSeqsAsync(NpgsqlCommand command, CancellationToken stop)
    {
        await using var reader = await command.ExecuteReaderAsync(stop);
        var seqs = new List<int>();
        while (await reader.ReadAsync(stop))
            seqs.Add(reader.GetInt32(0));
        return [.. seqs];
    }

    private static async Task<(IReadOnlyList<PendingDelivery> Left, int[] Gone)> ReadDeliveriesAsync(NpgsqlConnection connection, ClaimedBatch batch, int[] seqs, CancellationToken stop)
    {
        await using var command = About(connection, SelectDeliveries, batch, seqs);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var (left, gone) = (new List<PendingDelivery>(), new List<int>());
        while (await reader.ReadAsync(stop))
        {
            if (reader.GetBoolean(14))
                gone.Add(reader.GetInt32(0));
            else if (reader.GetBoolean(13))
                left.Add(ReadDelivery(reader));
        }

        return (left, [.. gone]);
    }

    private static PendingDelivery ReadDelivery(NpgsqlDataReader reader) => new()
    {
        Seq = reader.GetInt32(0),
        SubscriberId = reader.GetInt64(1),
        Variant = reader.GetInt16(2),
        Attempts = reader.GetInt16(3),
        Resends = reader.GetInt16(4),
        DotFaults = reader.GetInt16(5),
        Address = reader.GetString(6),
        Name = reader.IsDBNull(7) ? null : reader.GetString(7),
        FirstName = reader.IsDBNull(8) ? null : reader.GetString(8),
        Tier = reader.GetString(9),
        Language = reader.IsDBNull(10) ? null : reader.GetString(10),
        Attributes = reader.GetString(11),
        DeferredFor = reader.IsDBNull(12) ? null : reader.GetTimeSpan(12),
    };

    private static NpgsqlCommand About(NpgsqlConnection connection, string sql, ClaimedBatch batch, int[] seqs)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue("part", batch.PartKey);
        command.Parameters.AddWithValue("issue", batch.IssueId);
        command.Parameters.AddWithValue("seqs", seqs);
        command.Parameters.AddWithValue("batch", batch.BatchNo);
        command.Parameters.AddWithValue("fence", batch.Fence);
        return command;
    }

    private static void Name(NpgsqlCommand command, ClaimedBatch batch)
    {
        command.Parameters.AddWithValue("issue", batch.IssueId);
        command.Parameters.AddWithValue("batch", batch.BatchNo);
        command.Parameters.AddWithValue("fence", batch.Fence);
    }
}
