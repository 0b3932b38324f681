using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>What a process does when another one already owns the private cluster.</summary>
public enum WhenRunning
{
    /// <summary>Refuse: this process is to own it.</summary>
    Refuse,

    /// <summary>Use it as a guest for as long as its owner lives: a short command beside a running server.</summary>
    Join,
}

/// <summary>
/// The database of this process: the data source and, where no connection string is configured, the private cluster
/// behind it. Disposing closes every connection, then stops the cluster.
/// </summary>
public sealed class DatabaseHost : IAsyncDisposable
{
    /// <summary>The name of the database in a private cluster.</summary>
    public const string PrivateDatabase = "newsletter";

    private readonly PrivateCluster? cluster;
    private readonly DatabaseOptions options;
    private readonly NpgsqlConnectionStringBuilder connection;
    private readonly ILoggerFactory logs;

    private DatabaseHost(NpgsqlConnectionStringBuilder connection, PrivateCluster? cluster, DatabaseOptions options, ILoggerFactory logs)
    {
        (this.connection, this.cluster, this.options, this.logs) = (connection, cluster, options, logs);
        DataSource = Connections.Build(Connections.Complete(connection, options, "newsletter"), logs);
    }

    /// <summary>The source of every connection of the library's stores.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>Whether the database is the program's own, in its data folder; it is then also where the key ring lives.</summary>
    public bool IsPrivate { get; private init; }

    /// <summary>Opens the database: the server of the connection string, else the private cluster, made and started as needed.</summary>
    /// <param name="options">Validated options.</param>
    /// <param name="connectionString"><c>ConnectionStrings:Newsletter</c>; null or empty means the private cluster.</param>
    /// <param name="whenRunning">What to do when another process owns the private cluster.</param>
    /// <param name="logs">Where the server's and Npgsql's messages go.</param>
    /// <param name="stop">Ends the attempt.</param>
    /// <exception cref="DatabaseUnavailableException">There is none to work with; the message says why and what to do.</exception>
    public static async Task<DatabaseHost> OpenAsync(
        DatabaseOptions options, string? connectionString, WhenRunning whenRunning, ILoggerFactory logs, CancellationToken stop)
    {
        var host = string.IsNullOrWhiteSpace(connectionString)
            ? await OpenPrivateAsync(options, whenRunning, logs, stop)
            : new DatabaseHost(Connections.Parse(connectionString), cluster: null, options, logs);
        try
        {
            await ServerCheck.RunAsync(host.DataSource, TimeSpan.FromSeconds(options.StartTimeoutSeconds), logs.CreateLogger<DatabaseHost>(), stop);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Brings the schema up to this program's; returns the names of the scripts applied now, none if it was.</summary>
    /// <exception cref="DatabaseUnavailableException">The schema is newer than this program, or a script failed.</exception>
    public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken stop) => new Migrator(DataSource, logs).MigrateAsync(stop);

    /// <summary>A connection string to the same database for a library that keeps a pool of its own. It may hold a password.</summary>
    /// <param name="applicationName">What the server shows as the pool's name.</param>
    /// <param name="maxPoolSize">The pool's limit, in connections.</param>
    public string ConnectionStringFor(string applicationName, int maxPoolSize)
    {
        var own = Connections.Complete(connection, options, applicationName);
        own.ApplicationName = applicationName;
        own.MaxPoolSize = maxPoolSize;
        own.MinPoolSize = 0;
        return own.ConnectionString;
    }

    /// <summary>Closes every connection of this process to the database, other pools' included, then stops the private cluster if it is ours.</summary>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        if (cluster is null)
            return;
        NpgsqlConnection.ClearAllPools();
        await cluster.DisposeAsync();
    }

    private static async Task<DatabaseHost> OpenPrivateAsync(DatabaseOptions options, WhenRunning whenRunning, ILoggerFactory logs, CancellationToken stop)
    {
        var settings = PrivateClusterSettings.From(options);
        if (whenRunning == WhenRunning.Join
            && await PrivateCluster.FindRunningAsync(settings.Folder, PrivateDatabase, stop) is { } running)
            return new DatabaseHost(running, cluster: null, options, logs) { IsPrivate = true };

        var started = await PrivateCluster.StartAsync(settings, logs.CreateLogger<PrivateCluster>(), stop);
        try
        {
            await started.CreateDatabaseAsync(PrivateDatabase, stop);
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }

        return new DatabaseHost(started.ConnectionTo(PrivateDatabase), started, options, logs) { IsPrivate = true };
    }
}
