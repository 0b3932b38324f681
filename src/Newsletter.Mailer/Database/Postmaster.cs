using System.Runtime.InteropServices;

namespace Newsletter.Mailer.Database;

/// <summary>What a data folder's postmaster.pid says about the server that wrote it.</summary>
internal sealed record PostmasterFile(int Pid, string SocketFolder)
{
    /// <summary>Reads postmaster.pid; null where there is none, or one cut short by a crash.</summary>
    public static PostmasterFile? Read(string pgdata)
    {
        var file = PathIn(pgdata);
        try
        {
            // Lines: pid, data folder, start time, port, socket folder, …
            var lines = File.Exists(file) ? File.ReadAllLines(file) : [];
            return lines.Length > 4 && int.TryParse(lines[0], out var pid) ? new PostmasterFile(pid, lines[4].Trim()) : null;
        }
        catch (FileNotFoundException)
        {
            return null; // its server stopped in between
        }
    }

    public static string PathIn(string pgdata) => Path.Combine(pgdata, "postmaster.pid");
}

/// <summary>The processes of a PostgreSQL server, as /proc shows them.</summary>
internal static class Postmaster
{
    /// <summary>Fast shutdown: sessions are ended, everything is written.</summary>
    public const int Fast = 2; // SIGINT

    /// <summary>Immediate shutdown: nothing is written, shared memory is given back.</summary>
    public const int Immediate = 3; // SIGQUIT

    /// <summary>
    /// The processes named postgres that work in this data folder: the postmaster and its backends. Their working
    /// directory tells, because a pid in a file may by now be another program's.
    /// </summary>
    public static IReadOnlyList<int> Living(string pgdata) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && WorksIn(pid, pgdata))];

    /// <summary>Whether this process is a postgres that works in this data folder.</summary>
    public static bool WorksIn(int pid, string pgdata)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd() is "postgres" or "postmaster"
                && new FileInfo($"/proc/{pid}/cwd").LinkTarget == pgdata;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended, or it is another account's and so not ours
        }
    }

    /// <summary>Sends a signal; false when there is no such process.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    [DllImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
