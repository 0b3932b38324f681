using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>Who reads which mailbox, how it is going, and what nobody could make anything of.</summary>
public sealed class MailboxStore(NpgsqlDataSource database)
{
    // A copy of the database somewhere else must not take the original's mail.
    private const string Lease = /*lang=sql*/ """
        insert into mailboxes as m (name, lease_owner, lease_until)
        select @name, @owner, now() + @seconds * interval '1 second'
        where not exists (select from instance where held_reason is not null)
        on conflict (name) do update set lease_owner = @owner, lease_until = now() + @seconds * interval '1 second'
        where (m.lease_owner is not distinct from @owner or m.lease_until is null or m.lease_until < now())
        returning name
        """;

    private const string Release = /*lang=sql*/ "update mailboxes set lease_owner = null, lease_until = null where name = @name and lease_owner = @owner returning name";

    private const string NoteLook = /*lang=sql*/ """
        update mailboxes set last_read_at = now(), backlog = @backlog, waits_by = @waitsBy, error = null, error_at = null where name = @name and lease_owner = @owner returning name
        """;

    private const string NoteError = /*lang=sql*/ """
        insert into mailboxes as m (name, error, error_at) values (@name, @error, now())
        on conflict (name) do update set error = @error, error_at = case when m.error is null then now() else m.error_at end
        returning name
        """;

    private const string SelectStates = /*lang=sql*/ """
        select m.name as "Name", coalesce(m.lease_until > now(), false) as "IsRead", m.last_read_at as "LastReadAt", m.backlog as "Backlog", m.waits_by as "WaitsBy",
               m.error as "Error", m.error_at as "ErrorAt",
               (select count(*) from mailbox_messages x where x.mailbox = m.name and x.outcome = 'unclear')::integer as "Unclear"
        from mailboxes m
        order by m.name
        """;

    private const string SelectUnclear = /*lang=sql*/ """
        select id as "Id", at as "At", why as "Why", subject as "Subject", domain as "SenderDomain", bytes as "Bytes", uid as "Uid"
        from mailbox_messages
        where mailbox = @name and outcome = 'unclear' and id > @after
        order by id
        limit @rows
        """;

    private const string SelectUnclearUids = /*lang=sql*/ "select uid from mailbox_messages where mailbox = @name and outcome = 'unclear'";

    private const string DeleteOld = /*lang=sql*/ """
        with mail as (delete from mailbox_messages where outcome <> 'unclear' and at < now() - interval '90 days')
        delete from webhook_events where at < now() - interval '90 days'
        """;

    /// <summary>True while this reader may read: nobody else does, and this is no copy of another installation's database.</summary>
    internal async Task<bool> LeaseAsync(string name, Guid owner, int seconds, CancellationToken stop) =>
        await OneAsync<string>(Lease, new { name, owner, seconds }, stop) is not null;

    /// <summary>Another may read it at once.</summary>
    internal Task ReleaseAsync(string name, Guid owner, CancellationToken stop) => OneAsync<string>(Release, new { name, owner }, stop);

    /// <summary>It was looked into.</summary>
    internal Task NoteLookAsync(string name, Guid owner, int backlog, string waitsBy, CancellationToken stop) =>
        OneAsync<string>(NoteLook, new { name, owner, backlog, waitsBy }, stop);

    /// <summary>It can't be read.</summary>
    internal Task NoteErrorAsync(string name, string error, CancellationToken stop) => OneAsync<string>(NoteError, new { name, error }, stop);

    /// <summary>How every mailbox that was ever read is doing.</summary>
    public async Task<IReadOnlyList<MailboxState>> ListAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<MailboxState>(new CommandDefinition(SelectStates, cancellationToken: stop))).AsList();
    }

    /// <summary>Messages that nothing could be made of. They are kept on the server.</summary>
    public async Task<Page<UnclearMail>> ListUnclearAsync(string name, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<UnclearMail>(new CommandDefinition(SelectUnclear, new { name, after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, mail => mail.Id);
    }

    /// <summary>Those that lie where they are read, as their server names them.</summary>
    internal async Task<HashSet<string>> UnclearUidsAsync(string name, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<string>(new CommandDefinition(SelectUnclearUids, new { name }, cancellationToken: stop))).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Forgets what was seen a quarter of a year ago. What it did stays.</summary>
    public async Task ForgetOldAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(DeleteOld, commandTimeout: 300, cancellationToken: stop));
    }

    private async Task<T?> OneAsync<T>(string sql, object values, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, values, cancellationToken: stop));
    }
}

/// <summary>How a mailbox is doing.</summary>
public sealed record MailboxState
{
    public string Name { get; init; } = "";

    /// <summary>A worker reads it at this moment.</summary>
    public bool IsRead { get; init; }

    /// <summary>When it was last looked into; null: never.</summary>
    public DateTimeOffset? LastReadAt { get; init; }

    /// <summary>Messages that lay there then and were not dealt with yet.</summary>
    public int? Backlog { get; init; }

    /// <summary><c>idle</c>: the server tells of new mail at once; <c>polling</c>: it is asked again and again.</summary>
    public string? WaitsBy { get; init; }

    /// <summary>Why it can't be read, and what to do; null: it can.</summary>
    public string? Error { get; init; }

    public DateTimeOffset? ErrorAt { get; init; }

    /// <summary>Messages that nothing could be made of.</summary>
    public int Unclear { get; init; }
}

/// <summary>A message that nothing could be made of; it is kept on the server.</summary>
public sealed record UnclearMail
{
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>What is unclear about it.</summary>
    public string? Why { get; init; }

    /// <summary>Without addresses and ids.</summary>
    public string? Subject { get; init; }

    public string? SenderDomain { get; init; }

    public long Bytes { get; init; }

    /// <summary>How the server named it when it was read: UIDVALIDITY and UID, or UIDL.</summary>
    public string Uid { get; init; } = "";
}
