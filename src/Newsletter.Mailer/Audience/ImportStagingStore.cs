using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Audience;

/// <summary>Puts the rows of a file where the merge finds them.</summary>
public sealed class ImportStagingStore(NpgsqlDataSource database)
{
    // A session's lock: gone when its connection is, however it ends. ImportStore's sweep looks for it.
    private const string TryLock = /*lang=sql*/ "select pg_try_advisory_lock(hashtextextended('newsletter import', $1))";

    private const string Unlock = /*lang=sql*/ "select pg_advisory_unlock(hashtextextended('newsletter import', $1))";

    private const string SelectReceiving = /*lang=sql*/ "select true from imports where id = $1 and state = 'receiving' and bytes = 0";

    private const string SelectHashes = /*lang=sql*/ "select upper(encode(address_hash, 'hex')) from suppressions where address_hash is not null";

    private const string CopyRows = /*lang=sql*/ """
        copy import_rows (import_id, row_no, line, address, domain, name, attributes, tags, wanted, tier, subscribed_at, language, time_zone, has_left, left_at, frequency, is_wrong) from stdin (format binary)
        """;

    private const string CopyProblems = /*lang=sql*/ "copy import_problems (import_id, line, name, reason) from stdin (format binary)";

    private const string Count = /*lang=sql*/ """
        update imports set rows = $2, invalid = $3, bytes = $4, staged = staged + $5 where id = $1 and state = 'receiving' returning true
        """;

    private const string NoteMapping = /*lang=sql*/ """
        update imports set source = $2, mapping = $3::jsonb where id = $1 and state = 'receiving' returning true
        """;

    private const string Close = /*lang=sql*/ """
        update imports set state = 'merging', received_at = now() where id = $1 and state = 'receiving' returning true
        """;

    // Only with what fails its rows go: a file that was received whole is the merge's by then.
    private const string Fail = /*lang=sql*/ """
        with failed as (
            update imports set state = 'failed', finished_at = now(), reason = $2 where id = $1 and state = 'receiving' returning id),
        cleared as (delete from import_rows where import_id in (select id from failed))
        select true from failed
        """;

    /// <summary>Begins to receive; null if the import isn't there, has its file, or another call is receiving it.</summary>
    internal async Task<Session?> OpenAsync(long importId, CancellationToken stop)
    {
        var connection = await database.OpenConnectionAsync(stop);
        var session = new Session(connection, importId);
        if (await session.BeginAsync(stop)) return session;
        await session.DisposeAsync();
        return null;
    }

    /// <summary>Keyed hashes that are suppressed, in upper-case hexadecimal.</summary>
    internal async Task<IReadOnlySet<string>> HashesAsync(CancellationToken stop)
    {
        await using var command = database.CreateCommand(SelectHashes);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(stop)) hashes.Add(reader.GetString(0));
        return hashes;
    }

    /// <summary>One file being received over one connection. No transaction of it waits for the file's sender.</summary>
    internal sealed class Session(NpgsqlConnection connection, long importId) : IAsyncDisposable
    {
        private bool isLocked;
        private long problemsKept;

        public async Task<bool> BeginAsync(CancellationToken stop)
        {
            isLocked = await AskAsync(TryLock, stop, importId);
            return isLocked && await AskAsync(SelectReceiving, stop, importId);
        }

        /// <summary>Writes a chunk and the totals so far. False if the import is no longer receiving.</summary>
        public async Task<bool> WriteAsync(ImportChunk chunk, CancellationToken stop)
        {
            if (chunk.Rows.Count > 0) await CopyRowsAsync(chunk.Rows, stop);
            if (chunk.Problems.Count > 0 && problemsKept < ImportStore.MaxProblems) await CopyProblemsAsync(chunk.Problems, stop);
            return await AskAsync(Count, stop, importId, chunk.RowsSoFar, chunk.InvalidSoFar, chunk.BytesSoFar, (long)chunk.Rows.Count);
        }

        /// <summary>Says what the file's columns become, before any row is taken.</summary>
        public Task<bool> NoteAsync(ImportMapping mapping, CancellationToken stop) =>
            AskAsync(NoteMapping, stop, importId, mapping.Source.ToString().ToLowerInvariant(), JsonSerializer.Serialize(mapping.Columns));

        /// <summary>The file is whole: the merge may begin.</summary>
        public Task<bool> CloseAsync(CancellationToken stop) => AskAsync(Close, stop, importId);

        /// <summary>The file can't be imported; what was written is removed.</summary>
        public Task<bool> FailAsync(string reason, CancellationToken stop) => AskAsync(Fail, stop, importId, reason);

        public async ValueTask DisposeAsync()
        {
            // The pool would give the lock back only when the connection is next used.
            if (isLocked && connection.State == System.Data.ConnectionState.Open) await AskAsync(Unlock, CancellationToken.None, importId);
            await connection.DisposeAsync();
        }

        private async Task CopyRowsAsync(List<ImportRow> rows, CancellationToken stop)
        {
            await using var copy = await connection.BeginBinaryImportAsync(CopyRows, stop);
            foreach (var row in rows)
            {
                await copy.StartRowAsync(stop);
                await copy.WriteAsync(importId, NpgsqlDbType.Bigint, stop);
                await copy.WriteAsync(row.Number, NpgsqlDbType.Bigint, stop);
                await copy.WriteAsync(row.Line, NpgsqlDbType.Bigint, stop);
                await copy.WriteAsync(row.Address.Value, NpgsqlDbType.Text, stop);
                await copy.WriteAsync(row.Address.Domain, NpgsqlDbType.Text, stop);
                if (row.Name is null) await copy.WriteNullAsync(stop);
                else await copy.WriteAsync(row.Name, NpgsqlDbType.Text, stop);
                await copy.WriteAsync(row.Attributes, NpgsqlDbType.Jsonb, stop);
                await CopyExtrasAsync(copy, row.Extras, stop);
                await copy.WriteAsync(row.IsWrong, NpgsqlDbType.Boolean, stop);
            }

            await copy.CompleteAsync(stop);
        }

        private static async Task CopyExtrasAsync(NpgsqlBinaryImporter copy, ImportExtras? extras, CancellationToken stop)
        {
            if (extras?.Tags is null) await copy.WriteNullAsync(stop);
            else await copy.WriteAsync(extras.Tags, NpgsqlDbType.Array | NpgsqlDbType.Text, stop);
            if (extras is null or { Wanted: WantedStatus.Active }) await copy.WriteNullAsync(stop);
            else await copy.WriteAsync(extras.Wanted.ToString().ToLowerInvariant(), NpgsqlDbType.Text, stop);
            if (extras?.Tier is null) await copy.WriteNullAsync(stop);
            else await copy.WriteAsync(extras.Tier, NpgsqlDbType.Text, stop);
            await CopyTimeAsync(copy, extras?.SubscribedAt, stop);
            foreach (var text in new[] { extras?.Language, extras?.TimeZone })
            {
                if (text is null) await copy.WriteNullAsync(stop);
                else await copy.WriteAsync(text, NpgsqlDbType.Text, stop);
            }

            await copy.WriteAsync(extras?.HasLeft ?? false, NpgsqlDbType.Boolean, stop);
            await CopyTimeAsync(copy, extras?.LeftAt, stop);
            if (extras is { TakesDigest: true }) await copy.WriteAsync("digest", NpgsqlDbType.Text, stop);
            else await copy.WriteNullAsync(stop);
        }

        private static Task CopyTimeAsync(NpgsqlBinaryImporter copy, DateTime? time, CancellationToken stop) =>
            time is { } at ? copy.WriteAsync(at, NpgsqlDbType.TimestampTz, stop) : copy.WriteNullAsync(stop);

        private async Task CopyProblemsAsync(List<ImportProblem> problems, CancellationToken stop)
        {
            await using var copy = await connection.BeginBinaryImportAsync(CopyProblems, stop);
            foreach (var problem in problems)
            {
                if (problemsKept++ >= ImportStore.MaxProblems) break;
                await copy.StartRowAsync(stop);
                await copy.WriteAsync(importId, NpgsqlDbType.Bigint, stop);
                await copy.WriteAsync(problem.Line, NpgsqlDbType.Bigint, stop);
                if (problem.Column is null) await copy.WriteNullAsync(stop);
                else await copy.WriteAsync(problem.Column, NpgsqlDbType.Text, stop);
                await copy.WriteAsync(problem.Reason, NpgsqlDbType.Text, stop);
            }

            await copy.CompleteAsync(stop);
        }

        private async Task<bool> AskAsync(string sql, CancellationToken stop, params object[] arguments)
        {
            // To clear what was staged of tens of millions of rows takes a while.
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
            foreach (var argument in arguments) command.Parameters.Add(new NpgsqlParameter { Value = argument });
            return await command.ExecuteScalarAsync(stop) is true;
        }
    }
}
