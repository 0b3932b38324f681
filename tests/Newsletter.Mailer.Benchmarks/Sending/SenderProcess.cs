using System.Diagnostics;
using System.Text.Json;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>Our whole pipeline in a process of its own, so that what is measured is the sender's only.</summary>
internal sealed class SenderProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SenderProcess(Process process) => _process = process;

    /// <param name="database">Where the issues are.</param>
    /// <param name="relay">Where mail goes.</param>
    /// <param name="options">Further options of the verb <c>sender</c>.</param>
    public static async Task<SenderProcess> StartAsync(BenchmarkDatabase database, BenchmarkRelay relay, params string[] options)
    {
        string[] arguments =
        [
            typeof(SenderProcess).Assembly.Location, "sender", "--database", database.ConnectionString, "--port", Figures.Invariant($"{relay.Port}"),
            "--connections", Figures.Invariant($"{relay.Connections}"), .. relay.Chunking ? ["--chunking"] : Array.Empty<string>(), .. options,
        ];
        var start = new ProcessStartInfo(Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? arguments : arguments[1..])
        {
            RedirectStandardInput = true,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync() != "ready")
            throw new BenchmarkException("The sender did not start.");
        return new SenderProcess(process);
    }

    /// <summary>Sends whatever is ready.</summary>
    public async Task<SenderFigures> SendAsync()
    {
        await _process.StandardInput.WriteLineAsync("send");
        var answer = await _process.StandardOutput.ReadLineAsync() ?? throw new BenchmarkException("The sender ended early.");
        return JsonSerializer.Deserialize<SenderFigures>(answer)!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(limit.Token);
        _process.Dispose();
    }
}
