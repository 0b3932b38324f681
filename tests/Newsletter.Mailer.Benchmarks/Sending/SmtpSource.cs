using System.Diagnostics;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>Postfix's load generator: a C program that sends one made-up message again and again. As fast as the wire.</summary>
internal static class SmtpSource
{
    /// <summary>Sends so many messages of 60 KB; messages a second.</summary>
    public static async Task<double> SendAsync(int port, int connections, int count)
    {
        string[] arguments =
        [
            "-d", "-s", Figures.Invariant($"{connections}"), "-l", Figures.Invariant($"{BenchmarkIssue.MessageBytes}"), "-m", Figures.Invariant($"{count}"),
            "-f", "letters@tidetable.example.com", "-t", "reader@example.com", $"inet:127.0.0.1:{port}",
        ];
        var clock = Stopwatch.StartNew();
        using var source = Process.Start(new ProcessStartInfo(Programs.SmtpSource, arguments))!;
        await source.WaitForExitAsync();
        if (source.ExitCode != 0)
            throw new BenchmarkException($"smtp-source {string.Join(' ', arguments)} ended with {source.ExitCode}.");
        return count / clock.Elapsed.TotalSeconds;
    }
}
