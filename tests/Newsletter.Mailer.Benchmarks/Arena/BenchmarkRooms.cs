using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>The rooms, wired and configured as the program itself does it.</summary>
internal sealed class BenchmarkRooms : IAsyncDisposable
{
    private readonly IHost _host;

    private BenchmarkRooms(IHost host) => _host = host;

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <param name="database">Connection string.</param>
    /// <param name="relay">Where mail goes; null where none goes.</param>
    public static async Task<BenchmarkRooms> OpenAsync(string database, BenchmarkRelay? relay = null)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Newsletter"] = database,
            ["PublicUrl"] = "https://news.example.com",
            ["Links:Keys:k1"] = Convert.ToBase64String(Enumerable.Range(0, 32).Select(number => (byte)number).ToArray()),
            ["Logging:LogLevel:Default"] = "Warning",
        };
        foreach (var (name, value) in relay?.Settings() ?? [])
            settings[name] = value;
        var rooms = new BenchmarkRooms(Server.BuildCommand(new HostSetup { IgnoreMachine = true, Overrides = settings }));
        await rooms._host.OpenAsync(WhenRunning.Join, default);
        if (relay is not null)
            await rooms.Get<OpenRelays>().LoadAsync(default);
        return rooms;
    }

    public ValueTask DisposeAsync() => ((IAsyncDisposable)_host).DisposeAsync();
}

/// <summary>The one relay of a benchmark, on the loopback interface.</summary>
internal sealed record BenchmarkRelay(int Port, int Connections, bool Chunking)
{
    public IEnumerable<KeyValuePair<string, string?>> Settings() => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Delivery:Relays:0:Name"] = "benchmark",
        ["Delivery:Relays:0:Host"] = "127.0.0.1",
        ["Delivery:Relays:0:Port"] = Figures.Invariant($"{Port}"),
        ["Delivery:Relays:0:Security"] = "None",
        ["Delivery:Relays:0:MaxConnections"] = Figures.Invariant($"{Connections}"),
        ["Delivery:Relays:0:UseChunking"] = Chunking ? "true" : "false",
    };
}
