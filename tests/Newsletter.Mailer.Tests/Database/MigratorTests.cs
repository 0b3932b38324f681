using DbUp.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Database;

public sealed class MigratorTests : IAsyncLifetime
{
    private static readonly SqlScript Create = new("0001_create_things.sql", """
        -- a comment; with a semicolon
        create table things (id int primary key, note text default 'a;b $name$');
        create function twice(x int) returns int language plpgsql as $body$ begin return x * 2; end; $body$;
        insert into things values (twice(21));
        """);

    private static readonly SqlScript Widen = new("0002_add_colour.sql", "alter table things add colour text");

    private TestDatabase database = null!;

    public async Task InitializeAsync() => database = await TestDatabase.CreateEmptyAsync();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task ScriptsRunOnceInTheOrderOfTheirNames()
    {
        Assert.Equal(["0001_create_things.sql", "0002_add_colour.sql"], await MigrateAsync(Widen, Create));
        Assert.Empty(await MigrateAsync(Create, Widen));

        Assert.Equal(42, await database.ScalarAsync<int>("select id from things"));
        Assert.Equal("a;b $name$", await database.ScalarAsync<string>("select note from things"));
        Assert.Equal(2L, await database.ScalarAsync<long>("select count(*) from schema_versions where applied_at between now() - interval '1 minute' and now()"));
    }

    [Fact]
    public async Task WhatIsPendingIsToldWithoutApplyingIt()
    {
        await MigrateAsync(Create);

        var pending = await new Migrator(database.DataSource, NullLoggerFactory.Instance, [Create, Widen]).PendingAsync(default);

        Assert.Equal(["0002_add_colour.sql"], pending);
    }

    [Fact]
    public async Task ProcessesThatStartTogetherApplyEachScriptOnce()
    {
        var slow = new SqlScript("0001_create_things.sql", Create.Contents + "; select pg_sleep(0.3);");

        var applied = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => MigrateAsync(slow, Widen)));

        Assert.Equal(2, applied.Sum(names => names.Count));
        Assert.Equal(1L, await database.ScalarAsync<long>("select count(*) from things"));
    }

    [Fact]
    public async Task AFailingScriptIsRolledBackWholeAndNamed()
    {
        var broken = new SqlScript("0002_break_things.sql", "create table half (id int); insert into nowhere values (1);");

        var failed = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => MigrateAsync(Create, broken));

        Assert.Equal(DatabaseProblem.MigrationFailed, failed.Problem);
        Assert.Contains("0002_break_things.sql", failed.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", failed.Message, StringComparison.Ordinal);
        Assert.True(await database.ScalarAsync<bool>("select to_regclass('half') is null"));
        Assert.Equal(["0002_add_colour.sql"], await MigrateAsync(Create, Widen));
    }

    [Fact]
    public async Task ANewerSchemaIsRefusedAndLeftAlone()
    {
        await MigrateAsync(Create, Widen);

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => MigrateAsync(Create));

        Assert.Equal(DatabaseProblem.NewerSchema, refused.Problem);
        Assert.Contains("0002_add_colour.sql", refused.Message, StringComparison.Ordinal);
        Assert.Contains("newer schema than this program", refused.Message, StringComparison.Ordinal);
        Assert.Contains(database.Name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheProgramsOwnScriptsAreAllInTheTemplate()
    {
        await using var migrated = await TestDatabase.CreateAsync();

        Assert.Empty(await new Migrator(migrated.DataSource, NullLoggerFactory.Instance).PendingAsync(default));
        Assert.True(await migrated.ScalarAsync<long>("select count(*) from schema_versions") > 0);
    }

    [Fact]
    public void TheProgramsOwnScriptsAreNumberedWithoutGaps()
    {
        var names = Migrator.Embedded().Select(script => script.Name).Order(StringComparer.Ordinal).ToList();

        Assert.All(names, name => Assert.Matches("^[0-9]{4}(_[a-z0-9]+){2,}\\.sql$", name));
        Assert.Equal(Enumerable.Range(1, names.Count), names.Select(name => int.Parse(name[..4], System.Globalization.CultureInfo.InvariantCulture)));
    }

    private Task<IReadOnlyList<string>> MigrateAsync(params SqlScript[] scripts) =>
        new Migrator(database.DataSource, NullLoggerFactory.Instance, scripts).MigrateAsync(default);
}
