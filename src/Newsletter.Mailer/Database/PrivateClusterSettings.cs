namespace Newsletter.Mailer.Database;

/// <summary>What a private cluster is to be like.</summary>
internal sealed record PrivateClusterSettings
{
    /// <summary>The data folder; created where it is missing.</summary>
    public required string Folder { get; init; }

    /// <summary>The folder of the server's programs, or null to look for them.</summary>
    public string? Programs { get; init; }

    /// <summary>The account to run as under root, or null to choose one.</summary>
    public string? Account { get; init; }

    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public int MaxConnections { get; init; } = 200;

    /// <summary>The server's <c>shared_buffers</c>.</summary>
    public int BufferMegabytes { get; init; } = UsualBufferMegabytes;

    /// <summary>False gives up what protects data from a crash of the machine, for the speed of tests.</summary>
    public bool Durable { get; init; } = true;

    public static PrivateClusterSettings From(DatabaseOptions options) => new()
    {
        Folder = DataFolder.Resolve(options.DataFolder),
        Programs = options.PostgresPrograms,
        Account = options.PostgresAccount,
        StartTimeout = TimeSpan.FromSeconds(options.StartTimeoutSeconds),
        MaxConnections = options.PrivateMaxConnections,
        BufferMegabytes = options.PrivateBufferMegabytes ?? UsualBufferMegabytes,
    };

    private static int UsualBufferMegabytes => BufferMegabytesFor(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>
    /// A quarter of the memory there is, as PostgreSQL's manual advises (19.4.1), between 128 MB and 1 GB. With the server's own default of
    /// 128 MB the indexes of a million readers don't fit: merging them took 87 s instead of 35 s (256 MB: 48 s, 512 MB: 43 s).
    /// </summary>
    internal static int BufferMegabytesFor(long memoryBytes) => (int)Math.Clamp(memoryBytes / 4 / (1024 * 1024), 128, 1024);

    /// <summary>The server's settings, each as <c>name=value</c> without blanks or quotes: pg_ctl hands them to a shell.</summary>
    public IReadOnlyList<string> ServerSettings(string socketFolder) =>
    [
        "listen_addresses=",
        $"unix_socket_directories={socketFolder}",
        "unix_socket_permissions=0700",
        $"max_connections={MaxConnections}",
        $"shared_buffers={BufferMegabytes}MB",
        "timezone=UTC",
        "log_timezone=UTC",
        // A constraint's DETAIL line would put readers' addresses into the log.
        "log_error_verbosity=terse",
        // Bulk statements of a second gain nothing from compiling, and small machines lose by it.
        "jit=off",
        "max_wal_size=2GB",
        .. Durable ? Array.Empty<string>() : ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"],
    ];
}
