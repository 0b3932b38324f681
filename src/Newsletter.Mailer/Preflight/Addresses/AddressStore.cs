using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Preflight.Addresses;

/// <summary>What was found behind addresses: good news for a day, bad news for a quarter of an hour.</summary>
public sealed class AddressStore(NpgsqlDataSource database)
{
    private const string SelectFresh = /*lang=sql*/ """
        select url as "Url", verdict as "Verdict", detail as "Detail", bytes as "Bytes", content_type as "ContentType"
        from link_checks
        where sha256 = any(select sha256(convert_to(u, 'UTF8')) from unnest(@urls::text[]) u)
          and checked_at > now() - case verdict when 'fine' then interval '1 day' else interval '15 minutes' end
        """;

    private const string Upsert = /*lang=sql*/ """
        insert into link_checks (sha256, url, verdict, detail, bytes, content_type, checked_at)
        select sha256(convert_to(u.url, 'UTF8')), u.url, u.verdict, u.detail, u.bytes, u.content_type, now()
        from unnest(@urls::text[], @verdicts::text[], @details::text[], @bytes::bigint[], @types::text[]) u(url, verdict, detail, bytes, content_type)
        order by 1
        on conflict (sha256) do update
        set verdict = excluded.verdict, detail = excluded.detail, bytes = excluded.bytes, content_type = excluded.content_type, checked_at = excluded.checked_at
        """;

    private const string DeleteStale = /*lang=sql*/ """
        delete from link_checks where sha256 in (select sha256 from link_checks where checked_at < now() - interval '30 days' limit 1000)
        """;

    /// <summary>What is known, and still fresh.</summary>
    public async Task<IReadOnlyDictionary<string, AddressState>> FindAsync(IReadOnlyCollection<string> urls, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(SelectFresh, new { urls = urls.ToArray() }, cancellationToken: stop));
        return rows.ToDictionary(row => row.Url, row => new AddressState(Enum.Parse<AddressVerdict>(row.Verdict, ignoreCase: true), row.Detail, row.Bytes, row.ContentType), StringComparer.Ordinal);
    }

    /// <summary>Keeps what was found, and forgets what nobody asked about for a month.</summary>
    public async Task KeepAsync(IReadOnlyDictionary<string, AddressState> states, CancellationToken stop)
    {
        var all = states.ToList();
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new
        {
            urls = all.Select(pair => pair.Key).ToArray(),
            verdicts = all.Select(pair => pair.Value.Verdict.ToString().ToLowerInvariant()).ToArray(),
            details = all.Select(pair => Clean(pair.Value.Detail)).ToArray(),
            bytes = all.Select(pair => pair.Value.Bytes).ToArray(),
            types = all.Select(pair => Clean(pair.Value.ContentType)).ToArray(),
        };
        await connection.ExecuteAsync(new CommandDefinition(Upsert, values, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(DeleteStale, cancellationToken: stop));
    }

    // A server's words: PostgreSQL's text can't hold NUL.
    private static string? Clean(string? text) => text is null ? null : text.Replace("\0", "", StringComparison.Ordinal) is { Length: > 300 } lengthy ? lengthy[..300] : text.Replace("\0", "", StringComparison.Ordinal);

    private sealed record Row
    {
        public required string Url { get; init; }

        public required string Verdict { get; init; }

        public string? Detail { get; init; }

        public long? Bytes { get; init; }

        public string? ContentType { get; init; }
    }
}
