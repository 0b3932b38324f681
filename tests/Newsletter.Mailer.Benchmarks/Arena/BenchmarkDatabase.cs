using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>A private PostgreSQL with the program's own settings, fsync and all, in a folder of its own that is gone afterwards.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    private readonly ScratchFolder _scratch;
    private readonly DatabaseHost _host;

    private BenchmarkDatabase(ScratchFolder scratch, DatabaseHost host, int postmaster)
    {
        (_scratch, _host) = (scratch, host);
        Cpu = new PostgresCpu(postmaster);
        ConnectionString = host.ConnectionStringFor("benchmark", maxPoolSize: 50);
    }

    /// <summary>For the processes of the benchmark.</summary>
    public string ConnectionString { get; }

    /// <summary>What the server has used.</summary>
    public PostgresCpu Cpu { get; }

    /// <param name="parent">Where its folder is made; null: the folder for temporary files. It should lie on a real disk.</param>
    public static async Task<BenchmarkDatabase> OpenAsync(string? parent)
    {
        var scratch = await ScratchFolder.CreateAsync(
            Path.Combine(parent ?? Path.GetTempPath(), $"newsletter-benchmarks-{Environment.UserName}"), TimeProvider.System, default);
        var host = await DatabaseHost.OpenAsync(
            new DatabaseOptions { DataFolder = scratch.Path, CommandTimeoutSeconds = 600 }, null, WhenRunning.Refuse, NullLoggerFactory.Instance, default);
        await host.MigrateAsync(default);
        await using var where = host.DataSource.CreateCommand("show data_directory");
        var data = (string)(await where.ExecuteScalarAsync())!;
        var postmaster = int.Parse(File.ReadLines(Path.Combine(data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        return new BenchmarkDatabase(scratch, host, postmaster);
    }

    /// <summary>Runs a statement, however long it takes.</summary>
    public async Task<int> ExecuteAsync(string sql, params object[] arguments)
    {
        await using var command = Command(sql, arguments);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row.</summary>
    public async Task<T> ScalarAsync<T>(string sql, params object[] arguments)
    {
        await using var command = Command(sql, arguments);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Writes what is dirty, so that a measurement begins with none of another's work.</summary>
    public Task SettleAsync() => ExecuteAsync("checkpoint");

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _scratch.DisposeAsync();
    }

    private NpgsqlCommand Command(string sql, object[] arguments)
    {
        var command = _host.DataSource.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (var argument in arguments)
            command.Parameters.Add(new NpgsqlParameter { Value = argument });
        return command;
    }
}
