using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Claims of batches: who may send what, and until when. The database's clock alone decides.</summary>
public sealed partial class BatchStore(NpgsqlDataSource database)
{
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
