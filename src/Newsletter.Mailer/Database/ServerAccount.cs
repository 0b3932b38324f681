using System.Globalization;

namespace Newsletter.Mailer.Database;

/// <summary>
/// The account that PostgreSQL's programs run as. A server refuses to run as root, so root hands them to an
/// unprivileged account with setpriv; anybody else runs them as themselves.
/// </summary>
internal sealed record ServerAccount(string Name, uint Uid, uint Gid, bool Switched)
{
    /// <summary>The command as this account runs it.</summary>
    public IReadOnlyList<string> Runs(params IReadOnlyList<string> command) =>
        Switched ? ["setpriv", $"--reuid={Uid}", $"--regid={Gid}", "--init-groups", "--", .. command] : command;

    /// <summary>
    /// As root: the account asked for, else the owner of the data there is, else postgres, else nobody.
    /// Otherwise whoever runs this program.
    /// </summary>
    public static async Task<ServerAccount> ChooseAsync(string? wanted, string pgdata, CancellationToken stop)
    {
        if (!Environment.IsPrivilegedProcess)
            return await OurselvesAsync(pgdata, stop);

        var owner = Directory.Exists(pgdata) ? await OwnerAsync(pgdata, stop) : 0;
        var account = wanted is { Length: > 0 } ? await FindAsync(wanted, stop)
            : owner != 0 ? await FindAsync(Invariant(owner), stop)
            : await FindAsync("postgres", stop) ?? await FindAsync("nobody", stop);
        if (account is { Uid: not 0 })
            return account;

        var asked = wanted is { Length: > 0 } ? $"the account {wanted} of Database:PostgresAccount"
            : owner != 0 ? $"the owner of {pgdata} (uid {Invariant(owner)})"
            : "an account postgres or nobody";
        throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
            $"PostgreSQL never runs as root, and {asked} is not one this machine knows as an unprivileged user. "
            + "Set Database:PostgresAccount to an ordinary account, or run this program as one.");
    }

    /// <summary>Gives a file or folder to this account (root only; otherwise it is ours already).</summary>
    public async Task OwnAsync(string path, bool everythingBelow, CancellationToken stop)
    {
        if (!Switched)
            return;
        string[] command = everythingBelow ? ["chown", "-R", $"{Uid}:{Gid}", path] : ["chown", $"{Uid}:{Gid}", path];
        var chown = await ChildProcess.RunAsync(command, stop);
        if (!chown.Succeeded)
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"{path} can't be given to the account {Name} that PostgreSQL runs as: {chown.Said}. Choose another folder with DataFolder.");
    }

    /// <summary>Whether this account can look into the folder.</summary>
    public async Task<bool> ReachesAsync(string folder, CancellationToken stop) =>
        (await ChildProcess.RunAsync(Runs("test", "-x", folder), stop)).Succeeded;

    /// <summary>The user id that owns a file or folder.</summary>
    public static async Task<uint> OwnerAsync(string path, CancellationToken stop)
    {
        var stat = await ChildProcess.RunAsync(["stat", "--format=%u", "--", path], stop);
        return stat.Succeeded && uint.TryParse(stat.Output, CultureInfo.InvariantCulture, out var uid) ? uid
            : throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The owner of {path} can't be read: {stat.Said}. Choose another folder with DataFolder.");
    }

    private static async Task<ServerAccount> OurselvesAsync(string pgdata, CancellationToken stop)
    {
        var id = await ChildProcess.RunAsync(["id", "-u"], stop);
        var us = Number(id.Output);
        var owner = Directory.Exists(pgdata) ? await OwnerAsync(pgdata, stop) : us;
        if (owner != us)
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"{pgdata} belongs to another account (uid {Invariant(owner)}; this one is {Invariant(us)}). "
                + "Run this program as that account or as root, or choose another folder with DataFolder.");
        return new ServerAccount(Environment.UserName, us, us, Switched: false);
    }

    // getent knows accounts that are not in /etc/passwd, and finds them by name or by number.
    private static async Task<ServerAccount?> FindAsync(string nameOrUid, CancellationToken stop)
    {
        var entry = await ChildProcess.RunAsync(["getent", "passwd", nameOrUid], stop);
        var fields = entry.Output.Split(':');
        return entry.Succeeded && fields.Length > 3
            ? new ServerAccount(fields[0], Number(fields[2]), Number(fields[3]), Switched: true)
            : null;
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    private static string Invariant(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
