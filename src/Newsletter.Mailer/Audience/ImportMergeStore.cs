using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Makes subscribers and subscriptions of staged rows, a chunk of addresses a transaction.</summary>
public sealed class ImportMergeStore(NpgsqlDataSource database)
{
    private const int ChunkRows = 10_000;
    private const int MaxTries = 10;
    private const int MaxAttempts = 10;

    private const string TryLock = /*lang=sql*/ "select pg_try_advisory_lock(hashtextextended('newsletter import', @importId))";

    private const string Unlock = /*lang=sql*/ "select pg_advisory_unlock(hashtextextended('newsletter import', @importId))";

    private const string Begin = /*lang=sql*/ """
        update imports
        set attempts = attempts + 1
        where id = @importId and state = 'merging'
        returning newsletter_id as "NewsletterId", tier as "Tier", attempts as "Attempts", staged as "Staged", merged as "Merged",
                  rows as "Rows", bytes as "Bytes", invalid as "Invalid"
        """;

    private const string CountStaged = /*lang=sql*/ "select count(*) from import_rows where import_id = @importId";

    private const string SelectUpTo = /*lang=sql*/ """
        select max(key) from (select key from import_rows where import_id = @importId and key > @after order by key limit @rows) as chunk
        """;

    // taken: the chunk, off the staging table. latest: the last row of each address. judged: what there is already. No row of
    // subscriptions that exists is touched: whoever left or hasn't confirmed stays so. A subscriber who appeared or vanished since the
    // statement began makes written shorter than due, and the caller starts the chunk over. What is there is looked up row by row on
    // purpose (lateral, scalar subqueries): the planner knows nothing of a chunk's size, and a join it guesses wrong is quadratic.
    private const string MergeChunk = /*lang=sql*/ """
        with taken as (
            delete from import_rows
            where import_id = @importId and key > @after and key <= @upTo
            returning key, row_no, line, address, domain, name, attributes
        ), latest as (
            select distinct on (key) * from taken order by key, row_no desc
        ), met as (
            select l.*, s.id as subscriber_id, s.name as present_name, s.attributes as present, s.attributes || l.attributes as merged
            from latest l
            left join lateral (
                select id, name, attributes from subscribers where lower(subscribers.address) = l.key collate "default" limit 1) s on true
            offset 0
        ), judged as (
            select m.*,
                   exists (select from suppressions p where lower(p.address) = m.key collate "default")
                   or exists (select from suppressions p where lower(p.domain) = m.domain) as is_suppressed,
                   subscriber_id is null or (name is not null and name is distinct from present_name) or merged <> present as is_due,
                   subscriber_id is not null and merged <> present
                   and (select count(*) from jsonb_object_keys(merged)) > @maxKeys as is_overfull,
                   (select x.status from subscriptions x where x.newsletter_id = @newsletterId and x.subscriber_id = m.subscriber_id) as status
            from met m
        ), good as (
            select * from judged where not is_suppressed and not is_overfull
        ), written as (
            insert into subscribers as s (address, name, attributes)
            select address, name, attributes from good where is_due order by key
            on conflict (lower(address)) do update
            set name = coalesce(excluded.name, s.name), attributes = s.attributes || excluded.attributes, updated_at = now()
            where (excluded.name is not null and excluded.name is distinct from s.name) or (s.attributes || excluded.attributes) <> s.attributes
            returning s.id, s.xmax = 0 as is_new
        ), subscribed as (
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at)
            select @newsletterId, member.id, 'active', @tier, now()
            from (select id from written union all select subscriber_id from good where not is_due and status is null) member
            order by member.id
            on conflict (newsletter_id, subscriber_id) do nothing
            returning subscriber_id
        ), noted as (
            insert into import_problems (import_id, line, reason)
            select @importId, line, @overfullReason
            from judged
            where is_overfull and not is_suppressed and (select invalid from imports where id = @importId) < @maxProblems
            order by row_no
        )
        select (select count(*) from taken) as "Taken",
               (select count(*) from written) as "Written",
               (select count(*) from written where is_new) as "Created",
               (select count(*) from subscribed) as "Subscribed",
               count(*) as "Latest",
               count(*) filter (where is_suppressed) as "Suppressed",
               count(*) filter (where is_overfull and not is_suppressed) as "Overfull",
               count(*) filter (where not is_suppressed and not is_overfull and is_due) as "Due",
               count(*) filter (where not is_suppressed and not is_overfull and status = 'unsubscribed') as "KeptUnsubscribed",
               count(*) filter (where not is_suppressed and not is_overfull and status = 'pending') as "KeptPending"
        from judged
        """;

    private const string Add = /*lang=sql*/ """
        update imports
        set attempts = 0, merged = merged + @Taken, duplicates = duplicates + @Taken - @Latest, suppressed = suppressed + @Suppressed,
            invalid = invalid + @Overfull, created = created + @Created, updated = updated + @Updated, unchanged = unchanged + @Unchanged,
            subscribed = subscribed + @Subscribed, already_subscribed = already_subscribed + @AlreadySubscribed,
            kept_unsubscribed = kept_unsubscribed + @KeptUnsubscribed, kept_pending = kept_pending + @KeptPending
        where id = @ImportId and state = 'merging'
        returning merged
        """;

    private const string Finish = /*lang=sql*/ """
        update imports set state = 'finished', finished_at = now() where id = @importId and state = 'merging' returning true
        """;

    private const string Fail = /*lang=sql*/ """
        with cleared as (delete from import_rows where import_id = @importId)
        update imports set state = 'failed', finished_at = now(), reason = @reason where id = @importId and state = 'merging' returning true
        """;

    /// <summary>What came of <see cref="MergeAsync"/>; the import's row says the rest.</summary>
    internal enum Result
    {
        /// <summary>It is no longer, or not yet, to be merged.</summary>
        Over,

        /// <summary>Another holds its lock.</summary>
        Busy,
    }

    /// <summary>Merges what is staged to its end. Stopped or crashed, it goes on where it was when called again.</summary>
    internal async Task<Result> MergeAsync(long importId, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (!await connection.ExecuteScalarAsync<bool>(Command(TryLock, new { importId }, stop))) return Result.Busy;
        try
        {
            await MergeLockedAsync(connection, importId, progress, stop);
            return Result.Over;
        }
        finally
        {
            // Otherwise the pool would give the lock back only when the connection is next used.
            if (connection.State == System.Data.ConnectionState.Open)
                await connection.ExecuteScalarAsync<bool>(Command(Unlock, new { importId }, CancellationToken.None));
        }
    }

    private static async Task MergeLockedAsync(
        NpgsqlConnection connection, long importId, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        var work = await connection.QuerySingleOrDefaultAsync<Work>(Command(Begin, new { importId }, stop));
        if (work is null) return;
        if (await FindReasonToFailAsync(connection, importId, work, stop) is { } reason)
        {
            await connection.ExecuteScalarAsync<bool?>(Command(Fail, new { importId, reason }, stop));
            return;
        }

        var after = "";
        while (await connection.ExecuteScalarAsync<string?>(Command(SelectUpTo, new { importId, after, rows = ChunkRows }, stop)) is { } upTo)
        {
            var chunk = new Chunk(importId, work.NewsletterId, work.Tier, after, upTo);
            var merged = await MergeChunkAsync(connection, chunk, stop);
            progress?.Report(new ImportProgress(ImportState.Merging, merged, work.Bytes, work.Invalid, work.Staged));
            after = upTo;
        }

        await connection.ExecuteScalarAsync<bool?>(Command(Finish, new { importId }, stop));
    }

    private static async Task<string?> FindReasonToFailAsync(NpgsqlConnection connection, long importId, Work work, CancellationToken stop)
    {
        if (work.Attempts > MaxAttempts)
            return $"The merge stopped {MaxAttempts} times without getting anywhere; the log says why. "
                   + "What was merged before stays. Send the file again once the cause is mended.";
        return await connection.ExecuteScalarAsync<long>(Command(CountStaged, new { importId }, stop)) == work.Staged - work.Merged
            ? null
            : "The database server crashed before everything was merged, and the rows that waited were lost with it. "
              + "What was merged before stays. Send the same file again: what is there already is left as it is.";
    }

    private static async Task<long> MergeChunkAsync(NpgsqlConnection connection, Chunk chunk, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(stop);
                var counts = await connection.QuerySingleAsync<Counts>(Command(MergeChunk, chunk, stop));
                if (counts.Written == counts.Due)
                {
                    var merged = await connection.ExecuteScalarAsync<long>(Command(Add, counts with { ImportId = chunk.ImportId }, stop));
                    await transaction.CommitAsync(stop);
                    return merged;
                }

                if (attempt >= MaxTries)
                    throw new InvalidOperationException($"Import {chunk.ImportId}: others changed the same subscribers {MaxTries} times in a row.");
            }
            // Someone was erased between being found and being subscribed, or another bulk write crossed ours.
            catch (PostgresException e) when (attempt < MaxTries && e.SqlState
                is PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
            }

            await Task.Delay(20 * attempt, stop);
        }
    }

    private static CommandDefinition Command(string sql, object parameters, CancellationToken stop) =>
        new(sql, parameters, commandTimeout: 120, cancellationToken: stop);

    private sealed record Chunk(long ImportId, long NewsletterId, string Tier, string After, string UpTo)
    {
        public int MaxKeys { get; } = AttributeRules.MaxKeys;

        public int MaxProblems { get; } = ImportStore.MaxProblems;

        public string OverfullReason { get; } = $"With those already there, this reader would have more than {AttributeRules.MaxKeys} attributes.";
    }

    private sealed record Work
    {
        public long NewsletterId { get; init; }

        public required string Tier { get; init; }

        public short Attempts { get; init; }

        public long Staged { get; init; }

        public long Merged { get; init; }

        public long Rows { get; init; }

        public long Bytes { get; init; }

        public long Invalid { get; init; }
    }

    private sealed record Counts
    {
        public long ImportId { get; init; }

        public long Taken { get; init; }

        public long Latest { get; init; }

        public long Suppressed { get; init; }

        public long Overfull { get; init; }

        public long Due { get; init; }

        public long Written { get; init; }

        public long Created { get; init; }

        public long Subscribed { get; init; }

        public long KeptUnsubscribed { get; init; }

        public long KeptPending { get; init; }

        public long Updated => Written - Created;

        private long Good => Latest - Suppressed - Overfull;

        public long Unchanged => Good - Written;

        public long AlreadySubscribed => Good - Subscribed - KeptUnsubscribed - KeptPending;
    }
}
