using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

/// <summary>Writes outcomes and intents: many deliveries, one statement, one commit.</summary>
public sealed class LedgerStore(NpgsqlDataSource database)
{
    // An outcome counts only under the fence it was sent with, but for one case: whoever lost the lease and then learns
    // that the relay did accept knows more than the new owner's "unknown".
    // An intent needs the live lease and an issue that is sending: a pause or a lost lease stops the very next message,
    // but not one whose intent was committed before and only its answer lost: that one would be left in flight for ever.
    private const string Write = /*lang=sql*/ """
        with o as (
            select * from unnest(
                @part::bigint[], @issue::bigint[], @seq::integer[], @batch::integer[], @fence::bigint[], @status::text[],
                @relay::smallint[], @code::smallint[], @queue::text[], @detail::bigint[], @attempts::smallint[],
                @dot_faults::smallint[], @retry_in::double precision[], @suppress::boolean[], @evidence::text[])
            as o(part_key, issue_id, seq, batch_no, fence, status, relay_id, smtp_code, queue_id, detail_id, attempts,
                 dot_faults, retry_in, suppress, evidence)),
        written as (
            update deliveries d
            set status = o.status::delivery_status,
                attempts = d.attempts + o.attempts,
                dot_faults = d.dot_faults + o.dot_faults,
                relay_id = coalesce(o.relay_id, d.relay_id),
                smtp_code = o.smtp_code,
                queue_id = o.queue_id,
                detail_id = o.detail_id,
                updated_at = now()
            from o
            join batches b on b.issue_id = o.issue_id and b.batch_no = o.batch_no
            where d.part_key = o.part_key and d.issue_id = o.issue_id and d.seq = o.seq
              and (d.status = 'sending' and b.fence = o.fence or d.status = 'unknown' and o.status = 'accepted')
            returning d.issue_id, d.seq, d.subscriber_id),
        rescheduled as (
            insert into retries (issue_id, seq, since, next_at)
            select w.issue_id, w.seq, now(), now() + o.retry_in * interval '1 second'
            from written w join o using (issue_id, seq)
            where o.retry_in is not null
            on conflict (issue_id, seq) do update set next_at = excluded.next_at, batch_no = null),
        suppressed as (
            insert into suppressions (address, reason, evidence)
            select b.address, 'hard_bounce', o.evidence
            from written w join o using (issue_id, seq) join subscribers b on b.id = w.subscriber_id
            where o.suppress
            on conflict do nothing),
        intended as (
            update deliveries d
            set status = 'sending',
                resends = d.resends + (d.status = 'unknown')::integer,
                updated_at = now()
            from unnest(@next_part::bigint[], @next_issue::bigint[], @next_seq::integer[], @next_batch::integer[], @next_fence::bigint[])
                as n(part_key, issue_id, seq, batch_no, fence)
            join batches b on b.issue_id = n.issue_id and b.batch_no = n.batch_no and b.fence = n.fence and b.state = 'leased'
            join issues i on i.id = n.issue_id
            where d.part_key = n.part_key and d.issue_id = n.issue_id and d.seq = n.seq
              and (i.state = 'sending' and d.status in ('pending', 'deferred', 'unknown') or @again and d.status = 'sending')
            returning d.issue_id, d.seq)
        select false, issue_id, seq from written
        union all
        select true, issue_id, seq from intended
        """;

    private const string InsertDetails = /*lang=sql*/ """
        insert into smtp_details (sha256, code, status, text)
        select * from unnest(@sha256::bytea[], @code::smallint[], @status::text[], @text::text[])
        on conflict (sha256) do nothing
        """;

    private const string SelectDetails = /*lang=sql*/ """
        select sha256, id from smtp_details where sha256 = any(@sha256)
        """;

    // Index look-ups always: a freshly made partition has no statistics yet, and a plan that reads it whole would stay.
    private const string PlanByIndex = /*lang=sql*/ """
        set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off
        """;

    private const int DetailsRemembered = 10_000;

    private readonly Dictionary<string, long> _details = new(StringComparer.Ordinal);

    /// <summary>A connection of the recorder's own, set up for <see cref="WriteAsync"/>.</summary>
    public async Task<DbConnection> OpenAsync(CancellationToken stop)
    {
        var connection = await database.OpenConnectionAsync(stop);
        await using var set = new NpgsqlCommand(PlanByIndex, connection);
        await set.ExecuteNonQueryAsync(stop);
        return connection;
    }

    /// <summary>Commits outcomes and intents together.</summary>
    /// <param name="session">From <see cref="OpenAsync"/>.</param>
    /// <param name="entries">Outcomes.</param>
    /// <param name="next">Deliveries to be sent next.</param>
    /// <param name="again">The same write was tried before and its fate is not known: an intent already there is then ours, for nobody else has the fence.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The deliveries whose intent is now durable: only these may be sent.</returns>
    public async Task<LedgerWritten> WriteAsync(DbConnection session, IReadOnlyList<LedgerEntry> entries, IReadOnlyList<DeliveryKey> next, bool again, CancellationToken stop)
    {
        var connection = (NpgsqlConnection)session;
        var details = await DetailIdsAsync(connection, entries, stop);
        await using var command = new NpgsqlCommand(Write, connection);
        AddOutcomes(command.Parameters, entries, details);
        AddIntents(command.Parameters, next);
        command.Parameters.AddWithValue("again", again);
        // Planned once a connection: planning costs more than the write itself.
        await command.PrepareAsync(stop);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var (written, intended) = (new HashSet<(long, int)>(), new HashSet<(long, int)>());
        while (await reader.ReadAsync(stop))
            (reader.GetBoolean(0) ? intended : written).Add((reader.GetInt64(1), reader.GetInt32(2)));
        return new LedgerWritten(written, intended);
    }

    private static void AddOutcomes(NpgsqlParameterCollection to, IReadOnlyList<LedgerEntry> entries, long?[] details)
    {
        to.AddWithValue("part", entries.Select(entry => entry.Key.PartKey).ToArray());
        to.AddWithValue("issue", entries.Select(entry => entry.Key.IssueId).ToArray());
        to.AddWithValue("seq", entries.Select(entry => entry.Key.Seq).ToArray());
        to.AddWithValue("batch", entries.Select(entry => entry.Key.BatchNo).ToArray());
        to.AddWithValue("fence", entries.Select(entry => entry.Key.Fence).ToArray());
        to.AddWithValue("status", entries.Select(entry => entry.Status).ToArray());
        to.AddWithValue("relay", NpgsqlDbType.Array | NpgsqlDbType.Smallint, entries.Select(entry => (short?)entry.RelayId).ToArray());
        to.AddWithValue("code", NpgsqlDbType.Array | NpgsqlDbType.Smallint, entries.Select(entry => (short?)entry.Reply?.Code).ToArray());
        to.AddWithValue("queue", NpgsqlDbType.Array | NpgsqlDbType.Text, entries.Select(entry => Clean(entry.QueueId)).ToArray());
        to.AddWithValue("detail", NpgsqlDbType.Array | NpgsqlDbType.Bigint, details);
        to.AddWithValue("attempts", entries.Select(entry => (short)entry.CountedAttempts).ToArray());
        to.AddWithValue("dot_faults", entries.Select(entry => (short)entry.DotFaults).ToArray());
        to.AddWithValue("retry_in", NpgsqlDbType.Array | NpgsqlDbType.Double, entries.Select(entry => entry.RetryIn?.TotalSeconds).ToArray());
        to.AddWithValue("suppress", entries.Select(entry => entry.Suppress).ToArray());
        to.AddWithValue("evidence", NpgsqlDbType.Array | NpgsqlDbType.Text, entries.Select(entry => entry.Suppress ? SmtpText.Kept(entry.Reply!.ToString()) : null).ToArray());
    }

    private static void AddIntents(NpgsqlParameterCollection to, IReadOnlyList<DeliveryKey> next)
    {
        to.AddWithValue("next_part", next.Select(key => key.PartKey).ToArray());
        to.AddWithValue("next_issue", next.Select(key => key.IssueId).ToArray());
        to.AddWithValue("next_seq", next.Select(key => key.Seq).ToArray());
        to.AddWithValue("next_batch", next.Select(key => key.BatchNo).ToArray());
        to.AddWithValue("next_fence", next.Select(key => key.Fence).ToArray());
    }

    // Replies repeat a million times: each text has one row, with what differs (addresses, queue ids) taken out.
    private async Task<long?[]> DetailIdsAsync(NpgsqlConnection connection, IReadOnlyList<LedgerEntry> entries, CancellationToken stop)
    {
        var replies = entries.Select(Common).ToArray();
        var all = replies.OfType<SmtpReply>().DistinctBy(reply => reply.ToString()).ToArray();
        // Forgotten before anything is looked up: what this write needs must stay.
        if (_details.Count + all.Length > DetailsRemembered)
            _details.Clear();
        var missing = all.Where(reply => !_details.ContainsKey(reply.ToString())).ToArray();
        if (missing.Length > 0)
            await LearnAsync(connection, missing, stop);
        return [.. replies.Select(reply => reply is null ? (long?)null : _details[reply.ToString()])];
    }

    private async Task LearnAsync(NpgsqlConnection connection, SmtpReply[] replies, CancellationToken stop)
    {
        var byHash = replies.ToDictionary(reply => Convert.ToHexString(Hash(reply)), StringComparer.Ordinal);
        var hashes = replies.Select(Hash).ToArray();
        await using (var insert = new NpgsqlCommand(InsertDetails, connection))
        {
            insert.Parameters.AddWithValue("sha256", hashes);
            insert.Parameters.AddWithValue("code", replies.Select(reply => (short)reply.Code).ToArray());
            insert.Parameters.AddWithValue("status", NpgsqlDbType.Array | NpgsqlDbType.Text, replies.Select(reply => Clean(reply.EnhancedStatus)).ToArray());
            insert.Parameters.AddWithValue("text", replies.Select(reply => reply.Text).ToArray());
            await insert.ExecuteNonQueryAsync(stop);
        }

        await using var select = new NpgsqlCommand(SelectDetails, connection);
        select.Parameters.AddWithValue("sha256", hashes);
        await using var reader = await select.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
            _details[byHash[Convert.ToHexString(reader.GetFieldValue<byte[]>(0))].ToString()] = reader.GetInt64(1);
    }

    private static SmtpReply? Common(LedgerEntry entry) =>
        entry.Reply is { } reply ? reply with { Text = SmtpText.Kept(reply.Text, entry.QueueId) } : null;

    private static byte[] Hash(SmtpReply reply) => SHA256.HashData(Encoding.UTF8.GetBytes(reply.ToString()));

    // One NUL or lone surrogate would fail the whole write.
    private static string? Clean(string? text) => text is null ? null : SmtpText.Storable(text);
}

/// <summary>What a write did.</summary>
/// <param name="Written">Deliveries whose outcome was entered; one that is missing had been taken over.</param>
/// <param name="Intended">Deliveries that may be sent now.</param>
public sealed record LedgerWritten(IReadOnlySet<(long IssueId, int Seq)> Written, IReadOnlySet<(long IssueId, int Seq)> Intended);
