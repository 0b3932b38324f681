using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What takes the mail of every sender alike.</summary>
internal sealed class Sink(int port, IAsyncDisposable server, string name) : IAsyncDisposable
{
    private const int Backlog = 1000;

    public int Port => port;

    public string Name => name;

    /// <summary>
    /// Postfix's smtp-sink; or one of our own where replies are to be late or chunks to be taken, which it can't do, or where it would take too much of the
    /// machine from those who are measured: it looks at every byte on its own.
    /// </summary>
    public static async Task<Sink> StartAsync(SendSettings settings)
    {
        if (settings.OwnSink || settings.Delay > TimeSpan.Zero || settings.Chunking)
        {
            var own = OwnSink.Start(settings.Delay, settings.Chunking);
            var late = settings.Delay > TimeSpan.Zero ? Figures.Invariant($" that replies after {settings.Delay.TotalMilliseconds} ms") : "";
            return new Sink(own.Port, own, $"a sink of our own{late}{(settings.Chunking ? " with CHUNKING" : "")}");
        }

        var free = Ports.Free();
        string[] user = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        var server = await HeldProcess.StartAsync(free, [Programs.SmtpSink, .. user, Figures.Invariant($"127.0.0.1:{free}"), Figures.Invariant($"{Backlog}")]);
        return new Sink(free, server, "smtp-sink");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
