using Microsoft.Extensions.Options;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Where mail goes: the configured relays, or the built-in inbox. Known once the database has given each relay its id.</summary>
internal sealed partial class OpenRelays(
    DeliveryOptions options, IOptions<InboxSettings> inbox, RelayStore store, PublicSite site, ILoggerFactory logs) : IAsyncDisposable
{
    private RelayDirectory? _directory;

    /// <summary>Null where mail goes to real relays.</summary>
    public InboxServer? Inbox { get; private set; }

    /// <exception cref="InvalidOperationException">They aren't read yet.</exception>
    public RelayDirectory Directory => _directory ?? throw new InvalidOperationException("The relays were asked for before they were read.");

    /// <exception cref="ConfigurationException">The inbox would swallow the mail of a public installation.</exception>
    public async Task LoadAsync(CancellationToken stop)
    {
        if (inbox.Value.Enabled)
            await StartInboxAsync(inbox.Value, stop);
        _directory = await RelayDirectory.LoadAsync(options, store, site.Url.Host, stop);
        if (_directory.Relays.Count == 0)
            LogNoRelay(logs.CreateLogger<OpenRelays>());
    }

    public async ValueTask DisposeAsync()
    {
        if (Inbox is not null)
            await Inbox.DisposeAsync();
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "No relay is configured, so nothing can be sent: set Delivery:Relays:0:Host, and what else appsettings.example.json shows there")]
    private static partial void LogNoRelay(ILogger log);
}
