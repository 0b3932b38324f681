using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

/// <summary>Texts of relays' replies. They repeat a million times: each has one row, with what differs (addresses, queue ids) taken out. Used by one writer at a time.</summary>
internal sealed class SmtpDetailStore
{
    private const string InsertDetails = /*lang=sql*/ """
        insert into smtp_details (sha256, code, status, text)
        select * from unnest(@sha256::bytea[], @code::smallint[], @status::text[], @text::text[])
        on conflict (sha256) do nothing
        """;

    private const string SelectDetails = /*lang=sql*/ """
        select sha256, id from smtp_details where sha256 = any(@sha256)
        """;

    private const int MostRemembered = 10_000;

    // By what the relay said, but for the queue id: what is kept of it is the same each time.
    private readonly Dictionary<SmtpReply, long> _known = [];

    /// <summary>The id under which each entry's reply is kept; null for one without a reply.</summary>
    public async Task<long?[]> IdsOf(NpgsqlConnection connection, IReadOnlyList<LedgerEntry> entries, CancellationToken stop)
    {
        var ids = new long?[entries.Count];
        List<(int At, SmtpReply Reply)>? unknown = null;
        for (var at = 0; at < entries.Count; at++)
        {
            if (WithoutQueueId(entries[at]) is not { } reply)
                continue;
            if (_known.TryGetValue(reply, out var id))
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
        var known = await KeepAsync(connection, [.. kept.Select(one => one.Kept).DistinctBy(reply => reply.ToString())], stop);
        if (_known.Count + kept.Count > MostRemembered)
            _known.Clear();
        foreach (var (at, reply, text) in kept)
            ids[at] = _known[reply] = known[text.ToString()];
    }

    private static async Task<Dictionary<string, long>> KeepAsync(NpgsqlConnection connection, SmtpReply[] replies, CancellationToken stop)
    {
        var byHash = replies.ToDictionary(reply => Convert.ToHexString(Hash(reply)), reply => reply.ToString(), StringComparer.Ordinal);
        var hashes = replies.Select(Hash).ToArray();
        await using (var insert = new NpgsqlCommand(InsertDetails, connection))
        {
            insert.Parameters.AddWithValue("sha256", hashes);
            insert.Parameters.AddWithValue("code", replies.Select(reply => (short)reply.Code).ToArray());
            insert.Parameters.AddWithValue("status", NpgsqlDbType.Array | NpgsqlDbType.Text, replies.Select(reply => SmtpText.StorableOrNull(reply.EnhancedStatus)).ToArray());
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
}
