using System.Globalization;
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
        new("next_issue", NpgsqlDbType.Bigint, group => group.Intents(static key => key.IssueId)),
        new("next_seq", NpgsqlDbType.Integer, group => group.Intents(static key => key.Seq)),
        new("next_batch", NpgsqlDbType.Integer, group => group.Intents(static key => key.BatchNo)),
        new("next_fence", NpgsqlDbType.Bigint, group => group.Intents(static key => key.Fence)),
    ];

    /// <summary>A connection with its statements, two for each partition written lately, each prepared when it is first needed. Used by one writer at a time.</summary>
    public sealed class Session : IAsyncDisposable
    {
        // Issues being sent at once rarely lie in more; a statement prepared anew costs a few milliseconds.
        private const int MostPrepared = 32;

        private readonly Dictionary<(bool IsPlain, long Part), NpgsqlCommand> _prepared = [];

        internal Session(NpgsqlConnection connection) => Connection = connection;

        internal NpgsqlConnection Connection { get; }

        public async ValueTask DisposeAsync()
        {
            foreach (var command in _prepared.Values)
                await command.DisposeAsync();
            await Connection.DisposeAsync();
        }

        internal async Task<LedgerWritten> WriteAsync(Group group, bool again, CancellationToken stop)
        {
            var columns = group.IsPlain ? AtOnceColumns : WholeColumns;
            if (!_prepared.TryGetValue((group.IsPlain, group.Part), out var command))
                command = await PrepareAsync(group.IsPlain, group.Part, columns, stop);
            command.Parameters[0].Value = again;
            for (var at = 0; at < columns.Length; at++)
                command.Parameters[1 + at].Value = columns[at].Values(group);
            await using var reader = await command.ExecuteReaderAsync(stop);
            var (written, intended) = (new HashSet<(long, int)>(), new HashSet<(long, int)>());
            while (await reader.ReadAsync(stop))
                (reader.GetBoolean(0) ? intended : written).Add((reader.GetInt64(1), reader.GetInt32(2)));
            return new LedgerWritten(written, intended);
        }

        // The partition stands in the text: with a parameter there, an update opens and locks every partition there is, each time.
        private async Task<NpgsqlCommand> PrepareAsync(bool isPlain, long part, Column[] columns, CancellationToken stop)
        {
            await ForgetIfManyAsync(stop);
            var text = (isPlain ? WriteAtOnce : Write).Replace("@only_part", part.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            var command = new NpgsqlCommand(text, Connection);
            command.Parameters.Add(new NpgsqlParameter("again", NpgsqlDbType.Boolean));
            foreach (var column in columns)
                command.Parameters.Add(new NpgsqlParameter(column.Name, NpgsqlDbType.Array | column.Type));
            await command.PrepareAsync(stop);
            return _prepared[(isPlain, part)] = command;
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

    /// <summary>What is written together, all of one partition.</summary>
    internal sealed class Group(long part, IReadOnlyList<LedgerEntry> entries, long?[] details, IReadOnlyList<DeliveryKey> next)
    {
        public long Part => part;

        public long?[] Details => details;

        /// <summary>Nothing to try again later, nobody to suppress.</summary>
        public bool IsPlain { get; } = entries.All(entry => entry is { RetryIn: null, Suppress: false });

        public static List<Group> ByPart(IReadOnlyList<LedgerEntry> entries, long?[] details, IReadOnlyList<DeliveryKey> next)
        {
            var parts = entries.Select(entry => entry.Key.PartKey).Concat(next.Select(key => key.PartKey)).Distinct().ToList();
            if (parts is [var only])
                return [new Group(only, entries, details, next)];
            return parts.ConvertAll(part => new Group(
                part,
                [.. entries.Where(entry => entry.Key.PartKey == part)],
                [.. details.Where((_, at) => entries[at].Key.PartKey == part)],
                [.. next.Where(key => key.PartKey == part)]));
        }

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
