using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Doctor;

/// <summary>Which keys of the ring somebody has shown a copy of. It knows their fingerprints, never the keys.</summary>
public sealed class KeyBackupStore(NpgsqlDataSource database)
{
    private const string Purpose = "fingerprint of a backup";

    private const string Upsert = /*lang=sql*/ """
        insert into key_backups (fingerprint, key_id)
        select * from unnest(@fingerprints::text[], @ids::text[])
        on conflict (fingerprint) do update set verified_at = now()
        """;

    private const string SelectAll = /*lang=sql*/ """select fingerprint as "Fingerprint", verified_at as "VerifiedAt" from key_backups""";

    /// <summary>Remembers that a copy held these keys of the ring.</summary>
    public async Task VerifiedAsync(KeyRing ring, IReadOnlyList<string> ids, CancellationToken stop)
    {
        var values = new { ids = ids.ToArray(), fingerprints = ids.Select(id => FingerprintOf(ring, id)).ToArray() };
        await using var connection = await database.OpenConnectionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(Upsert, values, cancellationToken: stop));
    }

    /// <summary>When a copy of each key was last shown; null: never.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset?>> ListAsync(KeyRing ring, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var known = (await connection.QueryAsync<Row>(new CommandDefinition(SelectAll, cancellationToken: stop))).ToDictionary(row => row.Fingerprint, row => row.VerifiedAt, StringComparer.Ordinal);
        return ring.KeyIds.ToDictionary(id => id, id => known.TryGetValue(FingerprintOf(ring, id), out var at) ? at : (DateTimeOffset?)null, StringComparer.Ordinal);
    }

    /// <summary>Keys of the ring that the copy holds as they are.</summary>
    public static IReadOnlyList<string> InCopy(KeyRing ring, KeyRing copy) =>
        [.. ring.KeyIds.Where(id => copy.Derive(id, Purpose) is { } there && there.AsSpan().SequenceEqual(ring.Derive(id, Purpose)))];

    // Eight bytes tell keys apart and tell nothing else of them.
    private static string FingerprintOf(KeyRing ring, string id) => Convert.ToHexStringLower(ring.Derive(id, Purpose)!.AsSpan(0, 8));

    private sealed record Row
    {
        public required string Fingerprint { get; init; }

        public DateTimeOffset VerifiedAt { get; init; }
    }
}
