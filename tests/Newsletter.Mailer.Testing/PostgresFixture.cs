using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// The one private cluster of a test process, with a migrated template database. It is started by the first test that
/// needs it, stopped when the process ends, and what a killed process left is cleared by the next.
/// </summary>
public sealed class PostgresFixture
{
    private const string Template = "template_newsletter";
    private static readonly Lazy<Task<PostgresFixture>> Shared = new(StartAsync);

    private readonly PrivateCluster cluster;
    private readonly NpgsqlDataSource admin;

    private PostgresFixture(PrivateCluster cluster) =>
        (this.cluster, admin) = (cluster, NpgsqlDataSource.Create(Connect(cluster, "postgres", poolSize: 20)));

    /// <summary>The cluster of this process.</summary>
    public static Task<PostgresFixture> GetAsync() => Shared.Value;

    /// <summary>A connection string to a database of the cluster.</summary>
    public string ConnectionString(string database, int poolSize = 20) => Connect(cluster, database, poolSize);

    /// <summary>Makes a database: a copy of the migrated template, or an empty one.</summary>
    internal Task CreateAsync(string database, bool migrated) => CreateAsync(database, migrated ? Template : "template0");

    /// <summary>Makes a database: a copy of another that nobody is connected to.</summary>
    internal Task CreateAsync(string database, string template) => ExecuteAsync($"create database {database} template {template}");

    internal Task DropAsync(string database) => ExecuteAsync($"drop database if exists {database} with (force)");

    /// <summary>A server of the tests' own, of the programs and under the account that the environment names, where it names any.</summary>
    internal static PrivateClusterSettings Settings(string folder) => new()
    {
        Folder = folder,
        Programs = Environment.GetEnvironmentVariable("Database__PostgresPrograms"),
        Account = Environment.GetEnvironmentVariable("Database__PostgresAccount"),
    };

    private async Task ExecuteAsync(string sql)
    {
        await using var command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<PostgresFixture> StartAsync()
    {
        var parent = Path.Combine(Path.GetTempPath(), $"newsletter-tests-{Environment.UserName}");
        var scratch = await ScratchFolder.CreateAsync(parent, TimeProvider.System, default);
        var started = await PrivateCluster.StartAsync(
            Settings(scratch.Path) with { Durable = false, MaxConnections = 400 }, NullLogger.Instance, default);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(scratch.Path);

        await started.CreateDatabaseAsync(Template, default);
        await using (var source = NpgsqlDataSource.Create(Connect(started, Template, poolSize: 5)))
            await new Migrator(source, NullLoggerFactory.Instance).MigrateAsync(default);
        return new PostgresFixture(started);
    }

    // The cluster has stopped by now: its own handler ran first. Whatever can't be deleted, the next run clears.
    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException e)
        {
            Console.Error.WriteLine($"{folder} stays for the next run to clear: {e.Message}");
        }
    }

    private static string Connect(PrivateCluster cluster, string database, int poolSize)
    {
        var connection = cluster.ConnectionTo(database);
        connection.Timezone = "UTC";
        connection.MaxPoolSize = poolSize;
        connection.IncludeErrorDetail = true;
        return connection.ConnectionString;
    }
}
