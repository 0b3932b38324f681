using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Testing;

/// <summary>A PostgreSQL server of a test's own, as durable as in production, that the test may crash, fill up and start again.</summary>
public sealed class CrashableServer : IAsyncDisposable
{
    private const string Template = "template_newsletter";

    private readonly ScratchFolder _scratch;
    private readonly PrivateClusterSettings _settings;
    private readonly bool _onDisk;
    private PrivateCluster _cluster;

    private CrashableServer(ScratchFolder scratch, PrivateClusterSettings settings, PrivateCluster cluster, bool onDisk) =>
        (_scratch, _settings, _cluster, _onDisk) = (scratch, settings, cluster, onDisk);

    /// <summary>Free bytes on the server's disk.</summary>
    public long FreeBytes => new DriveInfo(_settings.Folder).AvailableFreeSpace;

    /// <summary>The end of what the server has to say.</summary>
    public string Log => File.ReadAllText(Path.Combine(_settings.Folder, "postgres.log"));

    /// <summary>Starts one, with the migrated template in it.</summary>
    /// <param name="diskMegabytes">A disk of its own of that size (root only); null: the temporary folder.</param>
    public static async Task<CrashableServer> StartAsync(int? diskMegabytes = null)
    {
        var scratch = await ScratchFolder.CreateAsync(Path.Combine(Path.GetTempPath(), $"newsletter-tests-{Environment.UserName}"), TimeProvider.System, default);
        var folder = scratch.Path;
        if (diskMegabytes is { } megabytes)
        {
            folder = Directory.CreateDirectory(Path.Combine(scratch.Path, "disk")).FullName;
            Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0755"), "tmpfs", folder);
        }

        var settings = PostgresFixture.Settings(folder) with { MaxConnections = 200 };
        var server = new CrashableServer(scratch, settings, await PrivateCluster.StartAsync(settings, NullLogger.Instance, default), diskMegabytes is not null);
        await server._cluster.CreateDatabaseAsync(Template, default);
        await using (var source = NpgsqlDataSource.Create(server.ConnectionTo(Template)))
            await new Migrator(source, NullLoggerFactory.Instance).MigrateAsync(default);
        return server;
    }

    /// <summary>A migrated database on it.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync()
    {
        var name = "test_" + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..16];
        await ExecuteAsync($"create database {name} template {Template}");
        return new TestDatabase(name, ConnectionTo(name), dropped => ExecuteAsync($"drop database if exists {dropped} with (force)"));
    }

    /// <summary>An immediate shutdown: nothing is written, and every session is cut. Recovery is the next start's.</summary>
    public async Task CrashAsync()
    {
        Postmaster.Signal(_cluster.Pid, Postmaster.Immediate);
        await _cluster.DisposeAsync();
    }

    /// <summary>Serves again after a crash.</summary>
    public async Task StartAgainAsync()
    {
        await _cluster.DisposeAsync();
        _cluster = await PrivateCluster.StartAsync(_settings, NullLogger.Instance, default);
    }

    /// <summary>Whether it answers.</summary>
    public async Task<bool> AnswersAsync()
    {
        try
        {
            await ExecuteAsync("select 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// <summary>Takes all the room there is on its disk.</summary>
    /// <returns>Gives the room back when disposed.</returns>
    public IDisposable FillDisk()
    {
        var file = new FileStream(Path.Combine(_settings.Folder, "ballast"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        var block = new byte[64 * 1024];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full.
            return file;
        }
    }

    /// <summary>Uses up what is left of the write-ahead log's files, so that the next write needs a new one.</summary>
    public async Task UseUpLogAsync()
    {
        try
        {
            for (var file = 0; file < 100; file++)
                await ExecuteAsync("select pg_logical_emit_message(true, 'x', 'x'); select pg_switch_wal()");
        }
        catch (NpgsqlException)
        {
            // No room for another: the server has given up.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _cluster.DisposeAsync();
        if (_onDisk)
            Run("umount", _settings.Folder);
        await _scratch.DisposeAsync();
    }

    private string ConnectionTo(string database)
    {
        var connection = _cluster.ConnectionTo(database);
        connection.Timezone = "UTC";
        connection.MaxPoolSize = 20;
        connection.IncludeErrorDetail = true;
        return connection.ConnectionString;
    }

    private async Task ExecuteAsync(string sql)
    {
        var connection = _cluster.ConnectionTo("postgres");
        connection.Pooling = false;
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} failed: {said}");
    }
}
