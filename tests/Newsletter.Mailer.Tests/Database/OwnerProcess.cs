using System.Diagnostics;
using System.Globalization;

namespace Newsletter.Mailer.Tests.Database;

/// <summary>A process of its own that owns a private cluster, to be killed.</summary>
internal sealed class OwnerProcess : IDisposable
{
    private readonly Process process;

    private OwnerProcess(Process process, int postmaster) => (this.process, Postmaster) = (process, postmaster);

    public int Postmaster { get; }

    public static async Task<OwnerProcess> StartAsync(string folder)
    {
        var started = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(OwnerProcess).Assembly.Location, "own-cluster", folder])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var said = await started.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new OwnerProcess(started, int.Parse(said!, CultureInfo.InvariantCulture));
    }

    /// <summary>As kill -9 does.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Lets it end by itself.</summary>
    public async Task EndAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }
}
