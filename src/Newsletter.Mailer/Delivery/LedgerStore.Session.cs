using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

public sealed partial class LedgerStore
{
    private static readonly Column[] EnterColumns =
    [
        new("issue", NpgsqlDbType.Bigint, rows => Each(rows, static row => row.Entry.Key.IssueId)),
        new("seq", NpgsqlDbType.Integer, rows => Each(rows, static row => row.Entry.Key.Seq)),
        new("held", NpgsqlDbType.Boolean, rows => Each(rows, static row => row.IsHeld)),
        new("status", NpgsqlDbType.Text, rows => Each(rows, static row => row.Entry.Status)),
        new("relay", NpgsqlDbType.Smallint, rows => Each(rows, static row => (short?)row.Entry.RelayId)),
        new("code", NpgsqlDbType.Smallint, rows => Each(rows, static row => (short?)row.Entry.Reply?.Code)),
        new("queue", NpgsqlDbType.Text, rows => Each(rows, static row => SmtpText.QueueId(row.Entry.QueueId))),
        new("detail", NpgsqlDbType.Bigint, rows => Each(rows, static row => row.DetailId)),
        new("attempts", NpgsqlDbType.Smallint, rows => Each(rows, static row => (short)row.Entry.CountedAttempts)),
        new("dot_faults", NpgsqlDbType.Smallint, rows => Each(rows, static row => (short)row.Entry.DotFaults)),
        new("retry_in", NpgsqlDbType.Double, rows => Each(rows, static row => row.Entry.RetryIn?.TotalSeconds)),
        new("suppress", NpgsqlDbType.Boolean, rows => Each(rows, static row => row.Entry.Suppress)),
        new("kind", NpgsqlDbType.Text, rows => Each(rows, static row => row.Entry.Failure?.Kind.Word())),
        new("failure", NpgsqlDbType.Text, rows => Each(rows, static row => row.Entry.Failure?.Reason)),
        new("enhanced", NpgsqlDbType.Text, rows => Each(rows, static row => SmtpText.StorableOrNull(row.Entry.Reply?.EnhancedStatus))),
        new("evidence", NpgsqlDbType.Text, rows => Each(rows, static row => row.Entry.Failure is null ? null : SmtpText.Kept(row.Entry.Reply!.ToString()))),
    ];

    private static Array Each<T>(IReadOnlyList<EnterRow> rows, Func<EnterRow, T> value)
    {
        var values = new T[rows.Count];
        for (var at = 0; at < values.Length; at++)
            values[at] = value(rows[at]);
        return values;
    }

    /// <summary>A connection with its statements. Used by one writer at a time.</summary>
    public sealed class Session : IAsyncDisposable
    {
        private readonly PartStatements _entering;
        private NpgsqlCommand? _keeping;

        internal Session(NpgsqlConnection connection)
        {
            Connection = connection;
            _entering = new PartStatements(connection, Enter, [.. EnterColumns.Select(column => new NpgsqlParameter(column.Name, NpgsqlDbType.Array | column.Type))]);
        }

        internal NpgsqlConnection Connection { get; }

        public async ValueTask DisposeAsync()
        {
            if (_keeping is not null)
                await _keeping.DisposeAsync();
            await _entering.DisposeAsync();
            await Connection.DisposeAsync();
        }

        /// <summary>Writes the journal's lines of what is held; each draft then knows what became of it.</summary>
        internal async Task KeepAsync(LedgerWrite write, List<LedgerDraft> drafts, CancellationToken stop)
        {
            var command = _keeping ??= await PrepareAsync(stop);
            object[] values =
            [
                write.Writer, write.No, drafts.Select(draft => draft.IssueId).ToArray(), drafts.Select(draft => draft.BatchNo).ToArray(),
                drafts.Select(draft => draft.Fence).ToArray(), drafts.Select(draft => draft.OutcomesOnly()).ToArray(), drafts.Select(draft => draft.Everything()).ToArray(),
            ];
            for (var at = 0; at < values.Length; at++)
                command.Parameters[at].Value = values[at];
            try
            {
                await using var reader = await command.ExecuteReaderAsync(stop);
                while (await reader.ReadAsync(stop))
                    Find(drafts, reader)?.Held(reader.GetBoolean(3));
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "ledger_journal" })
            {
                throw new TimeoutException("An earlier try of this write was given up and has been committed since.", e);
            }
        }

        /// <summary>True where the write was committed before; its drafts then know what became of them.</summary>
        /// <exception cref="TimeoutException">It was, and began something under a lease that has run out since: until that is renewed or taken over nobody can say whether it may be sent.</exception>
        internal async Task<bool> FindWrittenAsync(LedgerWrite write, List<LedgerDraft> drafts, CancellationToken stop)
        {
            await using var command = new NpgsqlCommand(SelectWritten, Connection);
            command.Parameters.AddWithValue("issue", drafts.Select(draft => draft.IssueId).ToArray());
            command.Parameters.AddWithValue("batch", drafts.Select(draft => draft.BatchNo).ToArray());
            command.Parameters.AddWithValue("fence", drafts.Select(draft => draft.Fence).ToArray());
            command.Parameters.AddWithValue("writer", write.Writer);
            command.Parameters.AddWithValue("write_no", write.No);
            await using var reader = await command.ExecuteReaderAsync(stop);
            var found = false;
            while (await reader.ReadAsync(stop))
            {
                found = true;
                var begun = LedgerLine.Read(reader.GetFieldValue<byte[]>(3)).Exists(line => line.Mark == LedgerMark.Begun);
                if (begun && !reader.GetBoolean(4))
                    throw new TimeoutException("The lease ran out before it was known that the write had been committed.");
                Find(drafts, reader)?.Held(begun);
            }

            return found;
        }

        /// <summary>Enters in the ledger what its draft could not leave to the journal; the deliveries that were changed.</summary>
        internal async Task<HashSet<(long, int)>> EnterAsync(IEnumerable<LedgerDraft> drafts, CancellationToken stop)
        {
            var entered = new HashSet<(long, int)>();
            foreach (var part in drafts.GroupBy(draft => draft.PartKey))
            {
                EnterRow[] rows = [.. part.SelectMany(draft => draft.ToEnter().Select(outcome => new EnterRow(outcome.Entry, outcome.DetailId, draft.IsHeld)))];
                if (rows.Length == 0)
                    continue;
                var command = await _entering.OfAsync(part.Key, stop);
                for (var at = 0; at < EnterColumns.Length; at++)
                    command.Parameters[at].Value = EnterColumns[at].Values(rows);
                await using var reader = await command.ExecuteReaderAsync(stop);
                while (await reader.ReadAsync(stop))
                    entered.Add((reader.GetInt64(0), reader.GetInt32(1)));
            }

            return entered;
        }

        private static LedgerDraft? Find(List<LedgerDraft> drafts, NpgsqlDataReader reader)
        {
            var (issue, batch, fence) = (reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2));
            return drafts.Find(draft => (draft.IssueId, draft.BatchNo, draft.Fence) == (issue, batch, fence));
        }

        private async Task<NpgsqlCommand> PrepareAsync(CancellationToken stop)
        {
            var command = new NpgsqlCommand(Write, Connection);
            command.Parameters.Add(new NpgsqlParameter("writer", NpgsqlDbType.Uuid));
            command.Parameters.Add(new NpgsqlParameter("write_no", NpgsqlDbType.Bigint));
            command.Parameters.Add(new NpgsqlParameter("issue", NpgsqlDbType.Array | NpgsqlDbType.Bigint));
            command.Parameters.Add(new NpgsqlParameter("batch", NpgsqlDbType.Array | NpgsqlDbType.Integer));
            command.Parameters.Add(new NpgsqlParameter("fence", NpgsqlDbType.Array | NpgsqlDbType.Bigint));
            command.Parameters.Add(new NpgsqlParameter("outcomes", NpgsqlDbType.Array | NpgsqlDbType.Bytea));
            command.Parameters.Add(new NpgsqlParameter("lines", NpgsqlDbType.Array | NpgsqlDbType.Bytea));
            await command.PrepareAsync(stop);
            return command;
        }
    }

    /// <summary>One statement, prepared for each partition written lately when it is first needed. The partition stands in the text: with a parameter there, an update opens and locks every partition there is, each time.</summary>
    internal sealed class PartStatements(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters) : IAsyncDisposable
    {
        // Issues being sent at once rarely lie in more; a statement prepared anew costs a few milliseconds.
        private const int MostPrepared = 16;

        private readonly Dictionary<long, NpgsqlCommand> _prepared = [];

        public async Task<NpgsqlCommand> OfAsync(long part, CancellationToken stop)
        {
            if (_prepared.TryGetValue(part, out var known))
                return known;
            await ForgetIfManyAsync(stop);
            var command = new NpgsqlCommand(InPart(sql, part), connection);
            foreach (var parameter in parameters)
                command.Parameters.Add(parameter.Clone());
            await command.PrepareAsync(stop);
            return _prepared[part] = command;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var command in _prepared.Values)
                await command.DisposeAsync();
        }

        private async Task ForgetIfManyAsync(CancellationToken stop)
        {
            if (_prepared.Count < MostPrepared)
                return;
            foreach (var command in _prepared.Values)
            {
                await command.UnprepareAsync(stop);
                await command.DisposeAsync();
            }

            _prepared.Clear();
        }
    }

    internal static string InPart(string sql, long part) => sql.Replace("@only_part", part.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private readonly record struct EnterRow(LedgerEntry Entry, long? DetailId, bool IsHeld);

    private sealed record Column(string Name, NpgsqlDbType Type, Func<IReadOnlyList<EnterRow>, Array> Values);
}
