using Microsoft.Extensions.Options;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The room Database. Services are put together before the database is open, so that a wrong setting is told first.</summary>
internal static class DatabaseWiring
{
    public static void AddDatabase(this IServiceCollection services)
    {
        services.AddRoomOptions<DatabaseOptions>("Database", except: nameof(DatabaseOptions.DataFolder))
            .PostConfigure<IOptions<SiteOptions>>((database, site) => database.DataFolder = site.Value.DataFolder);
        services.AddSingleton<OpenDatabase>();
        services.AddSingleton<DatabasePulse>();
        services.AddSingleton(provider => provider.GetRequiredService<OpenDatabase>().Host.DataSource);
    }
}

/// <summary>The database of this process, once it is open.</summary>
internal sealed class OpenDatabase(IOptions<DatabaseOptions> options, IConfiguration configuration, ILoggerFactory logs) : IAsyncDisposable
{
    private DatabaseHost? _host;

    /// <exception cref="InvalidOperationException">It isn't open yet.</exception>
    public DatabaseHost Host => _host ?? throw new InvalidOperationException("The database was asked for before it was opened.");

    /// <summary>Opens it and brings its schema up to date.</summary>
    /// <exception cref="DatabaseUnavailableException">There is none to work with; the message says why and what to do.</exception>
    public async Task<IReadOnlyList<string>> OpenAsync(WhenRunning whenRunning, CancellationToken stop)
    {
        _host = await DatabaseHost.OpenAsync(options.Value, configuration.GetConnectionString("Newsletter"), whenRunning, logs, stop);
        return await _host.MigrateAsync(stop);
    }

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Whether the database answers just now.</summary>
internal sealed partial class DatabasePulse(NpgsqlDataSource database, ILogger<DatabasePulse> log)
{
    public async Task<bool> AnswersAsync(CancellationToken patience)
    {
        try
        {
            await using var command = database.CreateCommand("select 1");
            await command.ExecuteScalarAsync(patience);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            LogSilent(e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database doesn't answer")]
    private partial void LogSilent(Exception exception);
}
