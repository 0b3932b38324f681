using System.Diagnostics;
using System.Globalization;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Tests.Jobs;

/// <summary>Worker processes over a test's database.</summary>
internal static class Workers
{
    /// <summary>What a server or worker needs to send to this inbox, with leases short enough to wait for.</summary>
    public static Dictionary<string, string?> Settings(InboxServer inbox, int connections = 4) => new(StringComparer.Ordinal)
    {
        ["Inbox:Enabled"] = "false",
        ["Delivery:Relays:0:Host"] = "127.0.0.1",
        ["Delivery:Relays:0:Port"] = inbox.Port.ToString(CultureInfo.InvariantCulture),
        ["Delivery:Relays:0:Security"] = "None",
        ["Delivery:Relays:0:MaxConnections"] = connections.ToString(CultureInfo.InvariantCulture),
        ["Delivery:LeaseSeconds"] = "10",
        ["Delivery:RenewSeconds"] = "2",
        ["Delivery:BatchSize"] = "100",
        ["Delivery:ResendUnknownSeconds"] = "0",
    };

    public static async Task UntilAsync(Func<Task<bool>> isSo, string what, TimeSpan patience)
    {
        var since = Stopwatch.StartNew();
        while (!await isSo())
        {
            if (since.Elapsed > patience)
                throw new TimeoutException($"It did not happen: {what}.");
            await Task.Delay(50);
        }
    }
}
