using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>
/// A PostgreSQL server of the program's own, in its data folder, reached over a Unix socket only. One process owns it
/// at a time and stops it at its end; one that was killed leaves it running, and the next one takes it over.
/// </summary>
internal sealed class PrivateCluster : IAsyncDisposable
{
    private const string Superuser = "newsletter";
    private static readonly TimeSpan BackendsGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(60);

    private readonly PrivateClusterSettings settings;
    private readonly ClusterLayout layout;
    private readonly FileStream ownership;
    private readonly ServerAccount account;
    private readonly PostgresPrograms programs;
    private readonly ILogger log;
    private bool stopped;

    private PrivateCluster(
        PrivateClusterSettings settings, ClusterLayout layout, FileStream ownership, ServerAccount account, PostgresPrograms programs, ILogger log)
    {
        (this.settings, this.layout, this.ownership, this.account, this.programs, this.log) = (settings, layout, ownership, account, programs, log);
    }

    /// <summary>The postmaster's process.</summary>
    public int Pid { get; private set; }

    /// <summary>Whether the server was already running, left behind by a process that was killed.</summary>
    public bool TookOver { get; private set; }

    /// <summary>The data folder, links resolved.</summary>
    public string Folder => layout.Root;

    /// <summary>The version of the programs, such as 15.18.</summary>
    public string Version => programs.Version;

    /// <summary>How a database of this cluster is reached.</summary>
    public NpgsqlConnectionStringBuilder ConnectionTo(string database) => ConnectionTo(layout.Socket, database);

    /// <summary>Owns the cluster in the folder: makes it where there is none, starts it or takes it over.</summary>
    /// <exception cref="DatabaseUnavailableException">It can't be; the message says what to do.</exception>
    public static async Task<PrivateCluster> StartAsync(PrivateClusterSettings settings, ILogger log, CancellationToken stop)
    {
        if (!OperatingSystem.IsLinux())
            throw new DatabaseUnavailableException(DatabaseProblem.StartFailed,
                "The private PostgreSQL cluster is made for Linux. Set ConnectionStrings:Newsletter to a PostgreSQL server.");
        DataFolder.Create(settings.Folder);
        var place = await ClusterLayout.OfAsync(settings.Folder, stop);
        var held = ClusterLock.Take(place);
        try
        {
            var runner = await ServerAccount.ChooseAsync(settings.Account, place.PgData, stop);
            var found = await PostgresPrograms.FindAsync(settings.Programs, place.DataMajor(), runner, stop);
            var cluster = new PrivateCluster(settings, place, held, runner, found, log);
            await cluster.StartAsync(stop);
            AppDomain.CurrentDomain.ProcessExit += cluster.StopAtExit;
            return cluster;
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
            ? ConnectionTo(running.SocketFolder, database)
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
        await GoneAsync(place.PgData, BackendsGrace, stop);
        if (!place.SocketIsBelow && Directory.Exists(place.Socket))
            Directory.Delete(place.Socket, recursive: true);
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

    private async Task StartAsync(CancellationToken stop)
    {
        var clock = Stopwatch.GetTimestamp();
        await PrepareFoldersAsync(stop);
        await PrepareDataAsync(stop);
        TookOver = await TakeOverAsync(stop);
        if (!TookOver)
            await LaunchAsync(stop);
        Pid = PostmasterFile.Read(layout.PgData)?.Pid ?? throw StartFailed("it ended right after its start", null);
        log.PrivateClusterRuns(programs.Version, layout.Root, TookOver, (long)Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
    }

    private async Task PrepareFoldersAsync(CancellationToken stop)
    {
        if (!await account.ReachesAsync(layout.Root, stop))
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The account {account.Name}, which PostgreSQL runs as because it refuses to run as root, can't look into the data folder {layout.Root}. "
                + "Choose another with DataFolder, such as one below /var/lib, or let others pass through its parents (chmod o+x).");
        await ClusterFolders.PrepareSocketAsync(layout, account, stop);
        await ClusterFolders.PrepareLogAsync(layout, account, stop);
    }

    private async Task PrepareDataAsync(CancellationToken stop)
    {
        if (layout.DataMajor() is { } major)
        {
            if (major != programs.Major)
                throw new DatabaseUnavailableException(DatabaseProblem.DataVersion,
                    $"The data in {layout.PgData} was written by PostgreSQL {major}, and the server programs found are version {programs.Version} ({programs.Folder}). "
                    + $"Install PostgreSQL {major} beside them, or name its folder in Database:PostgresPrograms; to move to version {programs.Major}, "
                    + "dump the data with the old programs and load it into a new data folder.");
            await ClusterFolders.GiveDataAsync(layout, account, stop);
            return;
        }

        ClusterFolders.RemoveInterrupted(layout);
        Directory.CreateDirectory(layout.Unfinished, DataFolder.OnlyUs);
        await account.OwnAsync(layout.Unfinished, everythingBelow: false, stop);
        var initdb = await ChildProcess.RunAsync(account.Runs(
            [
                programs.InitDb, "-D", layout.Unfinished, "-U", Superuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
                .. settings.Durable ? Array.Empty<string>() : ["--no-sync"],
            ]), stop);
        if (!initdb.Succeeded)
            throw StartFailed($"initdb failed: {initdb.Said}", null);
        Directory.Move(layout.Unfinished, layout.PgData);
    }

    /// <summary>Decides what is to become of processes that a killed owner left behind; true when their server serves on.</summary>
    private async Task<bool> TakeOverAsync(CancellationToken stop)
    {
        var file = PostmasterFile.Read(layout.PgData);
        if (file is not null && Postmaster.WorksIn(file.Pid, layout.PgData))
        {
            if (file.SocketFolder == layout.Socket)
            {
                await ServesAsync(stop);
                return true;
            }

            await StopServerAsync(stop); // ours, but where we don't look for it: the folder was moved
        }
        else if (!await GoneAsync(layout.PgData, BackendsGrace, stop))
        {
            // Deleting the pid file under living backends would let a second server write to their data.
            throw StartFailed($"processes of an earlier server still work in it (pid {string.Join(", ", Postmaster.Living(layout.PgData))}). End them and start again", null);
        }

        File.Delete(PostmasterFile.PathIn(layout.PgData));
        foreach (var leftover in Directory.GetFiles(layout.Socket, ".s.PGSQL.*"))
            File.Delete(leftover);
        return false;
    }

    private async Task LaunchAsync(CancellationToken stop)
    {
        var options = string.Join(' ', settings.ServerSettings(layout.Socket).Select(setting => "-c " + setting));
        var seconds = Math.Ceiling(settings.StartTimeout.TotalSeconds);
        Finished start;
        try
        {
            start = await ChildProcess.RunAsync(account.Runs(
                programs.PgCtl, "start", "-w", "-s", "-t", $"{seconds}", "-D", layout.PgData, "-l", layout.Log, "-o", options), stop);
        }
        catch (OperationCanceledException)
        {
            // pg_ctl is gone; the server it launched is not.
            if (PostmasterFile.Read(layout.PgData) is { } launched)
                Postmaster.Signal(launched.Pid, Postmaster.Fast);
            throw;
        }

        if (start.Succeeded)
            return;
        if (Postmaster.Living(layout.PgData).Count > 0)
            throw StartFailed(
                $"it wasn't ready within {seconds} s, most likely because it recovers from a crash; it goes on with that. "
                + "Start again in a while, or raise Database:StartTimeoutSeconds", null);
        throw StartFailed($"{start.Said} {ClusterFolders.EndOf(layout.Log)}", null);
    }

    // A server taken over may still be recovering.
    private async Task ServesAsync(CancellationToken stop)
    {
        var clock = Stopwatch.GetTimestamp();
        await using var source = NpgsqlDataSource.Create(ConnectionTo("postgres"));
        while (true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stop);
                return;
            }
            catch (NpgsqlException e) when (Stopwatch.GetElapsedTime(clock) < settings.StartTimeout && Postmaster.Living(layout.PgData).Count > 0)
            {
                log.WaitingForServer(e.SqlState ?? "no answer");
                await Task.Delay(100, stop);
            }
            catch (NpgsqlException e)
            {
                throw StartFailed($"a server left running there doesn't answer: {e.Message}. End it (pid {PostmasterFile.Read(layout.PgData)?.Pid}) and start again", e);
            }
        }
    }

    private async Task StopServerAsync(CancellationToken stop)
    {
        var end = await ChildProcess.RunAsync(account.Runs(
            programs.PgCtl, "stop", "-D", layout.PgData, "-m", "fast", "-w", "-s", "-t", $"{StopGrace.TotalSeconds}"), stop);
        if (!end.Succeeded && Postmaster.Living(layout.PgData).Count > 0)
            log.ServerDidNotStop(layout.Root, end.Said);
    }

    /// <summary>Stops the server and gives the folder up. Close every connection to it first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (stopped)
            return;
        stopped = true;
        AppDomain.CurrentDomain.ProcessExit -= StopAtExit;
        await StopServerAsync(CancellationToken.None);
        if (!layout.SocketIsBelow)
            ClusterFolders.RemoveSocket(layout);
        await ownership.DisposeAsync();
        log.PrivateClusterStopped(layout.Root);
    }

    // For an end without disposal. The signal goes first: whoever waits for this process may not wait long.
    private void StopAtExit(object? sender, EventArgs e)
    {
        Postmaster.Signal(Pid, Postmaster.Fast);
        SpinWait.SpinUntil(() => !Postmaster.WorksIn(Pid, layout.PgData), StopGrace);
    }

    private static async Task<bool> GoneAsync(string pgdata, TimeSpan within, CancellationToken stop)
    {
        var clock = Stopwatch.GetTimestamp();
        while (Postmaster.Living(pgdata).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(clock) > within)
                return false;
            await Task.Delay(50, stop);
        }

        return true;
    }

    private static NpgsqlConnectionStringBuilder ConnectionTo(string socketFolder, string database) => new()
    {
        Host = socketFolder,
        Port = 5432,
        Username = Superuser,
        Database = database,
        GssEncryptionMode = GssEncryptionMode.Disable,
    };

    private DatabaseUnavailableException StartFailed(string why, Exception? cause) =>
        new(DatabaseProblem.StartFailed, $"The private PostgreSQL server in {layout.Root} can't start: {why}. Its log is {layout.Log}.", cause);
}
