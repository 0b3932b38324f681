using System.Globalization;
using Npgsql;

namespace Newsletter.Mailer.Testing;

/// <summary>A database of a test's own, copied from the migrated template, dropped when disposed.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly Func<string, Task> drop;

    internal TestDatabase(string name, string connectionString, Func<string, Task> drop)
    {
        (Name, ConnectionString, this.drop) = (name, connectionString, drop);
        DataSource = NpgsqlDataSource.Create(ConnectionString);
    }

    /// <summary>The database's name.</summary>
    public string Name { get; }

    /// <summary>For whatever keeps its own pool, such as Hangfire or a host under test.</summary>
    public string ConnectionString { get; }

    /// <summary>The connections of the test and of the stores it tests.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>A new database with every migration applied and no rows.</summary>
    public static Task<TestDatabase> CreateAsync() => CreateAsync(migrated: true);

    /// <summary>A new database without any table.</summary>
    public static Task<TestDatabase> CreateEmptyAsync() => CreateAsync(migrated: false);

    /// <summary>A copy of this one, as it is now, under another name: what a restored backup is. Nothing may be connected but the test.</summary>
    public async Task<TestDatabase> CopyAsync()
    {
        DataSource.Clear();
        var server = await PostgresFixture.GetAsync();
        var name = NewName();
        await server.CreateAsync(name, template: Name);
        return new TestDatabase(name, server.ConnectionString(name), server.DropAsync);
    }

    /// <summary>Runs statements; returns the number of rows they changed.</summary>
    public async Task<int> ExecuteAsync(string sql, params object?[] arguments)
    {
        await using var command = Command(sql, arguments);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row, or default where there is none or it is null.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, params object?[] arguments)
    {
        await using var command = Command(sql, arguments);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <summary>The first column of every row.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, params object?[] arguments)
    {
        await using var command = Command(sql, arguments);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync())
            values.Add(reader.GetFieldValue<T>(0));
        return values;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await drop(Name);
    }

    private NpgsqlCommand Command(string sql, object?[] arguments)
    {
        var command = DataSource.CreateCommand(sql);
        foreach (var argument in arguments)
            command.Parameters.Add(new NpgsqlParameter { Value = argument ?? DBNull.Value });
        return command;
    }

    private static async Task<TestDatabase> CreateAsync(bool migrated)
    {
        var server = await PostgresFixture.GetAsync();
        var name = NewName();
        await server.CreateAsync(name, migrated);
        return new TestDatabase(name, server.ConnectionString(name), server.DropAsync);
    }

    private static string NewName() => "test_" + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..16];
}
