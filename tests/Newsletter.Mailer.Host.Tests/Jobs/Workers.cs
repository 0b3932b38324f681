using System.Diagnostics;
using System.Globalization;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

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

    /// <summary><c>newsletter serve --role worker</c> in a process of its own, once it works.</summary>
    public static async Task<ProgramProcess> StartAsync(string connectionString, IReadOnlyDictionary<string, string?> settings)
    {
        var environment = settings.ToDictionary(pair => pair.Key.Replace(":", "__", StringComparison.Ordinal), pair => pair.Value ?? "", StringComparer.Ordinal);
        environment["ConnectionStrings__Newsletter"] = connectionString;
        environment["Links__Keys__k1"] = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        environment["Logging__LogLevel__Default"] = "Warning";
        var worker = ProgramProcess.Start(environment, "serve", "--role", "worker");
        await UntilAsync(
            () => worker.HasExited ? throw new InvalidOperationException($"The worker ended: {worker.Said}") : Task.FromResult(worker.Said.Contains("Working.", StringComparison.Ordinal)),
            "a worker that works",
            TimeSpan.FromSeconds(120));
        return worker;
    }

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
