using System.Security.Cryptography;
using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Access;

/// <summary>API keys: make, admit, list, revoke. Expiry is judged by the database's clock, the one that all workers share.</summary>
public sealed class ApiKeyStore(NpgsqlDataSource database)
{
    private const string InsertKey = /*lang=sql*/ """
        insert into api_keys (name, prefix, sha256, scopes, expires_at)
        values (@name, @prefix, @sha256, @scopes, @expiresAt)
        returning id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at
        """;

    private const string FindByPrefix = /*lang=sql*/ """
        select id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at, sha256,
               coalesce(expires_at <= now(), false) as is_expired,
               coalesce(last_used_at < now() - interval '1 minute', true) as is_use_stale
        from api_keys where prefix = @prefix
        """;

    // The condition is repeated, so that many requests at once write one row version, not one each.
    private const string TouchKey = /*lang=sql*/ """
        update api_keys set last_used_at = now()
        where id = @id and coalesce(last_used_at < now() - interval '1 minute', true)
        """;

    private const string SelectKey = /*lang=sql*/ """
        select id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at
        from api_keys where id = @id
        """;

    private const string ListKeys = /*lang=sql*/ """
        select id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at
        from api_keys where id > @after order by id limit @rows
        """;

    private const string RevokeKey = /*lang=sql*/ """
        update api_keys set revoked_at = now() where id = @id and revoked_at is null returning id
        """;

    static ApiKeyStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    /// <summary>Makes a key. <paramref name="scopes"/> are names from <see cref="Scopes"/>, checked by the caller.</summary>
    public async Task<CreatedApiKey> CreateAsync(string name, IReadOnlyCollection<string> scopes, DateTimeOffset? expiresAt, CancellationToken stop)
    {
        var token = ApiKeyToken.Create();
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleAsync<KeyRow>(new CommandDefinition(
            InsertKey,
            new { name, prefix = token.Prefix, sha256 = token.Hash(), scopes = scopes.Distinct().ToArray(), expiresAt = expiresAt?.ToUniversalTime() },
            cancellationToken: stop));
        return new CreatedApiKey(row.ToKey(), token.Reveal());
    }

    /// <summary>Judges a token as presented, and notes its use.</summary>
    public async Task<KeyCheck> CheckAsync(string? presented, CancellationToken stop)
    {
        if (!ApiKeyToken.TryParse(presented, out var token))
            return new KeyCheck.Unknown();
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(FindByPrefix, new { prefix = token.Prefix }, cancellationToken: stop));
        if (row is null || !CryptographicOperations.FixedTimeEquals(row.Sha256, token.Hash()))
            return new KeyCheck.Unknown();
        if (row.RevokedAt is not null)
            return new KeyCheck.Revoked();
        if (row.IsExpired)
            return new KeyCheck.Expired(row.ExpiresAt!.Value);
        if (row.IsUseStale)
            await connection.ExecuteAsync(new CommandDefinition(TouchKey, new { id = row.Id }, cancellationToken: stop));
        return new KeyCheck.Admitted(row.ToKey());
    }

    public async Task<ApiKey?> FindAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(SelectKey, new { id }, cancellationToken: stop));
        return row?.ToKey();
    }

    /// <summary>Keys in the order of their ids; revoked ones too, because history answers questions.</summary>
    public async Task<Page<ApiKey>> ListAsync(PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<KeyRow>(new CommandDefinition(ListKeys, new { after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.Select(row => row.ToKey()).ToList(), page, key => key.Id);
    }

    /// <summary>Ends a key for good. False where there is none; true also for one that is revoked already.</summary>
    public async Task<bool> RevokeAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var revoked = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(RevokeKey, new { id }, cancellationToken: stop));
        return revoked is not null || await FindAsync(id, stop) is not null;
    }

    private sealed class KeyRow
    {
        public long Id { get; init; }
        public string Name { get; init; } = "";
        public string Prefix { get; init; } = "";
        public string[] Scopes { get; init; } = [];
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? ExpiresAt { get; init; }
        public DateTimeOffset? LastUsedAt { get; init; }
        public DateTimeOffset? RevokedAt { get; init; }
        public byte[] Sha256 { get; init; } = [];
        public bool IsExpired { get; init; }
        public bool IsUseStale { get; init; }

        public ApiKey ToKey() => new()
        {
            Id = Id,
            Name = Name,
            Prefix = Prefix,
            Scopes = Scopes,
            CreatedAt = CreatedAt,
            ExpiresAt = ExpiresAt,
            LastUsedAt = LastUsedAt,
            RevokedAt = RevokedAt,
        };
    }
}
