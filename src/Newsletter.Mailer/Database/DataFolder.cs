namespace Newsletter.Mailer.Database;

/// <summary>The folder of the program's data: the private cluster, its lock, and what other rooms keep beside it.</summary>
public static class DataFolder
{
    /// <summary>Where data lives on this machine when root runs the program.</summary>
    public const string OfTheMachine = "/var/lib/newsletter-mailer";

    /// <summary>
    /// The configured folder as an absolute path, else <c>/var/lib/newsletter-mailer</c> as root and
    /// <c>~/.local/share/newsletter-mailer</c> otherwise. Nothing is created.
    /// </summary>
    /// <exception cref="DatabaseUnavailableException">None is configured, and this account has no home.</exception>
    public static string Resolve(string? configured)
    {
        if (configured is { Length: > 0 })
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(configured));
        if (Environment.IsPrivilegedProcess)
            return OfTheMachine;
        return OfThePerson() ?? throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
            "This account has no home folder to keep data in. Set DataFolder to a folder that it can write.");
    }

    /// <summary>Creates the folder where it is missing: open to look into as root, so that PostgreSQL's account reaches what is its own, private otherwise.</summary>
    /// <exception cref="DatabaseUnavailableException">It can't be created.</exception>
    public static void Create(string folder)
    {
        if (Directory.Exists(folder))
            return;
        try
        {
            if (Path.GetDirectoryName(folder) is { } parent)
                Directory.CreateDirectory(parent);
            // Set apart from creation: a mode given there is narrowed by the umask.
            Directory.CreateDirectory(folder, OnlyUs);
            File.SetUnixFileMode(folder, Environment.IsPrivilegedProcess ? OnlyUs | OthersPass : OnlyUs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The data folder {folder} can't be created: {e.Message} Choose one that this account can write with DataFolder.", e);
        }
    }

    /// <summary>Where deploy/demo.sh puts PostgreSQL's programs, the likelier place first.</summary>
    internal static IEnumerable<string> OfFetchedPrograms()
    {
        if (!Environment.IsPrivilegedProcess && OfThePerson() is { } ours)
            yield return Path.Combine(ours, "programs");
        yield return Path.Combine(OfTheMachine, "programs");
    }

    internal const UnixFileMode OnlyUs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode OthersPass = UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static string? OfThePerson() =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home
            ? Path.Combine(home, ".local/share/newsletter-mailer")
            : null;
}
