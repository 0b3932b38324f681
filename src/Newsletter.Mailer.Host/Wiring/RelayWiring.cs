using Microsoft.Extensions.Options;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Where mail goes: the configured relays and those made through the API, or the built-in inbox alone. Known once the database has given each relay its id.</summary>
internal sealed partial class OpenRelays(
    DeliveryOptions options, IOptions<InboxSettings> inbox, RelayStore store, KeyRing keys, ThrottleGroups groups, PublicSite site, ILoggerFactory logs) : IAsyncDisposable
{
    private RelayDirectory? _directory;

    /// <summary>Null where mail goes to real relays.</summary>
    public InboxServer? Inbox { get; private set; }

    /// <exception cref="InvalidOperationException">They aren't read yet.</exception>
    public RelayDirectory Directory => _directory ?? throw new InvalidOperationException("The relays were asked for before they were read.");

    /// <exception cref="ConfigurationException">The inbox would swallow the mail of a public installation, or a relay's settings don't fit what else there is.</exception>
    public async Task LoadAsync(CancellationToken stop)
    {
        if (inbox.Value.Enabled)
            await StartInboxAsync(inbox.Value, stop);
        RefuseUnknownGroups();
        _directory = await LoadDirectoryAsync(stop);
        if (_directory.Relays.Count == 0)
            LogNoRelay(logs.CreateLogger<OpenRelays>());
    }

    public async ValueTask DisposeAsync()
    {
        if (Inbox is not null)
            await Inbox.DisposeAsync();
    }

    // Beside the inbox no other relay is used: whoever tries things out must not reach readers through one that is left from before.
    private async Task<RelayDirectory> LoadDirectoryAsync(CancellationToken stop)
    {
        try
        {
            return await RelayDirectory.LoadAsync(options, store, Inbox is null ? keys : null, site.Url.Host, stop);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private void RefuseUnknownGroups()
    {
        foreach (var relay in options.Relays)
        {
            if (relay.GroupRates.Keys.Except(groups.Names, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
                throw new ConfigurationException(
                    $"Delivery:Relays has a rate for the throttle group '{unknown}' at '{relay.Name}', and there is no such group: there are {string.Join(", ", groups.Names)}. Name it in Scheduling:ThrottleGroups, or correct the rate.");
        }
    }

    private async Task StartInboxAsync(InboxSettings settings, CancellationToken stop)
    {
        if (!site.Url.IsLoopback && !settings.AllowInProduction)
            throw new ConfigurationException(
                $"Inbox:Enabled is true and PublicUrl is {site.Url}: the inbox keeps all mail to itself, and no reader would get any. Name a relay in Delivery:Relays instead, or set Inbox:AllowInProduction if that is what you want.");
        Inbox = new InboxServer(new InboxOptions { Port = settings.Port, KeptBodies = settings.KeptBodies }, log: logs.CreateLogger<InboxServer>());
        await Inbox.StartAsync(stop);
        options.Relays.Clear();
        options.Relays.Add(new RelayOptions { Name = "inbox", Host = "127.0.0.1", Port = Inbox.Port, Security = RelaySecurity.None });
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No relay is configured, so nothing can be sent: set Delivery:Relays:0:Host, and what else appsettings.example.json shows there, or make one at /api/relays")]
    private static partial void LogNoRelay(ILogger log);
}

/// <summary>Runs the upkeep of this worker's relays for as long as jobs may send.</summary>
internal sealed class RelayUpkeepService(RelayUpkeep upkeep) : BackgroundService
{
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        upkeep.Begin();
        return base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => upkeep.RunAsync(stoppingToken), CancellationToken.None);
}
