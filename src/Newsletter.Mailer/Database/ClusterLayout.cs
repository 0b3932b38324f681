using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Database;

/// <summary>Where the parts of a private cluster lie in its data folder.</summary>
internal sealed partial record ClusterLayout
{
    /// <summary>The data folder, with every symbolic link resolved: /proc shows working directories like that.</summary>
    public string Root { get; }

    private ClusterLayout(string root) => Root = root;

    public string PgData => Path.Combine(Root, "pgdata");

    /// <summary>initdb works here; its result gets its real name only when it is complete.</summary>
    public string Unfinished => Path.Combine(Root, "pgdata.new");

    public string Lock => Path.Combine(Root, "newsletter.lock");

    public string Log => Path.Combine(Root, "postgres.log");

    /// <summary>
    /// The socket's folder. The kernel cuts socket paths at 107 bytes, and PostgreSQL reads commas and quotes in them
    /// as its own, so that a long or unusual path is replaced by a short one that the data folder's path determines.
    /// </summary>
    public string Socket => SocketIsBelow ? Below : Short;

    public bool SocketIsBelow => Plain().IsMatch(Below) && Below.Length <= 80;

    private string Below => Path.Combine(Root, "socket");

    private string Short => Path.Combine(ShortParent, "newsletter-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..16]);

    private static string ShortParent =>
        Path.TrimEndingDirectorySeparator(Path.GetTempPath()) is { Length: <= 40 } folder && Plain().IsMatch(folder) ? folder : "/tmp";

    /// <summary>The major version of the data there is, or null where there is none.</summary>
    public int? DataMajor() =>
        Path.Combine(PgData, "PG_VERSION") is var file && File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), out var major)
            ? major
            : null;

    /// <summary>The layout of an existing folder.</summary>
    public static async Task<ClusterLayout> OfAsync(string folder, CancellationToken stop)
    {
        var real = await ChildProcess.RunAsync(["realpath", "--", folder], stop);
        if (!real.Succeeded)
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The data folder {folder} can't be read: {real.Said}. Choose another with DataFolder.");
        var root = real.Output.TrimEnd('\n');
        // pg_ctl writes the path between double quotes into a shell's command line.
        if (Unquotable().IsMatch(root))
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The data folder {root} has a character in its path that PostgreSQL's pg_ctl can't take (one of \" $ ` \\ or a line break). Choose another with DataFolder.");
        return new ClusterLayout(root);
    }

    [GeneratedRegex("^[A-Za-z0-9/._-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex("[\"$`\\\\\\n\\r]", RegexOptions.CultureInvariant)]
    private static partial Regex Unquotable();
}
