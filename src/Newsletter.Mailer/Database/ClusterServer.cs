using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>
/// Brings the server of a private cluster up, from whatever state its folder was left in, and down again. Whoever calls
/// holds the folder's lock.
/// </summary>
internal sealed class ClusterServer(
    PrivateClusterSettings settings, ClusterLayout layout, ServerAccount account, PostgresPrograms programs, ILogger log)
{
    private const string Superuser = "newsletter";
    private static readonly TimeSpan BackendsGrace = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop may take.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(60);

    /// <summary>Makes the data where there is none, then starts the server or takes over one left running.</summary>
    /// <exception cref="DatabaseUnavailableException">It can't be; the message says what to do.</exception>
    public async Task<(int Pid, bool TookOver)> RunAsync(CancellationToken stop)
    {
        var clock = Stopwatch.GetTimestamp();
        await PrepareFoldersAsync(stop);
        await PrepareDataAsync(stop);
        var tookOver = await TakeOverAsync(stop);
        if (!tookOver)
            await LaunchAsync(stop);
        var pid = PostmasterFile.Read(layout.PgData)?.Pid ?? throw StartFailed("it ended right after its start", null);
        log.PrivateClusterRuns(programs.Version, layout.Root, tookOver, (long)Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
        return (pid, tookOver);
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

            await StopAsync(stop); // ours, but where we don't look for it: the folder was moved
        }
        else if (!await GoneAsync(layout.PgData, stop))
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
        await using var source = NpgsqlDataSource.Create(ConnectionTo(layout.Socket, "postgres"));
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

    /// <summary>Stops the server: sessions are ended, everything is written. One that doesn't stop in time is left to the next start.</summary>
    public async Task StopAsync(CancellationToken stop)
    {
        var end = await ChildProcess.RunAsync(account.Runs(
            programs.PgCtl, "stop", "-D", layout.PgData, "-m", "fast", "-w", "-s", "-t", $"{StopGrace.TotalSeconds}"), stop);
        if (!end.Succeeded && Postmaster.Living(layout.PgData).Count > 0)
            log.ServerDidNotStop(layout.Root, end.Said);
    }

    /// <summary>Waits for a server's processes to end; false where some still live after ten seconds.</summary>
    public static async Task<bool> GoneAsync(string pgdata, CancellationToken stop)
    {
        var clock = Stopwatch.GetTimestamp();
        while (Postmaster.Living(pgdata).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(clock) > BackendsGrace)
                return false;
            await Task.Delay(50, stop);
        }

        return true;
    }

    /// <summary>How a database is reached over a socket.</summary>
    public static NpgsqlConnectionStringBuilder ConnectionTo(string socketFolder, string database) => new()
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
