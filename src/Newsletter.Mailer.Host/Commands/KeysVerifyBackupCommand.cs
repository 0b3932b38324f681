using System.CommandLine;
using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter keys verify-backup FILE</c>: shows the program a copy of its keys, so that the doctor need not ask for one.</summary>
internal static class KeysVerifyBackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The copy: of link-keys.json, or a configuration file with Links:Keys.", HelpName = "FILE" };
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command("verify-backup", "Compare a copy of the keys behind links and secrets with those in use, and remember that it is whole.") { file, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            var path = parsed.GetValue(file)!;
            if (KeyRingFile.TryReadCopy(path, out var copy) is { } problem)
                return terminal.Fail($"{path}: {problem}");
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            return await CompareAsync(rooms, path, copy!, parsed.GetValue(json), terminal, stop);
        });
        return command;
    }

    private static async Task<int> CompareAsync(OpenRooms rooms, string path, KeyRing copy, bool asJson, Terminal terminal, CancellationToken stop)
    {
        var (ring, store) = (rooms.Get<KeyRing>(), rooms.Get<KeyBackupStore>());
        var held = KeyBackupStore.InCopy(ring, copy);
        await store.VerifiedAsync(ring, held, stop);
        string[] missing = [.. (await store.ListAsync(ring, stop)).Keys.Except(held)];
        if (asJson)
            terminal.WriteJson(new { verified = held, missing });
        else if (held.Count > 0)
            terminal.Output.WriteLine($"The copy holds {string.Join(", ", held)}, as in use. Keep it where this machine's disk is not.");
        return missing.Length == 0
            ? Terminal.Success
            : terminal.Fail($"{path} lacks the {(missing.Length == 1 ? "key" : "keys")} {string.Join(", ", missing)}, or has others under the name: copy the keys anew.");
    }
}
