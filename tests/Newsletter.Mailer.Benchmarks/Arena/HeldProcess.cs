using System.Diagnostics;
using System.Net.Sockets;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>A server that runs for a benchmark and ends with it, also when the benchmark is killed: a shell holds it until its own standard input is closed.</summary>
internal sealed class HeldProcess : IAsyncDisposable
{
    // The shell gives what it starts in the background an empty standard input: hence descriptor 3.
    private const string Script = """
        exec 3<&0 4>&2 2>/dev/null
        "$@" </dev/null >/dev/null 2>&4 &
        server=$!
        (read -r _; kill $server) <&3 &
        watcher=$!
        wait $server
        kill $watcher
        """;

    private readonly Process _shell;

    private HeldProcess(Process shell) => _shell = shell;

    /// <summary>Starts a server and waits until it takes connections.</summary>
    /// <param name="port">On the loopback interface.</param>
    /// <param name="command">Program and arguments.</param>
    public static async Task<HeldProcess> StartAsync(int port, params string[] command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "held", .. command]) { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" };
        var held = new HeldProcess(Process.Start(start)!);
        for (var patience = Stopwatch.StartNew(); !await AnswersAsync(port);)
        {
            if (held._shell.HasExited || patience.Elapsed > TimeSpan.FromSeconds(20))
            {
                await held.DisposeAsync();
                throw new BenchmarkException($"{command[0]} does not take connections on port {port}.");
            }

            await Task.Delay(50);
        }

        return held;
    }

    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _shell.WaitForExitAsync(limit.Token);
        _shell.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
