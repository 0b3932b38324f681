using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <content>Addresses that came to be known by their hash alone while the file was on its way: whoever was hashed before, its receiver has left out.</content>
public sealed partial class ImportMergeStore
{
    private const string SelectNewHashes = /*lang=sql*/ """
        select upper(encode(p.address_hash, 'hex'))
        from imports i join suppressions p on p.created_at > i.created_at - interval '10 minutes'
        where i.id = @importId and p.address_hash is not null
        """;

    private const string SelectKeys = /*lang=sql*/ """
        select distinct key from (select key from import_rows where import_id = @importId and key > @after order by key limit @rows) as chunk order by key
        """;

    private const string MarkHashed = /*lang=sql*/ """
        update import_rows set wanted = 'hashed' where import_id = @importId and key = any(@hashed::text[])
        """;

    // An erasure that had begun when a row came in has not seen it, and nobody else sees the hash before it commits: so they are waited for.
    // One that begins later sees every row, and takes it away.
    private static async Task LeaveOutHashedAsync(NpgsqlConnection connection, KeyRing keys, long importId, CancellationToken stop)
    {
        await connection.ExecuteAsync(Command(ErasureStore.WaitForAll, new { }, stop));
        var hashes = (await connection.QueryAsync<string>(Command(SelectNewHashes, new { importId }, stop))).ToHashSet(StringComparer.Ordinal);
        for (string? after = hashes.Count == 0 ? null : ""; after is not null;)
        {
            var met = (await connection.QueryAsync<string>(Command(SelectKeys, new { importId, after, rows = ChunkRows }, stop))).AsList();
            var hashed = met.Where(key => AddressHash.AllOf(keys, key).Any(hash => hashes.Contains(Convert.ToHexString(hash)))).ToArray();
            if (hashed.Length > 0)
                await connection.ExecuteAsync(Command(MarkHashed, new { importId, hashed }, stop));
            after = met.Count == 0 ? null : met[^1];
        }
    }
}
