using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Testing;

/// <summary>A private dnsmasq on a port of loopback that knows the records of a test, and that there are no others.</summary>
public sealed class DnsServer : IAsyncDisposable
{
    private readonly Process _process;

    private DnsServer(Process process, IPEndPoint endPoint) => (_process, EndPoint) = (process, endPoint);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <param name="records">Options of dnsmasq, one a record: <c>txt-record=example.com,"v=spf1 -all"</c>, <c>mx-host=…</c>, <c>host-record=…</c>, <c>ptr-record=…</c>.</param>
    public static async Task<DnsServer> StartAsync(params string[] records)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePorts.Take());
        string[] arguments =
        [
            "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-daemon", "--pid-file=", "--local=/#/", "--bind-interfaces", "--listen-address=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"--port={endPoint.Port}"), .. records.Select(record => $"--{record}"),
        ];
        var start = new ProcessStartInfo("/usr/sbin/dnsmasq", arguments) { RedirectStandardError = true, UseShellExecute = false };
        var process = Process.Start(start)!;
        var server = new DnsServer(process, endPoint);
        await server.WaitAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    // It says so once it listens.
    private async Task WaitAsync()
    {
        var said = new List<string>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await _process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains("started", StringComparison.Ordinal))
            {
                _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }

        throw new InvalidOperationException($"dnsmasq did not start: {string.Join("; ", said)}");
    }
}
