namespace Newsletter.Mailer.Database;

/// <summary>Makes and clears the folders of a private cluster, each with the owner and mode it needs.</summary>
internal static class ClusterFolders
{
    private const long LogLimit = 10 * 1024 * 1024;

    /// <summary>The socket's folder, mode 0700: the cluster trusts whoever gets there.</summary>
    public static async Task PrepareSocketAsync(ClusterLayout layout, ServerAccount account, CancellationToken stop)
    {
        if (!Directory.Exists(layout.Socket))
            Directory.CreateDirectory(layout.Socket, DataFolder.OnlyUs);
        else if (!layout.SocketIsBelow)
            await RefuseStrangersAsync(layout.Socket, account, stop);
        File.SetUnixFileMode(layout.Socket, DataFolder.OnlyUs);
        await account.OwnAsync(layout.Socket, everythingBelow: false, stop);
    }

    /// <summary>The server's log, put aside when it has grown large.</summary>
    public static async Task PrepareLogAsync(ClusterLayout layout, ServerAccount account, CancellationToken stop)
    {
        var log = new FileInfo(layout.Log);
        if (log is { Exists: true, Length: > LogLimit })
            log.MoveTo(layout.Log + ".1", overwrite: true);
        if (!File.Exists(layout.Log))
            await File.WriteAllBytesAsync(layout.Log, [], stop);
        File.SetUnixFileMode(layout.Log, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await account.OwnAsync(layout.Log, everythingBelow: false, stop);
    }

    /// <summary>Data that root put there, from a backup say, becomes the account's.</summary>
    public static async Task GiveDataAsync(ClusterLayout layout, ServerAccount account, CancellationToken stop)
    {
        if (account.Switched && await ServerAccount.OwnerAsync(layout.PgData, stop) != account.Uid)
            await account.OwnAsync(layout.PgData, everythingBelow: true, stop);
    }

    /// <summary>Clears what an interrupted initdb left.</summary>
    public static void RemoveInterrupted(ClusterLayout layout)
    {
        if (Directory.Exists(layout.Unfinished))
            Directory.Delete(layout.Unfinished, recursive: true);
        if (!Directory.Exists(layout.PgData))
            return;
        // A control file and no PG_VERSION is no interrupted initdb but a damaged database: not ours to delete.
        if (File.Exists(Path.Combine(layout.PgData, "global/pg_control")))
            throw new DatabaseUnavailableException(DatabaseProblem.StartFailed,
                $"{layout.PgData} holds a database whose file PG_VERSION is missing. Restore it from a backup, or move the folder away to begin anew.");
        Directory.Delete(layout.PgData, recursive: true);
    }

    /// <summary>Removes a socket folder outside the data folder.</summary>
    public static void RemoveSocket(ClusterLayout layout)
    {
        if (Directory.Exists(layout.Socket))
            Directory.Delete(layout.Socket, recursive: true);
    }

    /// <summary>The last lines of a log, for a message.</summary>
    public static string EndOf(string log) =>
        File.Exists(log) ? string.Join(" | ", File.ReadLines(log).TakeLast(4)) : "";

    // Below a temporary directory anybody can make a folder of that name before us.
    private static async Task RefuseStrangersAsync(string folder, ServerAccount account, CancellationToken stop)
    {
        var owner = await ServerAccount.OwnerAsync(folder, stop);
        if (new DirectoryInfo(folder).LinkTarget is not null || (owner != account.Uid && !(account.Switched && owner == 0)))
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The socket folder {folder} belongs to another account (uid {owner}). Remove it, or choose a data folder with a shorter path with DataFolder.");
    }
}
