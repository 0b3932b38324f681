using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

/// <summary>Posts the journal to the ledger: what it says of deliveries is entered there, many at once, by the worker that wrote it or by whoever takes its batches over.</summary>
public sealed class LedgerPostingStore(NpgsqlDataSource database)
{
    // Who finds the lines still there enters them, nobody else.
    private const string TakeOwn = /*lang=sql*/ """
        delete from ledger_journal j
        using unnest(@issue::bigint[], @batch::integer[], @write_no::bigint[]) p(issue_id, batch_no, write_no)
        where j.issue_id = p.issue_id and j.batch_no = p.batch_no and j.writer = @writer and j.write_no = p.write_no
        returning j.issue_id, j.batch_no, j.write_no
        """;

    private const string TakeOfBatch = /*lang=sql*/ """
        delete from ledger_journal where issue_id = @issue and batch_no = @batch
        returning fence, write_no, lines
        """;

    // An acceptance is the truth, whatever else was thought meanwhile. Of what was begun and not heard of again only that is known.
    private const string Post = /*lang=sql*/ """
        update deliveries d
        set status = case when n.accepted then 'accepted' else 'sending' end::delivery_status,
            attempts = d.attempts + n.accepted::integer,
            resends = d.resends + (d.status = 'unknown')::integer,
            relay_id = coalesce(n.relay_id, d.relay_id),
            smtp_code = case when n.accepted then n.smtp_code else d.smtp_code end,
            queue_id = case when n.accepted then n.queue_id else d.queue_id end,
            detail_id = case when n.accepted then n.detail_id else d.detail_id end,
            updated_at = now()
        from unnest(@seq::integer[], @accepted::boolean[], @relay::smallint[], @code::smallint[], @queue::text[], @detail::bigint[])
            as n(seq, accepted, relay_id, smtp_code, queue_id, detail_id)
        where d.part_key = @only_part and d.issue_id = @issue and d.seq = n.seq
          and case when n.accepted then d.status <> 'accepted' else d.status in ('pending', 'deferred', 'unknown') end
        """;

    /// <summary>A connection of the recorder's own, set up for <see cref="PostAsync"/>.</summary>
    public async Task<Session> OpenAsync(CancellationToken stop) => new(await LedgerStore.OpenPlannedAsync(database, stop));

    /// <summary>Posts pages of a writer, those that nobody has taken over, in one commit.</summary>
    /// <param name="session">From <see cref="OpenAsync"/>.</param>
    /// <param name="writer">Whose they are.</param>
    /// <param name="pages">In the order in which they were written.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task PostAsync(Session session, Guid writer, IReadOnlyList<LedgerPage> pages, CancellationToken stop)
    {
        await using var transaction = await session.Connection.BeginTransactionAsync(stop);
        var ours = await session.TakeAsync(writer, pages, stop);
        foreach (var issue in pages.Where(page => ours.Contains((page.IssueId, page.BatchNo, page.WriteNo))).GroupBy(page => (page.PartKey, page.IssueId)))
            await session.PostAsync(issue.Key.PartKey, issue.Key.IssueId, Last(issue.SelectMany(page => page.Lines)), stop);
        await transaction.CommitAsync(stop);
    }

    /// <summary>Posts what a batch's former owners left in the journal, in the transaction of whoever takes it over.</summary>
    internal static async Task PostLeftAsync(NpgsqlConnection connection, long part, long issue, int batch, CancellationToken stop)
    {
        var pages = await TakeLeftAsync(connection, issue, batch, stop);
        if (pages.Count == 0)
            return;
        var lines = Last(pages.OrderBy(page => page.Fence).ThenBy(page => page.WriteNo).SelectMany(page => page.Lines));
        await using var command = new NpgsqlCommand(LedgerStore.InPart(Post, part), connection);
        command.Parameters.AddRange(Parameters());
        await FillAndRunAsync(command, issue, lines, stop);
    }

    private static async Task<List<(long Fence, long WriteNo, List<LedgerLine> Lines)>> TakeLeftAsync(NpgsqlConnection connection, long issue, int batch, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(TakeOfBatch, connection);
        command.Parameters.AddWithValue("issue", issue);
        command.Parameters.AddWithValue("batch", batch);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var pages = new List<(long, long, List<LedgerLine>)>();
        while (await reader.ReadAsync(stop))
            pages.Add((reader.GetInt64(0), reader.GetInt64(1), LedgerLine.Read(reader.GetFieldValue<byte[]>(2))));
        return pages;
    }

    // In the order of the ledger's rows: two who post never wait for each other.
    private static LedgerLine[] Last(IEnumerable<LedgerLine> lines)
    {
        var last = new Dictionary<int, LedgerLine>();
        foreach (var line in lines)
            last[line.Seq] = line;
        var posted = last.Values.Where(line => line.Mark != LedgerMark.Entered).ToArray();
        Array.Sort(posted, static (a, b) => a.Seq.CompareTo(b.Seq));
        return posted;
    }

    private static NpgsqlParameter[] Parameters() =>
    [
        new("issue", NpgsqlDbType.Bigint),
        new("seq", NpgsqlDbType.Array | NpgsqlDbType.Integer),
        new("accepted", NpgsqlDbType.Array | NpgsqlDbType.Boolean),
        new("relay", NpgsqlDbType.Array | NpgsqlDbType.Smallint),
        new("code", NpgsqlDbType.Array | NpgsqlDbType.Smallint),
        new("queue", NpgsqlDbType.Array | NpgsqlDbType.Text),
        new("detail", NpgsqlDbType.Array | NpgsqlDbType.Bigint),
    ];

    private static async Task FillAndRunAsync(NpgsqlCommand command, long issue, LedgerLine[] lines, CancellationToken stop)
    {
        object[] values =
        [
            issue,
            Array.ConvertAll(lines, static line => line.Seq),
            Array.ConvertAll(lines, static line => line.Mark == LedgerMark.Accepted),
            Array.ConvertAll(lines, static line => line.RelayId),
            Array.ConvertAll(lines, static line => line.Code),
            Array.ConvertAll(lines, static line => line.QueueId),
            Array.ConvertAll(lines, static line => line.DetailId),
        ];
        for (var at = 0; at < values.Length; at++)
            command.Parameters[at].Value = values[at];
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>A connection with its statements. Used by one at a time.</summary>
    public sealed class Session : IAsyncDisposable
    {
        private readonly LedgerStore.PartStatements _posting;

        internal Session(NpgsqlConnection connection)
        {
            Connection = connection;
            _posting = new LedgerStore.PartStatements(connection, Post, Parameters());
        }

        internal NpgsqlConnection Connection { get; }

        public async ValueTask DisposeAsync()
        {
            await _posting.DisposeAsync();
            await Connection.DisposeAsync();
        }

        /// <summary>Takes pages out of the journal: those that are still there.</summary>
        internal async Task<HashSet<(long, int, long)>> TakeAsync(Guid writer, IReadOnlyList<LedgerPage> pages, CancellationToken stop)
        {
            await using var command = new NpgsqlCommand(TakeOwn, Connection);
            command.Parameters.AddWithValue("issue", pages.Select(page => page.IssueId).ToArray());
            command.Parameters.AddWithValue("batch", pages.Select(page => page.BatchNo).ToArray());
            command.Parameters.AddWithValue("write_no", pages.Select(page => page.WriteNo).ToArray());
            command.Parameters.AddWithValue("writer", writer);
            await using var reader = await command.ExecuteReaderAsync(stop);
            var ours = new HashSet<(long, int, long)>();
            while (await reader.ReadAsync(stop))
                ours.Add((reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2)));
            return ours;
        }

        internal async Task PostAsync(long part, long issue, LedgerLine[] lines, CancellationToken stop)
        {
            if (lines.Length == 0)
                return;
            await FillAndRunAsync(await _posting.OfAsync(part, stop), issue, lines, stop);
        }
    }
}
