using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>
/// A PostgreSQL server of the program's own, in its data folder, reached over a Unix socket only. One process owns it
/// at a time and stops it at its end; one that was killed leaves it running, and the next one takes it over.
/// </summary>
internal sealed class PrivateCluster : IAsyncDisposable
{
    private readonly ClusterServer server;
    private readonly ClusterLayout layout;
    private readonly FileStream ownership;
    private readonly ILogger log;
    private bool stopped;

    private PrivateCluster(ClusterServer server, ClusterLayout layout, FileStream ownership, ILogger log, int pid, bool tookOver)
    {
        (this.server, this.layout, this.ownership, this.log) = (server, layout, ownership, log);
        (Pid, TookOver) = (pid, tookOver);
        AppDomain.CurrentDomain.ProcessExit += StopAtExit;
    }

    /// <summary>The postmaster's process.</summary>
    public int Pid { get; }

    /// <summary>Whether the server was already running, left behind by a process that was killed.</summary>
    public bool TookOver { get; }

    /// <summary>The data folder, links resolved.</summary>
    public string Folder => layout.Root;

    /// <summary>How a database of this cluster is reached.</summary>
    public NpgsqlConnectionStringBuilder ConnectionTo(string database) => ClusterServer.ConnectionTo(layout.Socket, database);

    /// <summary>Owns the cluster in the folder: makes it where there is none, starts it or takes it over.</summary>
    /// <exception cref="DatabaseUnavailableException">It can't be; the message says what to do.</exception>
    public static async Task<PrivateCluster> StartAsync(PrivateClusterSettings settings, ILogger log, CancellationToken stop)
    {
        if (!OperatingSystem.IsLinux())
            throw new DatabaseUnavailableException(DatabaseProblem.StartFailed,
                "The private PostgreSQL cluster is made for Linux. Set ConnectionStrings:Newsletter to a PostgreSQL server.");
        DataFolder.Create(settings.Folder);
        var place = await ClusterLayout.OfAsync(settings.Folder, stop);
        var held = await ClusterLock.TakeAsync(place, stop);
        try
        {
            var runner = await ServerAccount.ChooseAsync(settings.Account, place.PgData, stop);
            var found = await PostgresPrograms.FindAsync(settings.Programs, place.DataMajor(), runner, stop);
            var running = new ClusterServer(settings, place, runner, found, log);
            var (pid, tookOver) = await running.RunAsync(stop);
            return new PrivateCluster(running, place, held, log, pid, tookOver);
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection to a cluster that another process runs in the folder, or null where none runs.</summary>
    public static async Task<NpgsqlConnectionStringBuilder?> FindRunningAsync(string folder, string database, CancellationToken stop)
    {
        if (!Directory.Exists(folder))
            return null;
        var place = await ClusterLayout.OfAsync(folder, stop);
        return ClusterLock.IsHeld(place) && PostmasterFile.Read(place.PgData) is { } running && Postmaster.WorksIn(running.Pid, place.PgData)
            ? ClusterServer.ConnectionTo(running.SocketFolder, database)
            : null;
    }

    /// <summary>
    /// Ends whatever server a killed process left in a folder that nobody needs any more, at once and without saving.
    /// </summary>
    public static async Task AbandonAsync(string folder, CancellationToken stop)
    {
        var place = await ClusterLayout.OfAsync(folder, stop);
        foreach (var pid in Postmaster.Living(place.PgData))
            Postmaster.Signal(pid, Postmaster.Immediate);
        await ClusterServer.GoneAsync(place.PgData, stop);
        if (!place.SocketIsBelow)
            ClusterFolders.RemoveSocket(place);
    }

    /// <summary>Makes a database where it is missing.</summary>
    public async Task CreateDatabaseAsync(string name, CancellationToken stop)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionTo("postgres"));
        await using var find = source.CreateCommand("select 1 from pg_database where datname = $1");
        find.Parameters.AddWithValue(name);
        if (await find.ExecuteScalarAsync(stop) is not null)
            return;
        await using var create = source.CreateCommand($"create database \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        await create.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Stops the server and gives the folder up. Close every connection to it first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (stopped)
            return;
        stopped = true;
        AppDomain.CurrentDomain.ProcessExit -= StopAtExit;
        await server.StopAsync(CancellationToken.None);
        if (!layout.SocketIsBelow)
            ClusterFolders.RemoveSocket(layout);
        await ownership.DisposeAsync();
        log.PrivateClusterStopped(layout.Root);
    }

    // For an end without disposal. The signal goes first: whoever waits for this process may not wait long.
    private void StopAtExit(object? sender, EventArgs e)
    {
        Postmaster.Signal(Pid, Postmaster.Fast);
        SpinWait.SpinUntil(() => !Postmaster.WorksIn(Pid, layout.PgData), ClusterServer.StopGrace);
    }
}
