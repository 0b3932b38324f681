using Microsoft.Extensions.Options;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Endpoints;
using Newsletter.Mailer.Host.Pages;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Builds the process that serves: requests, jobs, or both.</summary>
internal static class Server
{
    /// <summary>Put together, its settings checked; its database is not open yet (<see cref="OpenAsync"/>).</summary>
    /// <exception cref="ConfigurationException">The configuration has a key that nothing reads, or can't be read.</exception>
    public static IHost Build(HostSetup setup) => setup.Role is HostRole.Worker ? BuildWorker(setup) : BuildWeb(setup);

    /// <summary>Checks the settings, opens the database, and looks after what must be there before the first request or job.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong, or the key ring is missing.</exception>
    /// <exception cref="DatabaseUnavailableException">There is no database to work with.</exception>
    public static async Task OpenAsync(this IHost host, WhenRunning whenRunning, CancellationToken stop)
    {
        host.Services.ValidateSettings();
        await host.Services.GetRequiredService<OpenDatabase>().OpenAsync(whenRunning, stop);
        _ = host.Services.GetRequiredService<KeyRing>();
        // A command mails nothing itself: it needs neither relays nor, unless it starts a job, Hangfire's tables.
        if (host.Services.GetService<HostSetup>() is null)
            return;
        await host.Services.GetRequiredService<InstanceWatch>().OpenAsync(stop);
        await host.Services.GetRequiredService<OpenRelays>().LoadAsync(stop);
        await host.Services.InstallJobTablesAsync(stop);
        // Hangfire wants its storage while this is mapped.
        if (host is WebApplication web)
            web.MapJobDashboard();
    }

    /// <summary>A program that only needs the rooms: a command.</summary>
    public static IHost BuildCommand(HostSetup setup)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory });
        AddCommon(builder, setup, LogLevel.Warning);
        return builder.Build();
    }

    private static IHost BuildWorker(HostSetup setup)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory });
        AddCommon(builder, setup, LogLevel.Information);
        builder.Services.AddSingleton(setup);
        builder.Services.AddHostedService(provider => provider.GetRequiredService<InstanceWatch>());
        builder.Services.AddJobServers();
        return builder.Build();
    }

    private static WebApplication BuildWeb(HostSetup setup)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        AddCommon(builder, setup, LogLevel.Information);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls(builder.Configuration["Web:Urls"] ?? new WebOptions().Urls);
        builder.Services.AddSingleton(setup);
        builder.Services.AddHostedService(provider => provider.GetRequiredService<InstanceWatch>());
        builder.Services.AddRequestRules();
        builder.Services.AddApi();
        builder.Services.AddSingleton<KeptAnswers>().AddSingleton<KnownLinks>().AddSingleton<KeptPictures>().AddSingleton<FeedRooms>();
        builder.Services.AddSingleton<EditionShelf>().AddSingleton<EditionCards>().AddSingleton<KeptCards>();
        if (setup.Role is HostRole.All)
            builder.Services.AddJobServers();
        var app = builder.Build();
        app.UseRules();
        app.MapApi();
        app.MapHealthEndpoints();
        app.MapSubscribePages();
        app.MapConfirmPages();
        app.MapUnsubscribePages();
        app.MapPreferencesPages();
        app.MapClickPages();
        app.MapVotePages();
        app.MapCopyPages();
        app.MapArchivePages();
        app.MapSamplePictures();
        app.MapImagePages();
        app.MapEditionPages();
        app.MapCardPages();
        app.MapFeedPages();
        app.MapSitemapPages();
        app.MapInbox();
        return app;
    }

    private static void AddCommon(IHostApplicationBuilder builder, HostSetup setup, LogLevel level)
    {
        var configuration = setup.LoadConfiguration();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration, shouldDisposeConfiguration: true);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.SetMinimumLevel(level);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Npgsql", LogLevel.Warning).AddFilter("Hangfire", LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        // Documents and JSON go to stdout; everything said along the way goes to stderr.
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host =>
        {
            // Read as it is: the host asks for this before the settings are checked.
            host.ShutdownTimeout = TimeSpan.FromSeconds(int.TryParse(configuration["Web:ShutdownSeconds"], out var seconds) ? seconds : new WebOptions().ShutdownSeconds);
            // Job servers wait for their jobs: side by side, not one after the other.
            host.ServicesStopConcurrently = true;
        });
        builder.Services.AddRooms();
        HostSetup.RefuseUnknownKeys(configuration, Sections(builder.Services));
    }

    private static IEnumerable<OptionSection> Sections(IServiceCollection services) =>
        services.Select(service => service.ImplementationInstance).OfType<OptionSection>();
}
