using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Row ids of the configured relays, so that a delivery can say which one took it long after the configuration changed.</summary>
public sealed class RelayStore(NpgsqlDataSource database)
{
    private const string InsertMissing = /*lang=sql*/ """
        insert into relays (name) select unnest(@names::text[]) on conflict (lower(name)) where deleted_at is null do nothing
        """;

    private const string SelectIds = /*lang=sql*/ """
        select name, id::integer as id from relays where name = any(@names)
        """;

    /// <summary>The id of each name, made where new.</summary>
    public async Task<IReadOnlyDictionary<string, int>> IdsOf(IReadOnlyCollection<string> names, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new { names = names.ToArray() };
        await connection.ExecuteAsync(new CommandDefinition(InsertMissing, values, cancellationToken: stop));
        var rows = await connection.QueryAsync<(string Name, int Id)>(new CommandDefinition(SelectIds, values, cancellationToken: stop));
        return rows.ToDictionary(row => row.Name, row => row.Id, StringComparer.Ordinal);
    }
}
