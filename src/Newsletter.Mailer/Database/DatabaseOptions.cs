using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Database;

/// <summary>
/// Where the data lives and how PostgreSQL is reached; the section <c>Database</c>.
/// With <c>ConnectionStrings:Newsletter</c> set, that server is used; without it the program runs a private
/// cluster of its own in the data folder.
/// </summary>
public sealed class DatabaseOptions : IValidatableObject
{
    /// <summary>The section's name in the configuration.</summary>
    public const string Section = "Database";

    /// <summary>
    /// The folder of the program's data. Default (empty): <c>/var/lib/newsletter-mailer</c> as root,
    /// <c>~/.local/share/newsletter-mailer</c> otherwise.
    /// </summary>
    public string? DataFolder { get; set; }

    /// <summary>
    /// The folder with PostgreSQL's server programs (initdb, postgres, pg_ctl) for the private cluster.
    /// Default (empty): looked for on the PATH, in <c>/usr/lib/postgresql/*/bin</c>, then where
    /// <c>deploy/demo.sh</c> puts them.
    /// </summary>
    public string? PostgresPrograms { get; set; }

    /// <summary>
    /// The account the private cluster runs as when this program runs as root, because PostgreSQL refuses to.
    /// Default (empty): the owner of the existing data, else <c>postgres</c>, else <c>nobody</c>. Not used otherwise.
    /// </summary>
    public string? PostgresAccount { get; set; }

    /// <summary>How long a private cluster may take to start, crash recovery included, in seconds. Default 60.</summary>
    [Range(1, 3600)]
    public int StartTimeoutSeconds { get; set; } = 60;

    /// <summary>The most connections a private cluster admits, all processes together. Default 200.</summary>
    [Range(20, 10_000)]
    public int PrivateMaxConnections { get; set; } = 200;

    /// <summary>
    /// What a private cluster keeps of its tables in memory (<c>shared_buffers</c>), in megabytes. Default (absent): a quarter of the
    /// machine's or container's memory, at least 128 and at most 1024.
    /// </summary>
    [Range(16, 1_048_576)]
    public int? PrivateBufferMegabytes { get; set; }

    /// <summary>
    /// The most connections in this process's main pool. Default 50. A <c>Maximum Pool Size</c> in the connection
    /// string goes before it.
    /// </summary>
    [Range(2, 1000)]
    public int MaxPoolSize { get; set; } = 50;

    /// <summary>How long opening a connection may take, in seconds. Default 15.</summary>
    [Range(1, 300)]
    public int ConnectTimeoutSeconds { get; set; } = 15;

    /// <summary>How long a statement may take that sets no limit of its own, in seconds. Default 30.</summary>
    [Range(1, 86_400)]
    public int CommandTimeoutSeconds { get; set; } = 30;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Hangfire's pools and a person's psql need room beside ours.
        if (MaxPoolSize + 10 > PrivateMaxConnections)
            yield return new ValidationResult(
                $"Database:PrivateMaxConnections is {PrivateMaxConnections}; it must exceed Database:MaxPoolSize ({MaxPoolSize}) by at least 10.",
                [nameof(PrivateMaxConnections), nameof(MaxPoolSize)]);
    }
}
