using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

/// <summary>Writes outcomes and intents: many deliveries, one statement, one commit.</summary>
public sealed partial class LedgerStore(NpgsqlDataSource database)
{
    // An outcome counts only under the fence it was sent with, but for one case: whoever lost the lease and then learns
    // that the relay did accept knows more than the new owner's "unknown".
    // An intent needs the live lease and an issue that is sending: a pause or a lost lease stops the very next message,
    // but not one whose intent was committed before and only its answer lost: that one would be left in flight for ever.
    // A lease that ran out is no longer live although nobody has taken it over yet: whoever wakes up late must not begin
    // what another is about to settle. Once it is renewed, the next message may go.
    private const string Write = /*lang=sql*/ """
        with o as (
            select * from unnest(
                @issue::bigint[], @seq::integer[], @batch::integer[], @fence::bigint[], @status::text[],
                @relay::smallint[], @code::smallint[], @queue::text[], @detail::bigint[], @attempts::smallint[],
                @dot_faults::smallint[], @retry_in::double precision[], @suppress::boolean[], @evidence::text[])
            as o(issue_id, seq, batch_no, fence, status, relay_id, smtp_code, queue_id, detail_id, attempts,
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
            where d.part_key = @only_part and d.issue_id = o.issue_id and d.seq = o.seq
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
            from unnest(@next_issue::bigint[], @next_seq::integer[], @next_batch::integer[], @next_fence::bigint[])
                as n(issue_id, seq, batch_no, fence)
            join batches b on b.issue_id = n.issue_id and b.batch_no = n.batch_no and b.fence = n.fence and b.state = 'leased'
            join issues i on i.id = n.issue_id
            where d.part_key = @only_part and d.issue_id = n.issue_id and d.seq = n.seq
              and (i.state = 'sending' and b.lease_until >= now() and d.status in ('pending', 'deferred', 'unknown') or @again and d.status = 'sending')
            returning d.issue_id, d.seq)
        select false, issue_id, seq from written
        union all
        select true, issue_id, seq from intended
        """;

    // What nearly every write is: nothing deferred, nothing suppressed. One update of one table under the same
    // conditions, at less than half the price.
    private const string WriteAtOnce = /*lang=sql*/ """
        update deliveries d
        set status = case when n.is_intent then 'sending' else n.status end::delivery_status,
            attempts = d.attempts + n.attempts,
            resends = d.resends + (n.is_intent and d.status = 'unknown')::integer,
            dot_faults = d.dot_faults + n.dot_faults,
            relay_id = coalesce(n.relay_id, d.relay_id),
            smtp_code = case when n.is_intent then d.smtp_code else n.smtp_code end,
            queue_id = case when n.is_intent then d.queue_id else n.queue_id end,
            detail_id = case when n.is_intent then d.detail_id else n.detail_id end,
            updated_at = now()
        from unnest(
                @is_intent::boolean[], @issue::bigint[], @seq::integer[], @batch::integer[], @fence::bigint[], @status::text[],
                @relay::smallint[], @code::smallint[], @queue::text[], @detail::bigint[], @attempts::smallint[], @dot_faults::smallint[])
            as n(is_intent, issue_id, seq, batch_no, fence, status, relay_id, smtp_code, queue_id, detail_id, attempts, dot_faults)
        join batches b on b.issue_id = n.issue_id and b.batch_no = n.batch_no
        join issues i on i.id = n.issue_id
        where d.part_key = @only_part and d.issue_id = n.issue_id and d.seq = n.seq
          and case when n.is_intent
                   then b.fence = n.fence and b.state = 'leased'
                        and (i.state = 'sending' and b.lease_until >= now() and d.status in ('pending', 'deferred', 'unknown') or @again and d.status = 'sending')
                   else d.status = 'sending' and b.fence = n.fence or d.status = 'unknown' and n.status = 'accepted' end
        returning n.is_intent, d.issue_id, d.seq
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
    // And planned once: left to itself the server plans a short write anew each time, for longer than the write takes.
    private const string PlanByIndex = /*lang=sql*/ """
        set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan
        """;

    private const int DetailsRemembered = 10_000;

    // By what the relay said, but for the queue id: what is kept of it is the same each time.
    private readonly Dictionary<SmtpReply, long> _details = [];

    /// <summary>A connection of the recorder's own, set up for <see cref="WriteAsync"/>.</summary>
    public async Task<Session> OpenAsync(CancellationToken stop)
    {
        var connection = await database.OpenConnectionAsync(stop);
        try
        {
            await using var set = new NpgsqlCommand(PlanByIndex, connection);
            await set.ExecuteNonQueryAsync(stop);
            return new Session(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Commits outcomes and intents together.</summary>
    /// <param name="session">From <see cref="OpenAsync"/>.</param>
    /// <param name="entries">Outcomes.</param>
    /// <param name="next">Deliveries to be sent next.</param>
    /// <param name="again">The same write was tried before and its fate is not known: an intent already there is then ours, for nobody else has the fence.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The deliveries whose intent is now durable: only these may be sent.</returns>
    public async Task<LedgerWritten> WriteAsync(Session session, IReadOnlyList<LedgerEntry> entries, IReadOnlyList<DeliveryKey> next, bool again, CancellationToken stop)
    {
        var details = await DetailIdsAsync(session.Connection, entries, stop);
        var groups = Group.ByPart(entries, details, next);
        if (groups is [var only])
            return await session.WriteAsync(only, again, stop);

        // Issues of several partitions: still one commit, for an intent must not be durable before the outcome it came with.
        await using var transaction = await session.Connection.BeginTransactionAsync(stop);
        var (written, intended) = (new HashSet<(long, int)>(), new HashSet<(long, int)>());
        foreach (var group in groups)
        {
            var some = await session.WriteAsync(group, again, stop);
            written.UnionWith(some.Written);
            intended.UnionWith(some.Intended);
        }

        await transaction.CommitAsync(stop);
        return new LedgerWritten(written, intended);
    }

    // Replies repeat a million times: each text has one row, with what differs (addresses, queue ids) taken out.
    private async Task<long?[]> DetailIdsAsync(NpgsqlConnection connection, IReadOnlyList<LedgerEntry> entries, CancellationToken stop)
    {
        var ids = new long?[entries.Count];
        List<(int At, SmtpReply Reply)>? unknown = null;
        for (var at = 0; at < entries.Count; at++)
        {
            if (WithoutQueueId(entries[at]) is not { } reply)
                continue;
            if (_details.TryGetValue(reply, out var id))
                ids[at] = id;
            else
                (unknown ??= []).Add((at, reply));
        }

        if (unknown is not null)
            await LearnAsync(connection, unknown, ids, stop);
        return ids;
    }

    private async Task LearnAsync(NpgsqlConnection connection, List<(int At, SmtpReply Reply)> unknown, long?[] ids, CancellationToken stop)
    {
        var kept = unknown.ConvertAll(one => (one.At, one.Reply, Kept: one.Reply with { Text = SmtpText.Kept(one.Reply.Text) }));
        var known = await DetailsOfAsync(connection, [.. kept.Select(one => one.Kept).DistinctBy(reply => reply.ToString())], stop);
        if (_details.Count + kept.Count > DetailsRemembered)
            _details.Clear();
        foreach (var (at, reply, text) in kept)
            ids[at] = _details[reply] = known[text.ToString()];
    }

    private static async Task<Dictionary<string, long>> DetailsOfAsync(NpgsqlConnection connection, SmtpReply[] replies, CancellationToken stop)
    {
        var byHash = replies.ToDictionary(reply => Convert.ToHexString(Hash(reply)), reply => reply.ToString(), StringComparer.Ordinal);
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
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync(stop))
            ids[byHash[Convert.ToHexString(reader.GetFieldValue<byte[]>(0))]] = reader.GetInt64(1);
        return ids;
    }

    // A queue id is taken out however short it is: it is kept beside the text.
    private static SmtpReply? WithoutQueueId(LedgerEntry entry) =>
        entry.Reply is { } reply && !string.IsNullOrEmpty(entry.QueueId) && reply.Text.Contains(entry.QueueId, StringComparison.Ordinal)
            ? reply with { Text = reply.Text.Replace(entry.QueueId, "#", StringComparison.Ordinal) }
            : entry.Reply;

    private static byte[] Hash(SmtpReply reply) => SHA256.HashData(Encoding.UTF8.GetBytes(reply.ToString()));

    // One NUL or lone surrogate would fail the whole write.
    private static string? Clean(string? text) => text is null ? null : SmtpText.Storable(text);
}

/// <summary>What a write did.</summary>
/// <param name="Written">Deliveries whose outcome was entered; one that is missing had been taken over.</param>
/// <param name="Intended">Deliveries that may be sent now.</param>
public sealed record LedgerWritten(IReadOnlySet<(long IssueId, int Seq)> Written, IReadOnlySet<(long IssueId, int Seq)> Intended);
