using System.Text.Json;
using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Relays as rows: the names of those of the configuration, so that a delivery can say which one took it long after the configuration
/// changed, and those of the API whole.
/// </summary>
public sealed class RelayStore(NpgsqlDataSource database)
{
    // Looked for first: an insert that conflicts uses up an id all the same, and there are 32,767 of them.
    private const string InsertMissing = /*lang=sql*/ """
        insert into relays (name)
        select n from unnest(@names::text[]) n
        where not exists (select from relays r where lower(r.name) = lower(n) and r.deleted_at is null)
        on conflict (lower(name)) where deleted_at is null do nothing
        """;

    private const string SelectIds = /*lang=sql*/ """
        select name, id::integer as id, source
        from relays
        where deleted_at is null and lower(name) in (select lower(n) from unnest(@names::text[]) n)
        """;

    private const string SelectOfTheApi = /*lang=sql*/ """
        select id::integer as "Id", name as "Name", enabled as "Enabled", settings::text as "Settings", password as "Password", updated_at as "UpdatedAt"
        from relays
        where source = 'api' and deleted_at is null
        order by id
        """;

    private const string SelectOne = /*lang=sql*/ """
        select id::integer as "Id", name as "Name", enabled as "Enabled", settings::text as "Settings", password as "Password", updated_at as "UpdatedAt"
        from relays
        where id = @id and source = 'api' and deleted_at is null
        """;

    private const string SelectConfiguredName = /*lang=sql*/ """
        select name from relays where id = @id and source = 'configuration' and deleted_at is null
        """;

    private const string Insert = /*lang=sql*/ """
        insert into relays (name, source, enabled, settings, password)
        values (@name, 'api', @enabled, @settings::jsonb, @password)
        on conflict (lower(name)) where deleted_at is null do nothing
        returning id::integer
        """;

    private const string Change = /*lang=sql*/ """
        update relays
        set name = @name, enabled = @enabled, settings = @settings::jsonb, password = @password, updated_at = clock_timestamp()
        where id = @id and source = 'api' and deleted_at is null
          and not exists (select from relays o where o.id <> @id and lower(o.name) = lower(@name) and o.deleted_at is null)
        returning id::integer
        """;

    // The row stays for what it took; its password has no use any more.
    private const string Delete = /*lang=sql*/ """
        update relays set deleted_at = now(), enabled = false, password = null
        where id = @id and source = 'api' and deleted_at is null
        returning id::integer
        """;

    private const string SelectWorkers = /*lang=sql*/ """
        select relay_id::integer as "RelayId", in_use as "InUse", breaker as "Breaker", breaker_since as "BreakerSince"
        from relay_workers
        where lease_until > now()
        """;

    private const string SelectBuckets = /*lang=sql*/ """
        select relay_id::integer as "RelayId", throttle_group as "Group", tokens as "Tokens", measured as "Measured", slowed_to as "SlowedTo", slowed_at as "SlowedAt"
        from relay_buckets
        order by relay_id, throttle_group
        """;

    private const string SelectToday = /*lang=sql*/ """
        select d.relay_id::integer as "RelayId", d.taken as "Taken", coalesce(d.taken >= d.allowance, false) as "IsOver"
        from relay_days d
        where d.day = (now() at time zone 'utc')::date
        """;

    private const string SelectDay = /*lang=sql*/ """
        select (now() at time zone 'utc')::date
        """;

    /// <summary>The id of each configured name, made where new.</summary>
    /// <exception cref="InvalidOperationException">A relay made through the API has the name.</exception>
    public async Task<IReadOnlyDictionary<string, int>> IdsOf(IReadOnlyCollection<string> names, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new { names = names.ToArray() };
        await connection.ExecuteAsync(new CommandDefinition(InsertMissing, values, cancellationToken: stop));
        var rows = (await connection.QueryAsync<(string Name, int Id, string Source)>(new CommandDefinition(SelectIds, values, cancellationToken: stop))).AsList();
        if (rows.Find(row => row.Source == "api") is { Name: { } taken })
            throw new InvalidOperationException($"Delivery:Relays names '{taken}', and a relay of that name was made through the API: rename one of them (PUT /api/relays/{rows.Find(row => row.Name == taken).Id}), or delete it there.");
        return rows.ToDictionary(row => row.Name, row => row.Id, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Relays made through the API, enabled or not.</summary>
    internal async Task<IReadOnlyList<RelayRow>> ListAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<RelayRow>(new CommandDefinition(SelectOfTheApi, cancellationToken: stop))];
    }

    /// <summary>Null where there is none, or it is one of the configuration.</summary>
    internal async Task<RelayRow?> FindAsync(int id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<RelayRow>(new CommandDefinition(SelectOne, new { id }, cancellationToken: stop));
    }

    /// <summary>The name of a relay of the configuration; null where the id is of none.</summary>
    internal async Task<string?> ConfiguredNameAsync(int id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(SelectConfiguredName, new { id }, cancellationToken: stop));
    }

    /// <summary>Null where the name is taken.</summary>
    internal Task<int?> InsertAsync(RelayOptions relay, string? sealedPassword, CancellationToken stop) =>
        One(Insert, new { name = relay.Name, enabled = relay.Enabled, settings = RelayRow.Write(relay), password = sealedPassword }, stop);

    /// <summary>Null where the name is taken by another, or the relay is gone.</summary>
    internal Task<int?> ChangeAsync(int id, RelayOptions relay, string? sealedPassword, CancellationToken stop) =>
        One(Change, new { id, name = relay.Name, enabled = relay.Enabled, settings = RelayRow.Write(relay), password = sealedPassword }, stop);

    internal async Task<bool> DeleteAsync(int id, CancellationToken stop) => await One(Delete, new { id }, stop) is not null;

    /// <summary>How every relay is doing, as its workers say.</summary>
    internal async Task<RelayStates> StatesAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return new RelayStates
        {
            Workers = [.. await connection.QueryAsync<RelayWorkerRow>(new CommandDefinition(SelectWorkers, cancellationToken: stop))],
            Buckets = [.. await connection.QueryAsync<RelayBucketRow>(new CommandDefinition(SelectBuckets, cancellationToken: stop))],
            Days = [.. await connection.QueryAsync<RelayDayRow>(new CommandDefinition(SelectToday, cancellationToken: stop))],
            Today = DateOnly.FromDateTime(await connection.QuerySingleAsync<DateTime>(new CommandDefinition(SelectDay, cancellationToken: stop))),
        };
    }

    private async Task<int?> One(string sql, object values, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        try
        {
            return await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(sql, values, cancellationToken: stop));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Another took the name between the look and the write.
            return null;
        }
    }
}

/// <summary>A relay of the API as it is kept.</summary>
internal sealed record RelayRow
{
    public int Id { get; init; }
    public string Name { get; init; } = "";
    public bool Enabled { get; init; }
    public string Settings { get; init; } = "{}";
    public string? Password { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>As it was given, the password apart.</summary>
    public RelayOptions Read()
    {
        var options = JsonSerializer.Deserialize<RelayOptions>(Settings) ?? new RelayOptions();
        (options.Name, options.Enabled) = (Name, Enabled);
        return options;
    }

    /// <summary>All but the password.</summary>
    public static string Write(RelayOptions options)
    {
        var json = JsonSerializer.SerializeToNode(options)!.AsObject();
        json.Remove(nameof(RelayOptions.Password));
        return json.ToJsonString();
    }
}

/// <summary>What workers wrote about their relays.</summary>
internal sealed record RelayStates
{
    public required IReadOnlyList<RelayWorkerRow> Workers { get; init; }
    public required IReadOnlyList<RelayBucketRow> Buckets { get; init; }
    public required IReadOnlyList<RelayDayRow> Days { get; init; }
    public required DateOnly Today { get; init; }
}

internal sealed record RelayWorkerRow
{
    public int RelayId { get; init; }
    public int InUse { get; init; }
    public string? Breaker { get; init; }
    public DateTimeOffset? BreakerSince { get; init; }
}

internal sealed record RelayBucketRow
{
    public int RelayId { get; init; }
    public string Group { get; init; } = "";
    public double Tokens { get; init; }
    public double Measured { get; init; }
    public double? SlowedTo { get; init; }
    public DateTimeOffset? SlowedAt { get; init; }
}

internal sealed record RelayDayRow
{
    public int RelayId { get; init; }
    public int Taken { get; init; }
    public bool IsOver { get; init; }
}
