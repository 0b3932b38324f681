using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Doctor;

/// <summary>What PostgreSQL says of itself and of what waits in it.</summary>
public sealed class InstallationStore(NpgsqlDataSource database)
{
    private const string SelectServer = /*lang=sql*/ """
        select current_setting('server_version_num')::integer as "Version", current_setting('server_version') as "VersionText",
               current_setting('fsync') = 'on' as "Fsync", current_setting('full_page_writes') = 'on' as "FullPageWrites",
               current_setting('synchronous_commit') <> 'off' as "SynchronousCommit",
               current_setting('data_checksums') = 'on' as "Checksums", current_setting('autovacuum') = 'on' as "Autovacuum",
               current_setting('max_connections')::integer as "MaxConnections",
               (select count(*)::integer from pg_stat_activity where backend_type = 'client backend') as "Connections",
               pg_size_bytes(current_setting('shared_buffers')) as "SharedBuffers", clock_timestamp() as "Now"
        """;

    // The folder is told to those alone who may see it; for all others there is nothing to say.
    private const string SelectFolder = /*lang=sql*/ """
        select case when pg_has_role(current_user, 'pg_read_all_settings', 'member') then current_setting('data_directory') end
        """;

    private const string SelectQueues = /*lang=sql*/ """
        select (select count(*) from outbox where state in ('ready', 'sending')) as "Mails",
               (select extract(epoch from now() - min(next_at))::double precision from outbox where state = 'ready' and next_at < now()) as "OldestMail",
               (select count(*) from outbox where state = 'failed' and finished_at > now() - interval '7 days') as "FailedMails",
               (select count(*) from issues where state = 'paused') as "PausedIssues",
               (select count(*) from issues where state = 'freezing' and created_at < now() - interval '1 hour') as "StuckFreezes",
               (select count(*) from issues where state = 'sending') as "SendingIssues",
               (select count(*) from relay_workers where lease_until > now()) as "Senders"
        """;

    /// <summary>The server's settings, and its time.</summary>
    public async Task<DatabaseServer> ServerAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleAsync<DatabaseServer>(new CommandDefinition(SelectServer, cancellationToken: stop));
    }

    /// <summary>The server's own folder; null where this role may not know it.</summary>
    public async Task<string?> FolderAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteScalarAsync<string?>(new CommandDefinition(SelectFolder, cancellationToken: stop));
    }

    /// <summary>What waits, and for how long.</summary>
    public async Task<WaitingWork> WaitingAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleAsync<WaitingWork>(new CommandDefinition(SelectQueues, cancellationToken: stop));
    }
}

/// <summary>A server's settings.</summary>
public sealed record DatabaseServer
{
    public int Version { get; init; }

    public string VersionText { get; init; } = "";

    public bool Fsync { get; init; }

    public bool FullPageWrites { get; init; }

    public bool SynchronousCommit { get; init; }

    public bool Checksums { get; init; }

    public bool Autovacuum { get; init; }

    public int MaxConnections { get; init; }

    public int Connections { get; init; }

    /// <summary>Bytes.</summary>
    public long SharedBuffers { get; init; }

    public DateTimeOffset Now { get; init; }
}

/// <summary>What waits to be done. Ages are in seconds; null: nothing waits.</summary>
public sealed record WaitingWork
{
    /// <summary>Mails to one person.</summary>
    public long Mails { get; init; }

    public double? OldestMail { get; init; }

    /// <summary>Given up in the last seven days.</summary>
    public long FailedMails { get; init; }

    public long PausedIssues { get; init; }

    /// <summary>Issues being frozen for more than an hour.</summary>
    public long StuckFreezes { get; init; }

    public long SendingIssues { get; init; }

    /// <summary>Workers that send.</summary>
    public long Senders { get; init; }
}
