using System.CommandLine;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter adopt</c>: says that a copy of the database is the one to go on with.</summary>
internal static class AdoptCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command(
            "adopt",
            "Go on sending from this copy of the database. A restored backup or a moved database sends nothing until this is said, because the original may still be sending.") { config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var adoption = await rooms.Get<InstanceStore>().AdoptAsync(stop);
            if (parsed.GetValue(json))
                terminal.WriteJson(new { adopted = adoption.Reason is not null, adoption.Reason, adoption.PausedIssues, adoption.HeldEditions });
            else
                Say(adoption, terminal);
            return Terminal.Success;
        });
        return command;
    }

    private static void Say(Adoption adoption, Terminal terminal)
    {
        if (adoption.Reason is null)
        {
            terminal.Output.WriteLine("There is nothing to adopt: this database is not a copy, and sends.");
            return;
        }

        terminal.Output.WriteLine("Adopted: mail is sent from here again. See to it that the original sends nothing more.");
        if (adoption.PausedIssues.Count > 0)
            terminal.Output.WriteLine($"Paused, waiting for you to resume or cancel: {(adoption.PausedIssues.Count == 1 ? "issue" : "issues")} {string.Join(", ", adoption.PausedIssues)}. Whoever was mailed after the copy was made would be mailed again.");
        if (adoption.HeldEditions.Count > 0)
            terminal.Output.WriteLine($"Held, waiting for you to publish or schedule anew: {(adoption.HeldEditions.Count == 1 ? "edition" : "editions")} {string.Join(", ", adoption.HeldEditions)}.");
    }
}
