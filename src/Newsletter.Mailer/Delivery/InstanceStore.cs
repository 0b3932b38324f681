using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Whose database this is. PostgreSQL's system identifier and the database's oid tell a restored dump or another server from the original;
/// a byte-for-byte copy has both, and is told by its heartbeat: long silent, with work due.
/// </summary>
public sealed class InstanceStore(NpgsqlDataSource database)
{
    private const string InsertFirst = /*lang=sql*/ """
        insert into instance (system_identifier, database_oid)
        select s.system_identifier::text, d.oid::bigint
        from pg_control_system() s, pg_database d
        where d.datname = current_database()
        on conflict do nothing
        """;

    private const string Lock = /*lang=sql*/ """
        select i.held_reason as heldreason, i.heartbeat_at as heartbeatat,
               i.system_identifier <> s.system_identifier::text or i.database_oid <> d.oid::bigint as iselsewhere,
               i.heartbeat_at < now() - @silence::interval as issilent
        from instance i, pg_control_system() s, pg_database d
        where d.datname = current_database()
        for update of i
        """;

    private const string AnyDue = /*lang=sql*/ """
        select exists (select from issues where state in ('freezing', 'sending'))
            or exists (select from editions where state = 'scheduled' and send_at <= now())
            or exists (select from outbox where state = 'ready' and next_at <= now() or state = 'sending' and lease_until < now())
        """;

    private const string Beat = /*lang=sql*/ """
        update instance set heartbeat_at = now() where held_reason is null
        """;

    private const string Hold = /*lang=sql*/ """
        update instance set held_reason = @reason, held_at = now()
        """;

    // Each issue under way needs a person's look: since the copy was made, the original may have mailed whom this ledger calls pending.
    private const string PauseIssues = /*lang=sql*/ """
        update issues set state = 'paused', reason = @reason where state = 'sending'
        """;

    private const string HoldEditions = /*lang=sql*/ """
        update editions set state = 'held', held_reason = @reason, updated_at = now() where state = 'scheduled' and send_at <= now()
        """;

    private const string Adopt = /*lang=sql*/ """
        update instance i
        set system_identifier = s.system_identifier::text, database_oid = d.oid::bigint, heartbeat_at = now(),
            held_reason = null, held_at = null, adopted_at = now()
        from pg_control_system() s, pg_database d
        where d.datname = current_database()
        """;

    private const string SelectHeldReason = /*lang=sql*/ """
        select held_reason from instance
        """;

    private const string SelectPaused = /*lang=sql*/ """
        select id from issues where state = 'paused' order by id
        """;

    private const string SelectHeld = /*lang=sql*/ """
        select id from editions where state = 'held' order by id
        """;

    private const string WhatToDo = "Nothing is sent from here. If the original is gone for good, say so with: newsletter adopt";

    private const string AboutAnIssue =
        "This database is a copy of one that may have gone on sending: whoever was mailed after the copy was made still looks unmailed here, and would get a second mail. Look at it, then resume or cancel.";

    private const string AboutAnEdition = "It was due when this copy of the database was started, and the original may have sent it. Publish it now, or schedule it anew.";

    /// <summary>Silence, with work due, after which a database may be a backup: whoever is at work beats far more often.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromHours(1);

    /// <summary>
    /// Looks whether this is still the database that was worked on, and leaves a sign of life. Where it is a copy it is held from now on:
    /// issues under way are paused, due editions held, nothing new is begun.
    /// </summary>
    public async Task<InstanceLook> LookAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(InsertFirst, cancellationToken: stop));
        var row = await connection.QuerySingleAsync<InstanceRow>(new CommandDefinition(Lock, new { silence = Silence }, cancellationToken: stop));
        var look = row.HeldReason is { } held
            ? new InstanceLook(held, IsNew: false)
            : await JudgeAsync(connection, row, stop);
        if (look.HeldReason is null)
            await connection.ExecuteAsync(new CommandDefinition(Beat, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return look;
    }

    /// <summary>Why nothing is sent from here, as found by the last look; null where all is well.</summary>
    public async Task<string?> HeldReason(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(SelectHeldReason, cancellationToken: stop));
    }

    /// <summary>A person says that this database is the one to go on with. What was paused or held stays so, for a look at each.</summary>
    public async Task<Adoption> AdoptAsync(CancellationToken stop)
    {
        var look = await LookAsync(stop);
        await using var connection = await database.OpenConnectionAsync(stop);
        if (look.HeldReason is not null)
            await connection.ExecuteAsync(new CommandDefinition(Adopt, cancellationToken: stop));
        return new Adoption
        {
            Reason = look.HeldReason,
            PausedIssues = [.. await connection.QueryAsync<long>(new CommandDefinition(SelectPaused, cancellationToken: stop))],
            HeldEditions = [.. await connection.QueryAsync<long>(new CommandDefinition(SelectHeld, cancellationToken: stop))],
        };
    }

    private static async Task<InstanceLook> JudgeAsync(NpgsqlConnection connection, InstanceRow row, CancellationToken stop)
    {
        string reason;
        if (row.IsElsewhere)
            reason = $"This database is a copy: it is not on the PostgreSQL server, or not the database there, that it was worked on last, and the original may go on sending. {WhatToDo}";
        else if (row.IsSilent && await connection.QuerySingleAsync<bool>(new CommandDefinition(AnyDue, cancellationToken: stop)))
            reason = $"Nothing has worked on this database since {row.HeartbeatAt:yyyy-MM-dd HH:mm} UTC, and mail is due: it may be a backup whose original has gone on sending. {WhatToDo}";
        else
            return new InstanceLook(null, IsNew: false);
        await connection.ExecuteAsync(new CommandDefinition(Hold, new { reason }, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(PauseIssues, new { reason = AboutAnIssue }, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(HoldEditions, new { reason = AboutAnEdition }, cancellationToken: stop));
        return new InstanceLook(reason, IsNew: true);
    }

    private sealed class InstanceRow
    {
        public string? HeldReason { get; init; }
        public DateTime HeartbeatAt { get; init; }
        public bool IsElsewhere { get; init; }
        public bool IsSilent { get; init; }
    }
}

/// <summary>What a look at the database found.</summary>
/// <param name="HeldReason">Why nothing is sent from here, for people; null where all is well.</param>
/// <param name="IsNew">It was found only now.</param>
public sealed record InstanceLook(string? HeldReason, bool IsNew);

/// <summary>What became of a database that a person chose to go on with.</summary>
public sealed record Adoption
{
    /// <summary>Why it was held; null where there was nothing to adopt.</summary>
    public required string? Reason { get; init; }

    /// <summary>Issues that wait for a person, whatever they were paused for.</summary>
    public required IReadOnlyList<long> PausedIssues { get; init; }

    /// <summary>Editions that wait for a person, whatever they were held for.</summary>
    public required IReadOnlyList<long> HeldEditions { get; init; }
}
