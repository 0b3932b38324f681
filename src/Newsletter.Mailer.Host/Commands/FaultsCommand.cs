using System.CommandLine;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter faults</c>: which scenarios there are, how a script is written, and whether one is right.</summary>
internal static class FaultsCommand
{
    public static Command Create()
    {
        var source = new Argument<string?>("faults")
        {
            Description = "A scenario, whose script is printed as a start for one's own; or the file of a script, which is checked and printed as it is understood.",
            HelpName = "SCENARIO|FILE",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("faults", "List the fault scenarios of inbox and rehearse, explain fault scripts, print or check one.") { source };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            if (parsed.GetValue(source) is not { } wanted)
                return List(terminal);
            if (FaultScenario.Find(wanted) is { } scenario)
            {
                terminal.Output.Write(scenario.Text);
                return Terminal.Success;
            }

            if (await FaultSource.ReadAsync(wanted, terminal, stop) is not { } plan)
                return Terminal.Failure;
            terminal.Output.Write(plan.ToString());
            return Terminal.Success;
        });
        return command;
    }

    private static int List(Terminal terminal)
    {
        terminal.Output.WriteLine("Scenarios, for --faults:");
        terminal.Output.WriteLine();
        var width = FaultScenario.All.Max(scenario => scenario.Name.Length);
        foreach (var scenario in FaultScenario.All)
            terminal.Output.WriteLine($"  {scenario.Name.PadRight(width)}  {scenario.Summary}");
        terminal.Output.WriteLine();
        terminal.Output.Write(FaultLanguage.Reference);
        return Terminal.Success;
    }
}
