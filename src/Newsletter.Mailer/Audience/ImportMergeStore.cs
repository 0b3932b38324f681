using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Makes subscribers and subscriptions of staged rows, a chunk of addresses a transaction.</summary>
/// <param name="database">Where they are.</param>
/// <param name="keys">What addresses are hashed with; without, none that is known by its hash alone is recognised.</param>
public sealed partial class ImportMergeStore(NpgsqlDataSource database, KeyRing? keys = null)
{
    private const int ChunkRows = 10_000;
    private const int MaxTries = 10;
    private const int MaxAttempts = 10;

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

    private async Task MergeLockedAsync(
        NpgsqlConnection connection, long importId, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        var work = await connection.QuerySingleOrDefaultAsync<Work>(Command(Begin, new { importId }, stop));
        if (work is null) return;
        if (await FindReasonToFailAsync(connection, importId, work, stop) is { } reason)
        {
            await connection.ExecuteScalarAsync<bool?>(Command(Fail, new { importId, reason }, stop));
            return;
        }

        if (keys is not null) await LeaveOutHashedAsync(connection, keys, importId, stop);
        if (work.Staged - work.Merged > ChunkRows) await connection.ExecuteAsync(Command(Analyze, new { }, stop));
        await MergeChunksAsync(connection, importId, work, progress, stop);
        await connection.ExecuteScalarAsync<bool?>(Command(Finish, new { importId }, stop));
    }

    // Two chunks at a time, each over a connection of its own: PostgreSQL spends a core on each. Their addresses are parted, so neither waits
    // for the other but for the moment both add to the import's counts.
    private async Task MergeChunksAsync(
        NpgsqlConnection connection, long importId, Work work, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        using var chunks = new Chunks(importId, work);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var (telling, told) = (new Lock(), 0L);
        await using var second = work.Staged - work.Merged > ChunkRows ? await TryOpenAsync(stop) : null;
        await Task.WhenAll(second is null ? [MergeLaneAsync(connection)] : [MergeLaneAsync(connection), MergeLaneAsync(second)]);

        async Task MergeLaneAsync(NpgsqlConnection lane)
        {
            try
            {
                while (await chunks.TakeAsync(lane, failed.Token) is { } chunk)
                    Tell(await MergeChunkAsync(lane, chunk, failed.Token));
            }
            catch
            {
                await failed.CancelAsync();
                throw;
            }
        }

        // By one lane at a time, and never backwards: who commits first may come second to this.
        void Tell(long merged)
        {
            lock (telling)
            {
                if (merged <= told) return;
                told = merged;
                progress?.Report(new ImportProgress(ImportState.Merging, merged, work.Bytes, work.Invalid, work.Staged));
            }
        }
    }

    // A server with one free slot merges as well, only not as fast: to give up would cost the import one of its attempts.
    private async Task<NpgsqlConnection?> TryOpenAsync(CancellationToken stop)
    {
        try
        {
            return await database.OpenConnectionAsync(stop);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return null;
        }
    }

    private static async Task<string?> FindReasonToFailAsync(NpgsqlConnection connection, long importId, Work work, CancellationToken stop)
    {
        if (work.Attempts > MaxAttempts)
            return $"The merge stopped {MaxAttempts} times without getting anywhere; the log says why. "
                   + "What was merged before stays. Send the file again once the cause is mended.";
        return await connection.ExecuteScalarAsync<long>(Command(CountMissing, new { importId }, stop)) == 0
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
                if (chunk.IsDryRun) await connection.ExecuteAsync(Command(MarkChunk, new { }, stop));
                var statement = chunk.IsPlain ? MergeChunk : MergeChunk.Replace(PlainMembers, MembersWithExtras, StringComparison.Ordinal);
                var counts = await connection.QuerySingleAsync<Counts>(Command(statement, chunk, stop));
                if (counts.Written == counts.Due)
                {
                    if (chunk.IsDryRun)
                    {
                        await connection.ExecuteAsync(Command(UndoChunk, new { }, stop));
                        await connection.ExecuteAsync(Command(DropChunk, chunk, stop));
                    }

                    if (counts.OverfullLines is { Length: > 0 } lines)
                        await connection.ExecuteAsync(Command(Note, new { chunk.ImportId, chunk.OverfullReason, chunk.MaxProblems, lines }, stop));
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

    /// <summary>Hands out one chunk after the other, in the order of addresses, each to one lane.</summary>
    private sealed class Chunks(long importId, Work work) : IDisposable
    {
        private readonly SemaphoreSlim turn = new(1, 1);
        private string? after = "";

        public async Task<Chunk?> TakeAsync(NpgsqlConnection lane, CancellationToken stop)
        {
            await turn.WaitAsync(stop);
            try
            {
                if (after is not { } from) return null;
                after = await lane.ExecuteScalarAsync<string?>(Command(SelectUpTo, new { importId, after = from, rows = ChunkRows }, stop));
                return after is null ? null : new Chunk(importId, work.NewsletterId, work.Tier, from, after, work.Source, work.Status is not null, work.DryRun);
            }
            finally
            {
                turn.Release();
            }
        }

        public void Dispose() => turn.Dispose();
    }

    private sealed record Chunk(long ImportId, long NewsletterId, string Tier, string After, string UpTo, string Source, bool HasStatus, bool IsDryRun)
    {
        public bool IsPlain => Source == "plain" && !HasStatus;

        public int MaxTags { get; } = TagRules.MaxTags;

        public int MaxKeys { get; } = AttributeRules.MaxKeys;

        public int MaxProblems { get; } = ImportStore.MaxProblems;

        public string OverfullReason { get; } = $"With those already there, this reader would have more than {AttributeRules.MaxKeys} attributes or {TagRules.MaxTags} tags.";
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

        public required string Source { get; init; }

        public string? Status { get; init; }

        public bool DryRun { get; init; }
    }

    private sealed record Counts
    {
        public long ImportId { get; init; }

        public long Taken { get; init; }

        public long Wrong { get; init; }

        public long Latest { get; init; }

        public long Suppressed { get; init; }

        public long Overfull { get; init; }

        public long[]? OverfullLines { get; init; }

        public long Due { get; init; }

        public long Written { get; init; }

        public long Created { get; init; }

        public long Subscribed { get; init; }

        public long KeptUnsubscribed { get; init; }

        public long KeptPending { get; init; }

        public long Unsubscribed { get; init; }

        public long Pending { get; init; }

        public long AlsoUnsubscribed { get; init; }

        public long Suppressions { get; init; }

        public long Updated => Written - Created;

        private long Good => Latest - Suppressed - Overfull;

        public long Unchanged => Good - Written;

        public long AlreadySubscribed => Good - Subscribed - KeptUnsubscribed - KeptPending - Unsubscribed - Pending;
    }
}
