using System.CommandLine;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Where a fault script comes from: a scenario of the program's own, or a file.</summary>
internal static class FaultSource
{
    public static Option<string?> Option() => new("--faults")
    {
        Description = "What goes wrong at the inbox: a scenario by name, or the file of a script ('newsletter faults' lists the scenarios and explains scripts). Default: nothing.",
        HelpName = "SCENARIO|FILE",
    };

    /// <summary>The script; null where it can't be read, which is then said.</summary>
    /// <param name="nameOrFile">A scenario's name before a file's; null: nothing goes wrong.</param>
    /// <param name="terminal">Where to say what is wrong.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<FaultPlan?> ReadAsync(string? nameOrFile, Terminal terminal, CancellationToken stop)
    {
        if (nameOrFile is null)
            return FaultPlan.None;
        if (FaultScenario.Find(nameOrFile) is { } scenario)
            return scenario.Plan;
        if (nameOrFile != "-" && !File.Exists(nameOrFile) && !Directory.Exists(nameOrFile))
        {
            terminal.Fail($"There is neither a scenario nor a file '{nameOrFile}'. Scenarios: {string.Join(", ", FaultScenario.All.Select(known => known.Name))}.");
            return null;
        }

        return await EditionFiles.ReadAsync(nameOrFile, terminal, stop) is { } text ? Parse(nameOrFile, text, terminal) : null;
    }

    // As compilers write it, so that editors jump to the line.
    private static FaultPlan? Parse(string path, string text, Terminal terminal)
    {
        switch (FaultScriptReader.Read(text))
        {
            case FaultScriptOutcome.Read(var plan):
                return plan;
            case FaultScriptOutcome.Refused(var errors):
                foreach (var error in errors)
                    terminal.Error.WriteLine($"{path}:{error.Line}:{error.Column}: error: {error.Message}");
                terminal.Fail($"The fault script can't be used. 'newsletter faults' explains how one is written.");
                return null;
            default:
                throw new InvalidOperationException("Reading a fault script gave an outcome that isn't known.");
        }
    }
}
