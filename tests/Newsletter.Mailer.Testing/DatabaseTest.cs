using Npgsql;
using Xunit;

namespace Newsletter.Mailer.Testing;

/// <summary>A test class whose every test has a migrated database of its own. Classes still run in parallel.</summary>
public abstract class DatabaseTest : IAsyncLifetime
{
    /// <summary>The database of the test that runs.</summary>
    protected TestDatabase Database { get; private set; } = null!;

    /// <summary>Its connections.</summary>
    protected NpgsqlDataSource DataSource => Database.DataSource;

    /// <inheritdoc/>
    public virtual async Task InitializeAsync() => Database = await TestDatabase.CreateAsync();

    /// <inheritdoc/>
    public virtual async Task DisposeAsync() => await Database.DisposeAsync();
}
