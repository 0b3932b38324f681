using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Testing;

/// <summary>The real program, <c>newsletter</c>, as a process of its own that may be stopped, continued and killed.</summary>
public sealed class ProgramProcess : IDisposable
{
    private const int Hold = 19; // SIGSTOP
    private const int GoOn = 18; // SIGCONT
    private const int End = 15; // SIGTERM

    private readonly ConcurrentQueue<string> _said = new();
    private readonly Process _process;
    private readonly string _folder;

    private ProgramProcess(Process process, string folder)
    {
        (_process, _folder) = (process, folder);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Its pid.</summary>
    public int Id => _process.Id;

    /// <summary>It has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The end of what it said, for whoever asks why a test failed.</summary>
    public string Said => string.Join('\n', _said);

    /// <summary>Starts it in an empty folder, with nothing but these settings.</summary>
    /// <param name="environment">Settings as the environment has them (<c>Section__Key</c>), and whatever else it is to see.</param>
    /// <param name="arguments">A verb and its options.</param>
    public static ProgramProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-program-").FullName;
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "newsletter.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        Watch(process);
        return new ProgramProcess(process, folder);
    }

    /// <summary>As kill -9 does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>As a service manager asks for the end.</summary>
    public void Terminate() => Postmaster.Signal(Id, End);

    /// <summary>It stands still, connections open, until <see cref="Continue"/>.</summary>
    public void Stop() => Postmaster.Signal(Id, Hold);

    /// <summary>It goes on, none the wiser.</summary>
    public void Continue() => Postmaster.Signal(Id, GoOn);

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // A test process that is killed can't end what it started: the shell does, held workers included.
    private static void Watch(Process process)
    {
        var watch = string.Create(CultureInfo.InvariantCulture,
            $"while kill -0 {Environment.ProcessId} && kill -0 {process.Id}; do sleep 2; done; kill -9 {process.Id}");
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", watch]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardInput = true, RedirectStandardOutput = true })!.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        _said.Enqueue(line);
        while (_said.Count > 300)
            _said.TryDequeue(out _);
    }
}
