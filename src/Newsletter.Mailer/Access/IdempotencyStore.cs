using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Access;

/// <summary>An answer as it was first given, to be given again.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Headers">JSON object of the headers worth repeating.</param>
/// <param name="Body">As it was written.</param>
public sealed record RememberedAnswer(int Status, string Headers, byte[] Body);

/// <summary>What a request that names an Idempotency-Key meets.</summary>
public abstract record IdempotencyClaim
{
    private IdempotencyClaim()
    {
    }

    /// <summary>The first of its kind: run it, then <see cref="IdempotencyStore.CompleteAsync"/> or <see cref="IdempotencyStore.AbandonAsync"/>.</summary>
    public sealed record Started : IdempotencyClaim;

    /// <summary>Done before.</summary>
    public sealed record Answered(RememberedAnswer Answer) : IdempotencyClaim;

    /// <summary>The first is still running.</summary>
    public sealed record InProgress : IdempotencyClaim;

    /// <summary>The key was used for another request.</summary>
    public sealed record OtherRequest : IdempotencyClaim;
}

/// <summary>
/// Remembers for 24 hours what was answered to a POST that named an Idempotency-Key. Keys belong to the API key that used them.
/// A claim whose process died is free again after ten minutes.
/// </summary>
public sealed class IdempotencyStore(NpgsqlDataSource database)
{
    private const string ForgetOld = /*lang=sql*/ """
        delete from idempotency_keys where created_at < now() - interval '24 hours'
        """;

    private const string Claim = /*lang=sql*/ """
        insert into idempotency_keys (api_key_id, key, request_sha256)
        values (@apiKeyId, @key, @requestSha256)
        on conflict (api_key_id, key) do update set created_at = now()
            where idempotency_keys.status is null
              and idempotency_keys.request_sha256 = excluded.request_sha256
              and idempotency_keys.created_at < now() - interval '10 minutes'
        returning 1
        """;

    private const string Find = /*lang=sql*/ """
        select request_sha256 = @requestSha256, status, headers::text, body
        from idempotency_keys where api_key_id = @apiKeyId and key = @key
        """;

    private const string Complete = /*lang=sql*/ """
        update idempotency_keys set status = @status, headers = @headers, body = @body
        where api_key_id = @apiKeyId and key = @key and status is null
        """;

    private const string Abandon = /*lang=sql*/ """
        delete from idempotency_keys where api_key_id = @apiKeyId and key = @key and status is null
        """;

    /// <summary>Claims the key for this request, or tells why not. <paramref name="requestSha256"/> covers all that makes it this request.</summary>
    public async Task<IdempotencyClaim> ClaimAsync(long apiKeyId, string key, byte[] requestSha256, CancellationToken stop)
    {
        await using var forget = database.CreateCommand(ForgetOld);
        await forget.ExecuteNonQueryAsync(stop);
        await using var claim = Command(Claim, apiKeyId, key);
        claim.Parameters.AddWithValue("requestSha256", requestSha256);
        return await claim.ExecuteScalarAsync(stop) is not null
            ? new IdempotencyClaim.Started()
            : await FindAsync(apiKeyId, key, requestSha256, stop);
    }

    private async Task<IdempotencyClaim> FindAsync(long apiKeyId, string key, byte[] requestSha256, CancellationToken stop)
    {
        await using var find = Command(Find, apiKeyId, key);
        find.Parameters.AddWithValue("requestSha256", requestSha256);
        await using var row = await find.ExecuteReaderAsync(stop);
        // Gone between the two statements: the first was abandoned this moment, and the caller may ask again.
        if (!await row.ReadAsync(stop))
            return new IdempotencyClaim.InProgress();
        if (!row.GetBoolean(0))
            return new IdempotencyClaim.OtherRequest();
        if (await row.IsDBNullAsync(1, stop))
            return new IdempotencyClaim.InProgress();
        return new IdempotencyClaim.Answered(new RememberedAnswer(row.GetInt32(1), row.GetString(2), row.GetFieldValue<byte[]>(3)));
    }

    /// <summary>Keeps the answer for those who ask again.</summary>
    public async Task CompleteAsync(long apiKeyId, string key, RememberedAnswer answer, CancellationToken stop)
    {
        await using var complete = Command(Complete, apiKeyId, key);
        complete.Parameters.AddWithValue("status", answer.Status);
        complete.Parameters.AddWithValue("headers", NpgsqlDbType.Jsonb, answer.Headers);
        complete.Parameters.AddWithValue("body", answer.Body);
        await complete.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Frees the key: nothing was done, and the same request may be tried again.</summary>
    public async Task AbandonAsync(long apiKeyId, string key, CancellationToken stop)
    {
        await using var abandon = Command(Abandon, apiKeyId, key);
        await abandon.ExecuteNonQueryAsync(stop);
    }

    private NpgsqlCommand Command(string sql, long apiKeyId, string key)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue("apiKeyId", apiKeyId);
        command.Parameters.AddWithValue("key", key);
        return command;
    }
}
