using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>Refusals for the sender's sake: what a person has to look at, relay by relay.</summary>
public sealed class RelayAlarmStore(NpgsqlDataSource database)
{
    private const string Select = /*lang=sql*/ """
        select a.id as "Id", y.name as "Relay", a.throttle_group as "Provider", a.reason as "Reason", a.sample as "Sample", a.count as "Count",
               a.first_at as "FirstAt", a.last_at as "LastAt", a.cleared_at as "ClearedAt", a.note as "Note"
        from relay_alarms a left join relays y on y.id = a.relay_id
        where a.id > @after and (@open::boolean is not true or a.cleared_at is null)
        order by a.id
        limit @rows
        """;

    private const string Clear = /*lang=sql*/ "update relay_alarms set cleared_at = now(), note = @note where id = @id and cleared_at is null returning id";

    private const string Exists = /*lang=sql*/ "select exists (select from relay_alarms where id = @id)";

    /// <summary>In the order in which they began.</summary>
    /// <param name="open">Only those that nobody has cleared.</param>
    /// <param name="page">Which part.</param>
    /// <param name="stop">Cancels.</param>
    public async Task<Page<RelayAlarm>> ListAsync(bool open, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<RelayAlarm>(new CommandDefinition(Select, new { open, after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, alarm => alarm.Id);
    }

    /// <summary>Whoever looked into it says so; another refusal of the kind begins a new one. Null where there is none; clearing it again changes nothing.</summary>
    public async Task<bool?> ClearAsync(long id, string? note, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (await connection.ExecuteScalarAsync<long?>(new CommandDefinition(Clear, new { id, note }, cancellationToken: stop)) is not null)
            return true;
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Exists, new { id }, cancellationToken: stop)) ? false : null;
    }
}

/// <summary>Refusals of one kind at one relay.</summary>
public sealed record RelayAlarm
{
    public long Id { get; init; }

    /// <summary>Null where it is not known which relay took the messages.</summary>
    public string? Relay { get; init; }

    /// <summary>The throttle group of those who were to get them.</summary>
    public string Provider { get; init; } = "";

    /// <summary>Why, as a bounce's reason.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What one of the servers said.</summary>
    public string? Sample { get; init; }

    /// <summary>Messages so far.</summary>
    public long Count { get; init; }

    public DateTimeOffset FirstAt { get; init; }

    public DateTimeOffset LastAt { get; init; }

    public DateTimeOffset? ClearedAt { get; init; }

    public string? Note { get; init; }
}
