using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;
using Npgsql;

namespace Newsletter.Mailer.Tests.Database;

public sealed class DatabaseHostTests : IAsyncLifetime
{
    private ScratchFolder scratch = null!;

    public async Task InitializeAsync() =>
        scratch = await ScratchFolder.CreateAsync(Path.Combine(Path.GetTempPath(), $"nm-hosts-{Environment.UserName}"), TimeProvider.System, default);

    public async Task DisposeAsync() => await scratch.DisposeAsync();

    [Fact]
    public async Task WithoutAConnectionStringAPrivateClusterServesAndIsMigrated()
    {
        await using (var host = await OpenAsync(null))
        {
            Assert.True(host.IsPrivate);
            Assert.NotEmpty(await host.MigrateAsync(default));
            Assert.Empty(await host.MigrateAsync(default));
            Assert.Equal("UTC|newsletter|newsletter", await AskAsync(host.DataSource,
                "select concat_ws('|', current_setting('timezone'), current_setting('application_name'), current_database())"));
        }

        await AssertNobodyWorksInAsync(Path.Combine(scratch.Path, "pgdata"));
    }

    // A process that has ended its work may need a moment to be gone, on a busy machine.
    private static async Task AssertNobodyWorksInAsync(string directory)
    {
        for (var tries = 0; tries < 100 && Postmaster.Living(directory).Count > 0; tries++)
            await Task.Delay(100);
        Assert.Empty(Postmaster.Living(directory));
    }

    [Fact]
    public async Task OpenConnectionsOfOtherPoolsDoNotKeepTheClusterFromStopping()
    {
        var host = await OpenAsync(null);
        var other = new NpgsqlConnection(host.ConnectionStringFor("jobs", maxPoolSize: 3));
        await other.OpenAsync();
        await using var busy = new NpgsqlCommand("select pg_sleep(600)", other);
        var sleeping = busy.ExecuteNonQueryAsync();

        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => sleeping);
        await AssertNobodyWorksInAsync(Path.Combine(scratch.Path, "pgdata"));
    }

    [Fact]
    public async Task ACommandJoinsTheClusterThatAnotherProcessOwnsAndLeavesItRunning()
    {
        using var owner = await OwnerProcess.StartAsync(scratch.Path);
        await using (var source = NpgsqlDataSource.Create(await RunningAsync()))
        await using (var create = source.CreateCommand("create database newsletter"))
            await create.ExecuteNonQueryAsync();

        await using (var guest = await OpenAsync(null, WhenRunning.Join))
            Assert.Equal("1", await AskAsync(guest.DataSource, "select '1'"));

        Assert.True(Postmaster.WorksIn(owner.Postmaster, Path.Combine(scratch.Path, "pgdata")));
        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => OpenAsync(null));
        Assert.Equal(DatabaseProblem.SecondInstance, refused.Problem);
        await owner.EndAsync();
        await AssertNobodyWorksInAsync(Path.Combine(scratch.Path, "pgdata"));
    }

    [Fact]
    public async Task ACommandThatFindsNoRunningClusterOwnsItItself()
    {
        await using var host = await OpenAsync(null, WhenRunning.Join);

        Assert.Equal("1", await AskAsync(host.DataSource, "select '1'"));
    }

    [Fact]
    public async Task AServerThatIsNotThereIsNamed()
    {
        string connection;
        await using (var gone = new ScriptedServer(new ScriptedServer.Answer("15.0")))
            connection = gone.ConnectionString;

        await RefusedAsync(connection, DatabaseProblem.Unreachable, $"127.0.0.1:{new NpgsqlConnectionStringBuilder(connection).Port}", "Start it");
    }

    [Fact]
    public async Task AnOldServerIsRefusedWithItsVersion()
    {
        await using var server = new ScriptedServer(new ScriptedServer.Answer("14.9"));

        await RefusedAsync(server.ConnectionString, DatabaseProblem.ServerTooOld, "version 14.9", "15 is the oldest");
    }

    [Fact]
    public async Task AServerThatIsStillStartingIsWaitedFor()
    {
        await using var server = new ScriptedServer(
            new ScriptedServer.Answer(null, "57P03", "the database system is starting up"), new ScriptedServer.Answer("17.1"));

        await using var host = await OpenAsync(server.ConnectionString);

        Assert.False(host.IsPrivate);
    }

    [Theory]
    [InlineData("28P01", "password authentication failed for user \"u\"", DatabaseProblem.LoginRefused, "Password in ConnectionStrings:Newsletter")]
    [InlineData("3D000", "database \"d\" does not exist", DatabaseProblem.DatabaseMissing, "createdb --owner=u d")]
    [InlineData("53300", "sorry, too many clients already", DatabaseProblem.Unreachable, "too many clients")]
    public async Task AnErrorOfTheServerSaysWhatToDo(string sqlState, string text, DatabaseProblem problem, string says)
    {
        await using var server = new ScriptedServer(new ScriptedServer.Answer(null, sqlState, text));

        await RefusedAsync(server.ConnectionString, problem, says, $"127.0.0.1:{server.Port}");
    }

    [Fact]
    public async Task ARealServersMissingDatabaseIsNamed()
    {
        var postgres = await PostgresFixture.GetAsync();

        await RefusedAsync(postgres.ConnectionString("nowhere"), DatabaseProblem.DatabaseMissing, "no database nowhere", "createdb");
    }

    [Theory]
    [InlineData("postgres://u:topsecret@db.example.org/newsletter", "it is a URI")]
    [InlineData("Host=db.example.org;Nonsense=1", "nonsense")]
    [InlineData("Host=db.example.org;Port=many", "ConnectionStrings:Newsletter can't be read")]
    [InlineData("Database=newsletter", "names no Host")]
    public async Task AConnectionStringThatCannotBeReadIsExplained(string connection, string says) =>
        await RefusedAsync(connection, DatabaseProblem.ConnectionString, says, "Host=db.example.org;Database=newsletter");

    [Fact]
    public async Task WhatTheConnectionStringSaysGoesBeforeTheOptions()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var host = await OpenAsync(database.ConnectionString + ";Application Name=mine;Maximum Pool Size=7;Max Auto Prepare=0");

        var used = new NpgsqlConnectionStringBuilder(host.DataSource.ConnectionString);

        Assert.Equal(("mine", 7, 0, 5), (used.ApplicationName, used.MaxPoolSize, used.MaxAutoPrepare, used.Timeout));
        Assert.Equal(("jobs", 3), new NpgsqlConnectionStringBuilder(host.ConnectionStringFor("jobs", 3)) is var other ? (other.ApplicationName, other.MaxPoolSize) : default);
    }

    [Fact]
    public void OptionsThatCannotWorkTogetherAreRefused()
    {
        var options = new DatabaseOptions { MaxPoolSize = 100, PrivateMaxConnections = 105 };
        var problems = new List<ValidationResult>();

        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true));
        Assert.Contains("PrivateMaxConnections is 105", Assert.Single(problems).ErrorMessage, StringComparison.Ordinal);
    }

    private async Task RefusedAsync(string connection, DatabaseProblem problem, params string[] says)
    {
        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => OpenAsync(connection));

        Assert.Equal(problem, refused.Problem);
        Assert.All(says, part => Assert.Contains(part, refused.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("topsecret", refused.ToString(), StringComparison.Ordinal);
    }

    private Task<DatabaseHost> OpenAsync(string? connection, WhenRunning whenRunning = WhenRunning.Refuse) => DatabaseHost.OpenAsync(
        new DatabaseOptions { DataFolder = scratch.Path, ConnectTimeoutSeconds = 5 }, connection, whenRunning, NullLoggerFactory.Instance, default);

    private async Task<string> RunningAsync() =>
        (await PrivateCluster.FindRunningAsync(scratch.Path, "postgres", default))!.ConnectionString;

    private static async Task<string?> AskAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (string?)await command.ExecuteScalarAsync();
    }
}
