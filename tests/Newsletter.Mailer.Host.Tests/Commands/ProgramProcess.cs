using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Newsletter.Mailer.Host.Tests.Commands;

/// <summary>The program as a process of its own, as an operator starts it; killed at the end, if it is still there.</summary>
public sealed class ProgramProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _error = new();

    private ProgramProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _error.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
    }

    /// <summary>What it said on standard error.</summary>
    public string Error => string.Join('\n', _error);

    /// <summary>Starts it with nothing of this machine's configuration.</summary>
    /// <param name="folder">Its current folder; <c>data</c> below it is its data folder.</param>
    /// <param name="args">As typed.</param>
    public static ProgramProcess Start(string folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "newsletter.dll"), .. args])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
            Environment = { ["DataFolder"] = Path.Combine(folder, "data") },
        };
        return new ProgramProcess(Process.Start(start)!);
    }

    /// <summary>The next line of standard output; null at its end.</summary>
    public Task<string?> ReadLineAsync(TimeSpan patience) => _process.StandardOutput.ReadLineAsync().WaitAsync(patience);

    /// <summary>Asks it to stop, as a service manager does.</summary>
    public async Task StopAsync()
    {
        // A shell has it built in; .NET can only kill.
        using var kill = Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM {_process.Id}")]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<Said> EndAsync(TimeSpan patience)
    {
        var output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(patience);
        await _process.WaitForExitAsync().WaitAsync(patience);
        return new Said(_process.ExitCode, output, Error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Asked first, so that the database server it may have started ends with it.
            await StopAsync();
            await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(20)));
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
