using System.ComponentModel.DataAnnotations;
using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Jobs;
using Npgsql;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Section <c>Jobs</c>: the workers behind the requests.</summary>
public sealed class JobsOptions
{
    /// <summary>Serve the job dashboard at /hangfire, read-only, to whoever logs in with an API key of scope ops as the password. Default false.</summary>
    public bool Dashboard { get; set; }

    /// <summary>Mails to one person sent at once by one process. Default 2.</summary>
    [Range(1, 64)]
    public int PersonalWorkers { get; set; } = 2;

    /// <summary>Jobs of publishing and sweeping at once in one process, beside Delivery:Senders. Default 3.</summary>
    [Range(1, 64)]
    public int ControlWorkers { get; set; } = 3;

    /// <summary>Imports merged at once by one process. Default 1.</summary>
    [Range(1, 16)]
    public int ImportWorkers { get; set; } = 1;

    /// <summary>How often the queue of mail to one person is looked at, in milliseconds. Default 100.</summary>
    [Range(20, 10_000)]
    public int PersonalPollMilliseconds { get; set; } = 100;

    /// <summary>How often the other queues are looked at, in milliseconds. Default 1000.</summary>
    [Range(50, 60_000)]
    public int PollMilliseconds { get; set; } = 1_000;
}

/// <summary>
/// Hangfire over the same PostgreSQL, in the schema <c>hangfire</c>. Four servers in a worker: mail to one person polls often and has
/// workers that nothing else can take; imports and senders have their own because they may be long, so that publishing and sweeping never
/// wait for one. A sender that only waits for its last replies is no longer a job: it keeps no worker from the next.
/// </summary>
internal static class JobsWiring
{
    private const string Schema = "hangfire";
    private const string PersonalStorage = "personal";

    // Any number does, so long as nothing else locks it: "hangfire" in ASCII.
    private const long InstallKey = 0x6861_6e67_6669_7265;

    /// <summary>What starts jobs: every process that serves.</summary>
    public static void AddJobs(this IServiceCollection services)
    {
        services.AddRoomOptions<JobsOptions>("Jobs");
        services.AddSingleton<IJobStarter, JobStarter>();
        services.AddSingleton<JobStorage>(provider => Storage(provider, provider.GetRequiredService<IOptions<JobsOptions>>().Value.PollMilliseconds));
        services.AddKeyedSingleton<JobStorage>(
            PersonalStorage, (provider, _) => Storage(provider, provider.GetRequiredService<IOptions<JobsOptions>>().Value.PersonalPollMilliseconds));
        // Hangfire's own default is a static: with two hosts in a process, as in tests, jobs of one would run with the rooms of the other.
        services.AddSingleton<JobActivator>(provider => new AspNetCoreJobActivator(provider.GetRequiredService<IServiceScopeFactory>()));
        services.AddHangfire((provider, hangfire) => hangfire
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings()
            .UseLogProvider(new JobLogProvider(provider.GetRequiredService<ILoggerFactory>()))
            .UseStorage(provider.GetRequiredService<JobStorage>()));
    }

    /// <summary>What carries them out: workers.</summary>
    public static void AddJobServers(this IServiceCollection services)
    {
        services.AddTransient<PublishEditionJob>().AddTransient<FreezeIssueJob>().AddTransient<SendBatchesJob>().AddTransient<SweepJob>().AddTransient<SendOutboxJob>().AddTransient<MergeImportJob>().AddTransient<RollUpEngagementJob>().AddTransient<ChangeInBulkJob>().AddTransient<MakeDigestsJob>();
        // First: jobs send only what it lends.
        services.AddHostedService<RelayUpkeepService>();
        services.AddHostedService<LastReplies>();
        services.AddSingleton<IHostedService>(provider => Server(provider, PersonalStorage, "personal", options => options.PersonalWorkers, JobQueues.Transactional));
        services.AddSingleton<IHostedService>(provider => Server(provider, null, "imports", options => options.ImportWorkers, JobQueues.Import));
        services.AddSingleton<IHostedService>(provider => Server(
            provider, null, "senders", _ => provider.GetRequiredService<DeliveryOptions>().Senders, JobQueues.Send));
        services.AddSingleton<IHostedService>(provider => Server(provider, null, "issues", options => options.ControlWorkers, JobQueues.Control));
        services.AddHostedService<SenderWatch>();
        services.AddHostedService<SweepKeeper>();
        services.AddHostedService<FeedbackWatch>();
        services.AddHostedService<MailboxWatch>();
    }

    /// <summary>The dashboard, where it is wanted. Its own rule admits loopback, which behind a proxy on the same machine is everyone: ours asks for a key.</summary>
    public static void MapJobDashboard(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<IOptions<JobsOptions>>().Value.Dashboard)
            return;
        app.MapHangfireDashboard("/hangfire", new DashboardOptions { Authorization = [], IsReadOnlyFunc = _ => true, DisplayStorageConnectionString = false, AppPath = null })
            .RequireScope(Scopes.Operate, ApiKeyAuthentication.Basic);
    }

    /// <summary>Makes or updates Hangfire's tables; processes that start at the same time take turns.</summary>
    public static async Task InstallJobTablesAsync(this IServiceProvider services, CancellationToken stop)
    {
        await using var turn = await services.GetRequiredService<OpenDatabase>().Host.DataSource.OpenConnectionAsync(stop);
        await using var take = new NpgsqlCommand("select pg_advisory_lock($1)", turn) { Parameters = { new() { Value = InstallKey } }, CommandTimeout = 0 };
        await take.ExecuteNonQueryAsync(stop);
        try
        {
            // The storage's constructor does it, and only synchronously.
            await Task.Run(() => services.GetRequiredService<JobStorage>(), stop);
        }
        finally
        {
            await using var give = new NpgsqlCommand("select pg_advisory_unlock($1)", turn) { Parameters = { new() { Value = InstallKey } } };
            await give.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private static PostgreSqlStorage Storage(IServiceProvider provider, int pollMilliseconds)
    {
        var options = new PostgreSqlStorageOptions
        {
            SchemaName = Schema,
            PrepareSchemaIfNecessary = true,
            QueuePollInterval = TimeSpan.FromMilliseconds(pollMilliseconds),
            // Without it a job that runs longer than the time-out is started a second time beside the first.
            UseSlidingInvisibilityTimeout = true,
            InvisibilityTimeout = TimeSpan.FromMinutes(3),
            DistributedLockTimeout = TimeSpan.FromMinutes(2),
            JobExpirationCheckInterval = TimeSpan.FromMinutes(15),
            DeleteExpiredBatchSize = 5_000,
            EnableLongPolling = false,
            AllowDegradedModeWithoutStorage = false,
        };
        var connection = provider.GetRequiredService<OpenDatabase>().Host.ConnectionStringFor("newsletter jobs", maxPoolSize: 20);
        return new PostgreSqlStorage(new NpgsqlConnectionFactory(connection, options), options) { JobExpirationTimeout = TimeSpan.FromHours(6) };
    }

    private static BackgroundJobServerHostedService Server(
        IServiceProvider provider, string? storage, string name, Func<JobsOptions, int> workers, params string[] queues) => new(
        storage is null ? provider.GetRequiredService<JobStorage>() : provider.GetRequiredKeyedService<JobStorage>(storage),
        new BackgroundJobServerOptions
        {
            ServerName = $"{Environment.MachineName}:{name}",
            Queues = queues,
            WorkerCount = workers(provider.GetRequiredService<IOptions<JobsOptions>>().Value),
            // A lightweight server skips the heartbeat that keeps a long job its own.
            IsLightweightServer = false,
            SchedulePollingInterval = TimeSpan.FromSeconds(5),
            CancellationCheckInterval = TimeSpan.FromSeconds(1),
            // Mail in flight waits for its reply; the process gives up a little later.
            ShutdownTimeout = TimeSpan.FromSeconds(Math.Max(1, provider.GetRequiredService<IOptions<WebOptions>>().Value.ShutdownSeconds - 5)),
            Activator = provider.GetRequiredService<JobActivator>(),
        },
        []);
}
