using System.Diagnostics;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// A server that ends when the test ends, also when the test process is killed: a shell holds it, and stops it once its own
/// standard input is closed.
/// </summary>
internal sealed class PostfixServerProcess : IAsyncDisposable
{
    /// <summary>Stops a server that goes by a signal.</summary>
    public const string Terminate = "kill $server";

    private readonly Process shell;

    private PostfixServerProcess(Process shell) => this.shell = shell;

    public bool HasEnded => shell.HasExited;

    /// <param name="start">The command that runs the server in the foreground. A session of its own keeps its signals from us.</param>
    /// <param name="stop">The command that stops it.</param>
    /// <param name="console">Where its output goes.</param>
    public static PostfixServerProcess Start(string start, string stop, string console)
    {
        var script = $"""
            exec >'{console}' 2>&1
            setsid {start} &
            server=$!
            (read -r _; {stop}) <&3 &
            watcher=$!
            wait $server
            kill $watcher 2>/dev/null
            """;
        // The shell gives what it starts in the background an empty standard input: hence descriptor 3.
        var info = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", $"exec 3<&0\n{script}" }, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" };
        return new PostfixServerProcess(Process.Start(info)!);
    }

    public static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        shell.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await shell.WaitForExitAsync(limit.Token);
        shell.Dispose();
    }
}
