namespace Newsletter.Mailer.Database;

/// <summary>Why there is no database to work with.</summary>
public enum DatabaseProblem
{
    /// <summary>No PostgreSQL server programs of a usable version were found for the private cluster.</summary>
    ProgramsMissing,

    /// <summary>The data folder can't be created, reached, written or given to PostgreSQL's account.</summary>
    FolderUnusable,

    /// <summary>Another process owns the data folder.</summary>
    SecondInstance,

    /// <summary>The data was written by another major version of PostgreSQL than the programs found.</summary>
    DataVersion,

    /// <summary>initdb, or the start of the private server, failed.</summary>
    StartFailed,

    /// <summary>The connection string can't be read.</summary>
    ConnectionString,

    /// <summary>No server answers there.</summary>
    Unreachable,

    /// <summary>The server refused the user or the password.</summary>
    LoginRefused,

    /// <summary>The server has no database of that name.</summary>
    DatabaseMissing,

    /// <summary>The server is older than the oldest version supported.</summary>
    ServerTooOld,

    /// <summary>The schema was migrated by a newer version of this program.</summary>
    NewerSchema,

    /// <summary>A migration failed and was rolled back.</summary>
    MigrationFailed,
}

/// <summary>
/// The database can't be used. The message is for a person: what was wrong, where, and what to do; it never
/// holds a password.
/// </summary>
public sealed class DatabaseUnavailableException(DatabaseProblem problem, string message, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>What is wrong.</summary>
    public DatabaseProblem Problem { get; } = problem;
}
