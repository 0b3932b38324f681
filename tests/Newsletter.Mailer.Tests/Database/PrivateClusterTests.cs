using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Tests.Database;

public sealed class PrivateClusterTests : IAsyncLifetime
{
    private ScratchFolder scratch = null!;

    public async Task InitializeAsync() =>
        scratch = await ScratchFolder.CreateAsync(Path.Combine(Path.GetTempPath(), $"nm-clusters-{Environment.UserName}"), TimeProvider.System, default);

    public async Task DisposeAsync() => await scratch.DisposeAsync();

    [Fact]
    public async Task TheFirstStartMakesADatabaseReachedOnlyByItsSocket()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateDatabaseAsync("newsletter", default);

        Assert.Equal("UTF8|UTC||on|0700", await AskAsync(cluster,
            "select concat_ws('|', pg_encoding_to_char(encoding), current_setting('timezone'), current_setting('listen_addresses'), "
            + "current_setting('data_checksums'), current_setting('unix_socket_permissions')) from pg_database where datname = 'newsletter'"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.Combine(cluster.Folder, "socket")));
    }

    [Theory]
    [InlineData(256L << 20, 128)]
    [InlineData(2L << 30, 512)]
    [InlineData(64L << 30, 1024)]
    public void AQuarterOfTheMemoryHoldsTables(long memoryBytes, int expectedMegabytes) =>
        Assert.Equal(expectedMegabytes, PrivateClusterSettings.BufferMegabytesFor(memoryBytes));

    [Fact]
    public async Task TheServerTakesTheMemoryItIsGiven()
    {
        var options = new DatabaseOptions { DataFolder = scratch.Path, PrivateBufferMegabytes = 48 };

        await using var cluster = await PrivateCluster.StartAsync(PrivateClusterSettings.From(options), NullLogger.Instance, default);

        Assert.Equal("48MB", await AskAsync(cluster, "select current_setting('shared_buffers')"));
    }

    [Fact]
    public async Task ItsProcessesNeverRunAsRoot()
    {
        await using var cluster = await StartAsync();

        var uids = File.ReadAllLines($"/proc/{cluster.Pid}/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1..];

        Assert.DoesNotContain("0", uids);
    }

    [Fact]
    public async Task DataOutlivesARestart()
    {
        await using (var first = await StartAsync())
            await AskAsync(first, "create table kept as select 42 as answer");
        Assert.Empty(Postmaster.Living(Path.Combine(scratch.Path, "pgdata")));

        await using var second = await StartAsync();

        Assert.False(second.TookOver);
        Assert.Equal("42", await AskAsync(second, "select answer::text from kept"));
    }

    [Fact]
    public async Task AServerWhoseOwnerWasKilledIsTakenOver()
    {
        using var owner = await OwnerProcess.StartAsync(scratch.Path);
        owner.Kill();

        await using var next = await StartAsync();

        Assert.True(next.TookOver);
        Assert.Equal(owner.Postmaster, next.Pid);
        Assert.Equal("1", await AskAsync(next, "select '1'"));
    }

    [Fact]
    public async Task ACommittedRowOutlivesTheKillingOfThePostmaster()
    {
        await using (var first = await StartAsync(durable: true))
        {
            await AskAsync(first, "create table kept as select 42 as answer");
            Process.GetProcessById(first.Pid).Kill();
        }

        await using var second = await StartAsync(durable: true);

        Assert.Equal("42", await AskAsync(second, "select answer::text from kept"));
    }

    [Theory]
    [InlineData(1)] // a living process that is no postgres
    [InlineData(4_194_303)] // none at all
    public async Task APidFileOfNoServerIsClearedAway(int pid)
    {
        await using (await StartAsync())
        {
        }

        await File.WriteAllLinesAsync(Path.Combine(scratch.Path, "pgdata/postmaster.pid"),
            [$"{pid}", Path.Combine(scratch.Path, "pgdata"), "1700000000", "5432", Path.Combine(scratch.Path, "socket"), "", "", "ready"]);
        await File.WriteAllTextAsync(Path.Combine(scratch.Path, "socket/.s.PGSQL.5432.lock"), $"{pid}\n");

        await using var next = await StartAsync();

        Assert.False(next.TookOver);
        Assert.Equal("1", await AskAsync(next, "select '1'"));
    }

    [Fact]
    public async Task ASecondInstanceIsRefusedWithTheFoldersName()
    {
        await using var first = await StartAsync();

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => StartAsync());

        Assert.Equal(DatabaseProblem.SecondInstance, refused.Problem);
        Assert.Contains(scratch.Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("DataFolder", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pgdata.new")]
    [InlineData("pgdata")]
    public async Task AnInterruptedInitdbIsDoneAgain(string folder)
    {
        Directory.CreateDirectory(Path.Combine(scratch.Path, folder, "base/1"));
        await File.WriteAllTextAsync(Path.Combine(scratch.Path, folder, "postgresql.conf"), "half");

        await using var cluster = await StartAsync();

        Assert.Equal("1", await AskAsync(cluster, "select '1'"));
        Assert.False(Directory.Exists(Path.Combine(scratch.Path, "pgdata.new")));
    }

    [Fact]
    public async Task ADatabaseWithoutItsVersionFileIsNotDeleted()
    {
        await using (await StartAsync())
        {
        }

        File.Delete(Path.Combine(scratch.Path, "pgdata/PG_VERSION"));

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => StartAsync());

        Assert.Equal(DatabaseProblem.StartFailed, refused.Problem);
        Assert.True(File.Exists(Path.Combine(scratch.Path, "pgdata/global/pg_control")));
    }

    [Fact]
    public async Task DataOfAnotherMajorVersionIsRefusedWithBothVersions()
    {
        await using (await StartAsync())
        {
        }

        await File.WriteAllTextAsync(Path.Combine(scratch.Path, "pgdata/PG_VERSION"), "14\n");

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => StartAsync());

        Assert.Equal(DatabaseProblem.DataVersion, refused.Problem);
        Assert.Contains("written by PostgreSQL 14", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("with spaces, commas & ümläuts")]
    [InlineData("a-path-that-goes-on/and-on-and-on-and-on-and-on-and-on/until-a-socket-in-it/would-not-fit-any-more")]
    public async Task UnusualPathsWork(string below)
    {
        await using (var cluster = await StartAsync(below: below))
            Assert.Equal("1", await AskAsync(cluster, "select '1'"));

        await using var again = await StartAsync(below: below);
        Assert.Equal("1", await AskAsync(again, "select '1'"));
    }

    [Fact]
    public async Task APathThatAShellWouldChangeIsRefused()
    {
        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => StartAsync(below: "a$(touch x)b"));

        Assert.Equal(DatabaseProblem.FolderUnusable, refused.Problem);
    }

    [Fact]
    public async Task AFolderThatOnlyRootCanLookIntoIsRefusedUnderRoot()
    {
        var closed = Path.Combine(scratch.Path, "closed");
        Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        if (Environment.IsPrivilegedProcess)
        {
            var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => StartAsync(below: "closed/data"));
            Assert.Equal(DatabaseProblem.FolderUnusable, refused.Problem);
            Assert.Contains("chmod o+x", refused.Message, StringComparison.Ordinal);
        }
        else
        {
            await using var cluster = await StartAsync(below: "closed/data");
            Assert.Equal("1", await AskAsync(cluster, "select '1'"));
        }
    }

    [Fact]
    public async Task AStartThatFailsSaysWhatTheServerSaid()
    {
        await using (await StartAsync())
        {
        }

        await File.AppendAllTextAsync(Path.Combine(scratch.Path, "pgdata/postgresql.conf"), "no_such_setting = 1\n");

        var failed = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => StartAsync());

        Assert.Equal(DatabaseProblem.StartFailed, failed.Problem);
        Assert.Contains("no_such_setting", failed.Message, StringComparison.Ordinal);
        Assert.Contains("postgres.log", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingProgramsAreMetWithTheThreeWays()
    {
        var settings = new PrivateClusterSettings { Folder = scratch.Path, Programs = scratch.Path };

        var missing = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => PrivateCluster.StartAsync(settings, NullLogger.Instance, default));

        Assert.Equal(DatabaseProblem.ProgramsMissing, missing.Problem);
        Assert.Contains("apt-get install postgresql", missing.Message, StringComparison.Ordinal);
        Assert.Contains("deploy/demo.sh", missing.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Newsletter", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AScratchFolderLeftByAKilledRunIsClearedWithItsServer()
    {
        var parent = Path.Combine(scratch.Path, "runs");
        DataFolder.Create(parent);
        var left = Path.Combine(parent, "scratch-left");
        DataFolder.Create(left);
        await File.WriteAllTextAsync(Path.Combine(left, "scratch.lock"), "");
        using var owner = await OwnerProcess.StartAsync(left);
        owner.Kill();

        await using var next = await ScratchFolder.CreateAsync(parent, TimeProvider.System, default);

        Assert.False(Directory.Exists(left));
        Assert.False(Postmaster.WorksIn(owner.Postmaster, Path.Combine(left, "pgdata")));
    }

    private Task<PrivateCluster> StartAsync(string? below = null, bool durable = false) => PrivateCluster.StartAsync(
        new PrivateClusterSettings { Folder = Path.Combine(scratch.Path, below ?? ""), Durable = durable, MaxConnections = 20 }, NullLogger.Instance, default);

    private static async Task<string?> AskAsync(PrivateCluster cluster, string sql)
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionTo("postgres"));
        await using var command = source.CreateCommand(sql);
        return (string?)await command.ExecuteScalarAsync();
    }
}
