using System.Diagnostics;
using System.Globalization;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>The key that our turn signs with, and how fast the machine's OpenSSL signs.</summary>
internal static class SigningKeys
{
    public static async Task MakeAsync(BenchmarkRooms rooms)
    {
        var store = rooms.Get<DkimKeyStore>();
        await store.CreateAsync("tidetable.example.com", "bench", "rsa", CancellationToken.None);
        await store.ActivateAsync("tidetable.example.com", "bench", CancellationToken.None);
    }

    /// <summary>RSA-2048 signatures a second on one core.</summary>
    public static async Task<double> SpeedAsync()
    {
        using var openssl = Process.Start(new ProcessStartInfo(Programs.OpenSsl, ["speed", "-seconds", "3", "rsa2048"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, complained) = (openssl.StandardOutput.ReadToEndAsync(), openssl.StandardError.ReadToEndAsync());
        await openssl.WaitForExitAsync();
        // rsa 2048 bits 0.000612s 0.000018s   1634.0  55000.0: seconds a signature and a verification, then how many of each a second.
        // Newer versions add columns behind.
        var line = (await said).Split('\n').FirstOrDefault(line => line.TrimStart().StartsWith("rsa", StringComparison.Ordinal) && line.Contains("2048 bits", StringComparison.Ordinal));
        var words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(word => word != "bits").ToArray() ?? [];
        return Array.Find(words, word => !word.EndsWith('s') && double.TryParse(word, CultureInfo.InvariantCulture, out _)) is { } rate
            ? double.Parse(rate, CultureInfo.InvariantCulture)
            : throw new BenchmarkException($"openssl speed said nothing to be read: {await complained}");
    }
}
