using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

public sealed partial class LedgerStore
{
    private static readonly Column[] AtOnceColumns =
    [
        new("is_intent", NpgsqlDbType.Boolean, group => group.All(static _ => false, static _ => true)),
        new("issue", NpgsqlDbType.Bigint, group => group.All(static entry => entry.Key.IssueId, static key => key.IssueId)),
        new("seq", NpgsqlDbType.Integer, group => group.All(static entry => entry.Key.Seq, static key => key.Seq)),
        new("batch", NpgsqlDbType.Integer, group => group.All(static entry => entry.Key.BatchNo, static key => key.BatchNo)),
        new("fence", NpgsqlDbType.Bigint, group => group.All(static entry => entry.Key.Fence, static key => key.Fence)),
        new("status", NpgsqlDbType.Text, group => group.All<string?>(static entry => entry.Status, static _ => null)),
        new("relay", NpgsqlDbType.Smallint, group => group.All<short?>(static entry => (short?)entry.RelayId, static _ => null)),
        new("code", NpgsqlDbType.Smallint, group => group.All<short?>(static entry => (short?)entry.Reply?.Code, static _ => null)),
        new("queue", NpgsqlDbType.Text, group => group.All<string?>(static entry => Clean(entry.QueueId), static _ => null)),
        new("detail", NpgsqlDbType.Bigint, group => group.AllDetails()),
        new("attempts", NpgsqlDbType.Smallint, group => group.All(static entry => (short)entry.CountedAttempts, static _ => (short)0)),
        new("dot_faults", NpgsqlDbType.Smallint, group => group.All(static entry => (short)entry.DotFaults, static _ => (short)0)),
    ];

    private static readonly Column[] WholeColumns =
    [
        new("part", NpgsqlDbType.Bigint, group => group.Outcomes(static entry => entry.Key.PartKey)),
        new("issue", NpgsqlDbType.Bigint, group => group.Outcomes(static entry => entry.Key.IssueId)),
        new("seq", NpgsqlDbType.Integer, group => group.Outcomes(static entry => entry.Key.Seq)),
        new("batch", NpgsqlDbType.Integer, group => group.Outcomes(static entry => entry.Key.BatchNo)),
        new("fence", NpgsqlDbType.Bigint, group => group.Outcomes(static entry => entry.Key.Fence)),
        new("status", NpgsqlDbType.Text, group => group.Outcomes(static entry => entry.Status)),
        new("relay", NpgsqlDbType.Smallint, group => group.Outcomes(static entry => (short?)entry.RelayId)),
        new("code", NpgsqlDbType.Smallint, group => group.Outcomes(static entry => (short?)entry.Reply?.Code)),
        new("queue", NpgsqlDbType.Text, group => group.Outcomes(static entry => Clean(entry.QueueId))),
        new("detail", NpgsqlDbType.Bigint, group => group.Details),
        new("attempts", NpgsqlDbType.Smallint, group => group.Outcomes(static entry => (short)entry.CountedAttempts)),
        new("dot_faults", NpgsqlDbType.Smallint, group => group.Outcomes(static entry => (short)entry.DotFaults)),
        new("retry_in", NpgsqlDbType.Double, group => group.Outcomes(static entry => entry.RetryIn?.TotalSeconds)),
        new("suppress", NpgsqlDbType.Boolean, group => group.Outcomes(static entry => entry.Suppress)),
        new("evidence", NpgsqlDbType.Text, group => group.Outcomes(static entry => entry.Suppress ? SmtpText.Kept(entry.Reply!.ToString()) : null)),
        new("next_part", NpgsqlDbType.Bigint, group => group.Intents(static key => key.PartKey)),
        new("next_issue", NpgsqlDbType.Bigint, group => group.Intents(static key => key.IssueId)),
        new("next_seq", NpgsqlDbType.Integer, group => group.Intents(static key => key.Seq)),
        new("next_batch", NpgsqlDbType.Integer, group => group.Intents(static key => key.BatchNo)),
        new("next_fence", NpgsqlDbType.Bigint, group => group.Intents(static key => key.Fence)),
    ];

    /// <summary>A connection with its two statements, each prepared when it is first needed. Used by one writer at a time.</summary>
    public sealed class Session : IAsyncDisposable
    {
        private NpgsqlCommand? _atOnce;
        private NpgsqlCommand? _whole;

        internal Session(NpgsqlConnection connection) => Connection = connection;

        internal NpgsqlConnection Connection { get; }

        public async ValueTask DisposeAsync()
        {
            if (_atOnce is not null)
                await _atOnce.DisposeAsync();
            if (_whole is not null)
                await _whole.DisposeAsync();
            await Connection.DisposeAsync();
        }

        internal async Task<LedgerWritten> WriteAsync(Group group, bool again, CancellationToken stop)
        {
            var command = group.IsPlain
                ? _atOnce ??= await PrepareAsync(WriteAtOnce, AtOnceColumns, stop)
                : _whole ??= await PrepareAsync(Write, WholeColumns, stop);
            var columns = group.IsPlain ? AtOnceColumns : WholeColumns;
            command.Parameters[0].Value = again;
            command.Parameters[1].Value = group.PartKey;
            for (var at = 0; at < columns.Length; at++)
                command.Parameters[FirstColumn + at].Value = columns[at].Values(group);
            await using var reader = await command.ExecuteReaderAsync(stop);
            var (written, intended) = (new HashSet<(long, int)>(), new HashSet<(long, int)>());
            while (await reader.ReadAsync(stop))
                (reader.GetBoolean(0) ? intended : written).Add((reader.GetInt64(1), reader.GetInt32(2)));
            return new LedgerWritten(written, intended);
        }

        private const int FirstColumn = 2;

        private async Task<NpgsqlCommand> PrepareAsync(string sql, Column[] columns, CancellationToken stop)
        {
            var command = new NpgsqlCommand(sql, Connection);
            command.Parameters.Add(new NpgsqlParameter("again", NpgsqlDbType.Boolean));
            command.Parameters.Add(new NpgsqlParameter("only_part", NpgsqlDbType.Bigint));
            foreach (var column in columns)
                command.Parameters.Add(new NpgsqlParameter(column.Name, NpgsqlDbType.Array | column.Type));
            await command.PrepareAsync(stop);
            return command;
        }
    }

    /// <summary>What is written together.</summary>
    internal sealed class Group(IReadOnlyList<LedgerEntry> entries, IReadOnlyList<DeliveryKey> next, long?[] details)
    {
        public long?[] Details => details;

        /// <summary>Of the first; of all where it is plain.</summary>
        public long PartKey { get; } = entries.Count > 0 ? entries[0].Key.PartKey : next.Count > 0 ? next[0].PartKey : 0;

        /// <summary>Nothing to try again later, nobody to suppress, all in one partition.</summary>
        public bool IsPlain => entries.All(entry => entry is { RetryIn: null, Suppress: false } && entry.Key.PartKey == PartKey) && next.All(key => key.PartKey == PartKey);

        public T[] Outcomes<T>(Func<LedgerEntry, T> value) => [.. entries.Select(value)];

        public T[] Intents<T>(Func<DeliveryKey, T> value) => [.. next.Select(value)];

        /// <summary>Outcomes first, then intents.</summary>
        public T[] All<T>(Func<LedgerEntry, T> ofOutcome, Func<DeliveryKey, T> ofIntent)
        {
            var values = new T[entries.Count + next.Count];
            for (var at = 0; at < entries.Count; at++)
                values[at] = ofOutcome(entries[at]);
            for (var at = 0; at < next.Count; at++)
                values[entries.Count + at] = ofIntent(next[at]);
            return values;
        }

        public long?[] AllDetails()
        {
            var all = new long?[entries.Count + next.Count];
            details.CopyTo(all, 0);
            return all;
        }
    }

    private sealed record Column(string Name, NpgsqlDbType Type, Func<Group, Array> Values);
}
