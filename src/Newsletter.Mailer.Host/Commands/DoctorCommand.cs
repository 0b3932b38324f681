using System.CommandLine;
using System.Net;
using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter doctor</c>: looks at everything that mail depends on, and says what to publish or change.</summary>
internal static class DoctorCommand
{
    private const int DnsPort = 53;

    public static Command Create()
    {
        var nameServer = new Option<string?>("--name-server") { Description = "Ask this DNS server in the place of the machine's own: an address, and a port where it isn't 53.", HelpName = "ADDRESS[:PORT]" };
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command("doctor", "Look at DNS, relays, TLS, clock, database, disk, queues, keys and the public URL, and say what to change. Exit code 1 where something is wrong.") { nameServer, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            if (!TryParse(parsed.GetValue(nameServer), out var server))
                return terminal.Fail($"--name-server takes an IP address and perhaps a port, as in 9.9.9.9 or 127.0.0.1:5353, not '{parsed.GetValue(nameServer)}'.");
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var findings = await (await DoctorWiring.ExaminationAsync(rooms.Host.Services, server, stop)).RunAsync(stop);
            Tell(terminal, findings, parsed.GetValue(json));
            return findings.Any(found => found.Level == FindingLevel.Error) ? Terminal.Failure : Terminal.Success;
        });
        return command;
    }

    private static bool TryParse(string? text, out IPEndPoint? server)
    {
        server = null;
        if (text is null)
            return true;
        if (!IPEndPoint.TryParse(text, out server))
            return false;
        if (server.Port == 0)
            server.Port = DnsPort;
        return true;
    }

    private static void Tell(Terminal terminal, IReadOnlyList<Finding> findings, bool asJson)
    {
        var (errors, warnings) = (Count(findings, FindingLevel.Error), Count(findings, FindingLevel.Warning));
        if (asJson)
        {
            terminal.WriteJson(new { errors, warnings, findings = findings.Select(found => new { found.Check, found.About, level = found.Level.ToString().ToLowerInvariant(), found.Message, found.Remedy }) });
            return;
        }

        foreach (var found in findings)
            Tell(terminal.Output, found);
        terminal.Output.WriteLine();
        terminal.Output.WriteLine(errors + warnings == 0
            ? "All is well."
            : $"{errors} {(errors == 1 ? "error" : "errors")}, {warnings} {(warnings == 1 ? "warning" : "warnings")}. Each says what to do below it, as text to paste.");
    }

    private static void Tell(TextWriter output, Finding found)
    {
        output.WriteLine($"{Word(found.Level)}  {found.Check,-10}  {(found.About.Length > 0 ? $"{found.About}: " : "")}{found.Message}");
        foreach (var line in found.Remedy?.Split('\n') ?? [])
            output.WriteLine($"{"",18}  {line}");
    }

    private static string Word(FindingLevel level) => level switch
    {
        FindingLevel.Ok => "ok    ",
        FindingLevel.Note => "note  ",
        FindingLevel.Warning => "warn  ",
        _ => "ERROR ",
    };

    private static int Count(IReadOnlyList<Finding> findings, FindingLevel level) => findings.Count(found => found.Level == level);
}
