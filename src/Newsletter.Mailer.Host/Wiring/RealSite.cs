using System.Data.Common;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>What this machine is configured to be, looked at and not touched: a rehearsal takes its measure from it.</summary>
internal sealed class RealSite(IHost host) : IAsyncDisposable
{
    /// <summary>How issues are sent here; the defaults where nothing is configured.</summary>
    public DeliveryOptions Delivery => host.Services.GetRequiredService<DeliveryOptions>();

    /// <summary>Where this installation keeps its data.</summary>
    public string DataFolder => Mailer.Database.DataFolder.Resolve(Options<SiteOptions>().DataFolder);

    /// <summary>How a private cluster is run here.</summary>
    public DatabaseOptions Cluster => Options<DatabaseOptions>();

    /// <summary>What the configured relays allow together; one without a limit lifts it for all.</summary>
    public RelayCaps Caps => new(Sum("MessagesPerSecond"), (long?)Sum("MessagesPerDay"));

    private string? ConnectionString => host.Services.GetRequiredService<IConfiguration>().GetConnectionString("Newsletter");

    /// <summary>A database is configured, so that the real audience can be counted.</summary>
    public bool HasDatabase => !string.IsNullOrWhiteSpace(ConnectionString);

    /// <param name="configFile">As of <see cref="HostSetup.ConfigFile"/>.</param>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static RealSite Read(string? configFile)
    {
        var host = Server.BuildCommand(new HostSetup { ConfigFile = configFile });
        host.Services.ValidateSettings();
        return new RealSite(host);
    }

    /// <summary>Counts who would get an edition; the database is read only, not even its schema is brought up to date.</summary>
    /// <returns>Null where there is no such newsletter, or no answer; the reason is then in <paramref name="why"/>.</returns>
    /// <param name="newsletter">Slug.</param>
    /// <param name="tier">Tier of the edition.</param>
    /// <param name="segment">Slug or name of its segment; null: everyone of the tier.</param>
    /// <param name="why">Told why there is no number.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<long?> CountReadersAsync(string newsletter, string tier, string? segment, Action<string> why, CancellationToken stop)
    {
        try
        {
            await using var database = await DatabaseHost.OpenAsync(
                Cluster, ConnectionString, WhenRunning.Join, host.Services.GetRequiredService<ILoggerFactory>(), stop);
            var size = await new AudienceSizeStore(database.DataSource).FindAsync(newsletter, tier, segment, stop);
            if (size is AudienceOutcome<long>.Found(var readers))
                return readers;
            why(size is AudienceOutcome<long>.Invalid(var problems) ? problems[0].Problem : "it gave no answer.");
            return null;
        }
        catch (Exception e) when (e is DatabaseUnavailableException or DbException)
        {
            why(e.Message);
            return null;
        }
    }

    private TOptions Options<TOptions>()
        where TOptions : class => host.Services.GetRequiredService<IOptions<TOptions>>().Value;

    private double? Sum(string limit)
    {
        var relays = host.Services.GetRequiredService<IConfiguration>().GetSection("Delivery:Relays").GetChildren().ToList();
        var limits = relays.Select(relay => relay.GetValue<double?>(limit)).OfType<double>().Where(value => value > 0).ToList();
        return limits.Count == relays.Count && limits.Count > 0 ? limits.Sum() : null;
    }

    public ValueTask DisposeAsync() => ((IAsyncDisposable)host).DisposeAsync();
}

/// <summary>What the relays allow together.</summary>
/// <param name="PerSecond">Messages a second; null: no limit.</param>
/// <param name="PerDay">Messages a day; null: no limit.</param>
internal sealed record RelayCaps(double? PerSecond, long? PerDay)
{
    public static RelayCaps None { get; } = new(null, null);
}
