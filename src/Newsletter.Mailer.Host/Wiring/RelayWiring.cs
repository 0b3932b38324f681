using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The configured relays, once the database has given each its id.</summary>
internal sealed partial class OpenRelays(DeliveryOptions options, RelayStore store, PublicSite site, ILogger<OpenRelays> log)
{
    private RelayDirectory? _directory;

    /// <exception cref="InvalidOperationException">They aren't read yet.</exception>
    public RelayDirectory Directory => _directory ?? throw new InvalidOperationException("The relays were asked for before they were read.");

    public async Task LoadAsync(CancellationToken stop)
    {
        _directory = await RelayDirectory.LoadAsync(options, store, site.Url.Host, stop);
        if (_directory.Relays.Count == 0)
            LogNoRelay();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No relay is configured, so nothing can be sent: set Delivery:Relays:0:Host, and what else appsettings.example.json shows there")]
    private partial void LogNoRelay();
}
