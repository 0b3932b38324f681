using System.ComponentModel;
using System.Diagnostics;

namespace Newsletter.Mailer.Database;

/// <summary>What a program that ran to its end left behind.</summary>
internal sealed record Finished(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>What it said, for a message: its errors, else its output.</summary>
    public string Said => (Error.Trim().Length > 0 ? Error : Output).Trim();
}

/// <summary>Runs a program to its end, with its arguments as a list and no shell in between.</summary>
internal static class ChildProcess
{
    /// <summary>The exit code reported for a program that isn't there or may not be run.</summary>
    public const int NotStarted = 127;

    // A server keeps its environment for life, readable to its account: it gets none of our secrets, and none of the
    // PG… variables that would send its programs elsewhere.
    private static readonly string[] Kept = ["PATH", "LD_LIBRARY_PATH", "LOCALE_ARCHIVE", "LOCPATH", "TZDIR"];

    public static async Task<Finished> RunAsync(IReadOnlyList<string> command, CancellationToken stop)
    {
        using var process = new Process { StartInfo = Describe(command) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new Finished(NotStarted, "", e.Message);
        }

        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(stop);
        var error = process.StandardError.ReadToEndAsync(stop);
        try
        {
            await process.WaitForExitAsync(stop);
            return new Finished(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static ProcessStartInfo Describe(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Except(Kept, StringComparer.Ordinal).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }
}
