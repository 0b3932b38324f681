using System.Diagnostics;
using System.Text.Json;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>nodemailer with its pool of connections, fetched from npm for the length of a benchmark.</summary>
internal sealed class Nodemailer : IAsyncDisposable
{
    private const string Package = "nodemailer@7";

    private readonly Process _node;
    private readonly string _folder;

    private Nodemailer(Process node, string folder) => (_node, _folder) = (node, folder);

    /// <summary>Bytes of its last message, as nodemailer counts them.</summary>
    public int MessageBytes { get; private set; }

    /// <param name="port">Of the sink.</param>
    /// <param name="connections">Of its pool.</param>
    /// <param name="message">What we send: it sends the same text and HTML.</param>
    /// <param name="dkim">It signs.</param>
    public static async Task<Nodemailer> StartAsync(int port, int connections, CompiledMessage message, bool dkim)
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-nodemailer-").FullName;
        try
        {
            await InstallAsync(folder);
            var script = Path.Combine(folder, "nodemailer.mjs");
            await using (var from = typeof(Nodemailer).Assembly.GetManifestResourceStream("nodemailer.mjs")!)
            await using (var to = File.Create(script))
                await from.CopyToAsync(to);
            var node = Process.Start(new ProcessStartInfo(Programs.Node, [script]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
            var nodemailer = new Nodemailer(node, folder);
            await node.StandardInput.WriteLineAsync(JsonSerializer.Serialize(SampleMail.Of(message, port, connections, dkim), Figures.Json));
            if (await node.StandardOutput.ReadLineAsync() != "ready")
                throw new BenchmarkException("nodemailer did not start.");
            return nodemailer;
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Sends so many; messages a second.</summary>
    public async Task<double> SendAsync(int count)
    {
        await _node.StandardInput.WriteLineAsync(Figures.Invariant($"{count}"));
        var answer = await _node.StandardOutput.ReadLineAsync() ?? throw new BenchmarkException("nodemailer ended early.");
        using var figures = JsonDocument.Parse(answer);
        MessageBytes = figures.RootElement.GetProperty("message_bytes").GetInt32();
        return count / figures.RootElement.GetProperty("seconds").GetDouble();
    }

    public async ValueTask DisposeAsync()
    {
        _node.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _node.WaitForExitAsync(limit.Token);
        _node.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task InstallAsync(string folder)
    {
        var start = new ProcessStartInfo(Programs.Npm, ["install", Package, "--no-audit", "--no-fund", "--no-save", "--prefix", folder])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var npm = Process.Start(start)!;
        var (said, complained) = (npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
            throw new BenchmarkException($"npm could not fetch {Package} (--no-nodemailer leaves it out): {(await complained).Trim()} {(await said).Trim()}");
    }
}
