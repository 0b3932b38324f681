using System.Reflection;
using System.Text;
using DbUp;
using DbUp.Engine;
using DbUp.Postgresql;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>
/// Brings a database's schema up to this program's: the scripts <c>Database/Migrations/NNNN_verb_noun.sql</c>, in the
/// order of their names, each once and in a transaction of its own. Processes that start at the same time take turns.
/// </summary>
public sealed class Migrator
{
    /// <summary>The table that records which scripts have run.</summary>
    public const string Journal = "schema_versions";

    private const string Resources = ".Database.Migrations.";

    // Any number does, so long as nothing else in the database locks it: "newslett" in ASCII.
    private const long TurnKey = 0x6e65_7773_6c65_7474;

    private readonly NpgsqlDataSource source;
    private readonly IReadOnlyList<SqlScript> scripts;
    private readonly ILogger<Migrator> log;

    /// <summary>With the program's own scripts.</summary>
    public Migrator(NpgsqlDataSource source, ILoggerFactory logs)
        : this(source, logs, Embedded())
    {
    }

    internal Migrator(NpgsqlDataSource source, ILoggerFactory logs, IEnumerable<SqlScript> scripts)
    {
        this.source = source;
        this.scripts = [.. scripts.OrderBy(script => script.Name, StringComparer.Ordinal)];
        log = logs.CreateLogger<Migrator>();
    }

    /// <summary>Applies what is missing and returns the names of the scripts applied now.</summary>
    /// <exception cref="DatabaseUnavailableException">
    /// The database's schema is newer than this program, or a script failed and was rolled back.
    /// </exception>
    public async Task<IReadOnlyList<string>> MigrateAsync(CancellationToken stop)
    {
        await using var turn = await source.OpenConnectionAsync(stop);
        await TakeTurnAsync(turn, stop);
        try
        {
            RefuseNewer(await AppliedAsync(turn, stop));
            // DbUp has no asynchronous way; its work stays off the caller's thread.
            var result = await Task.Run(Upgrade, stop);
            if (!result.Successful)
                throw Failed(result);
            // Types made just now are unknown to connections that are open.
            await source.ReloadTypesAsync(stop);
            return [.. result.Scripts.Select(script => script.Name)];
        }
        finally
        {
            await GiveTurnAsync(turn);
        }
    }

    /// <summary>The scripts of this program that the database lacks, in order.</summary>
    /// <exception cref="DatabaseUnavailableException">The database's schema is newer than this program.</exception>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken stop)
    {
        await using var connection = await source.OpenConnectionAsync(stop);
        var applied = await AppliedAsync(connection, stop);
        RefuseNewer(applied);
        return [.. scripts.Select(script => script.Name).Except(applied, StringComparer.Ordinal)];
    }

    // A session lock outlasts the scripts' transactions and ends with the session, however that ends.
    private static async Task TakeTurnAsync(NpgsqlConnection turn, CancellationToken stop)
    {
        await using var take = new NpgsqlCommand("select pg_advisory_lock($1)", turn) { CommandTimeout = 0 };
        take.Parameters.AddWithValue(TurnKey);
        await take.ExecuteNonQueryAsync(stop);
    }

    private static async Task GiveTurnAsync(NpgsqlConnection turn)
    {
        await using var give = new NpgsqlCommand("select pg_advisory_unlock($1)", turn);
        give.Parameters.AddWithValue(TurnKey);
        await give.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static async Task<IReadOnlyList<string>> AppliedAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var exists = new NpgsqlCommand($"select to_regclass('{Journal}') is not null", connection);
        if (await exists.ExecuteScalarAsync(stop) is not true)
            return [];
        var names = new List<string>();
        await using var read = new NpgsqlCommand($"select scriptname from {Journal} order by scriptname", connection);
        await using var rows = await read.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
            names.Add(rows.GetString(0));
        return names;
    }

    private void RefuseNewer(IReadOnlyList<string> applied)
    {
        var unknown = applied.Except(scripts.Select(script => script.Name), StringComparer.Ordinal).ToList();
        if (unknown.Count == 0)
            return;
        var where = new NpgsqlConnectionStringBuilder(source.ConnectionString);
        throw new DatabaseUnavailableException(DatabaseProblem.NewerSchema,
            $"The database {where.Database} at {where.Host} has a newer schema than this program: it was migrated by {string.Join(", ", unknown)}, "
            + "which this version doesn't know. Run the newer version again, or restore a backup from before its migration.");
    }

    private DatabaseUpgradeResult Upgrade()
    {
        var builder = DeployChanges.To
            .PostgresqlDatabase(new PostgresqlConnectionManager(source))
            .WithScripts(scripts)
            .WithTransactionPerScript()
            .WithVariablesDisabled() // $…$ is PostgreSQL's quoting, not DbUp's
            .WithExecutionTimeout(TimeSpan.Zero)
            .LogTo(new MigrationLog(log));
        builder.Configure(upgrade => upgrade.Journal =
            new MigrationJournal(() => upgrade.ConnectionManager, () => upgrade.Log, Journal));
        return builder.Build().PerformUpgrade();
    }

    private static DatabaseUnavailableException Failed(DatabaseUpgradeResult result) => new(
        DatabaseProblem.MigrationFailed,
        $"The migration {result.ErrorScript?.Name ?? "of the schema"} failed and was rolled back: {result.Error.Message} "
        + "Nothing of it remains. Mend the cause and start again; the scripts before it stay applied.", result.Error);

    internal static IEnumerable<SqlScript> Embedded()
    {
        var assembly = typeof(Migrator).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.Contains(Resources, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => new SqlScript(name[(name.IndexOf(Resources, StringComparison.Ordinal) + Resources.Length)..], Read(assembly, name)));
    }

    private static string Read(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
