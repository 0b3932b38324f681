using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What takes the mail of every sender alike.</summary>
internal sealed class Sink(int port, IAsyncDisposable server, string name) : IAsyncDisposable
{
    private const int Backlog = 1000;

    public int Port => port;

    public string Name => name;

    /// <summary>Postfix's smtp-sink; or, where replies are to be late or chunks to be taken, which it can't do, one of our own.</summary>
    public static async Task<Sink> StartAsync(TimeSpan delay, bool chunking)
    {
        if (delay > TimeSpan.Zero || chunking)
        {
            var late = LateSink.Start(delay, chunking);
            return new Sink(late.Port, late, Figures.Invariant($"a sink that replies after {delay.TotalMilliseconds} ms{(chunking ? " and offers CHUNKING" : "")}"));
        }

        var free = Ports.Free();
        string[] user = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        var server = await HeldProcess.StartAsync(free, [Programs.SmtpSink, .. user, Figures.Invariant($"127.0.0.1:{free}"), Figures.Invariant($"{Backlog}")]);
        return new Sink(free, server, "smtp-sink");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
