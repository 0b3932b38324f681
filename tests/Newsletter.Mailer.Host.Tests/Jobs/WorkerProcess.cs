using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Newsletter.Mailer.Host.Tests.Jobs;

/// <summary><c>newsletter serve --role worker</c> in a process of its own, to be killed, stopped and continued.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly ConcurrentQueue<string> _said = new();
    private readonly Process _process;

    private WorkerProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>What it wrote so far.</summary>
    public string Said => string.Join('\n', _said);

    /// <summary>Starts one; it works once it says so.</summary>
    public static async Task<WorkerProcess> StartAsync(string connectionString, IReadOnlyDictionary<string, string?> settings)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "newsletter.dll"), "serve", "--role", "worker"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ConnectionStrings__Newsletter"] = connectionString;
        start.Environment["Links__Keys__k1"] = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        foreach (var (name, value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        var worker = new WorkerProcess(Process.Start(start)!);
        await Workers.UntilAsync(
            () => worker._process.HasExited ? throw new InvalidOperationException($"The worker ended: {worker.Said}") : Task.FromResult(worker.Said.Contains("Working.", StringComparison.Ordinal)),
            "a worker that works",
            TimeSpan.FromSeconds(120));
        return worker;
    }

    /// <summary>As kill -9 does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Sends a signal: STOP, CONT, TERM.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end; its exit code.</summary>
    public async Task<int> EndAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
