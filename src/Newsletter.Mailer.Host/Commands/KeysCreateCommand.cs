using System.CommandLine;
using Newsletter.Mailer.Access;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter keys create</c>: an API key, among them the first.</summary>
internal static class KeysCreateCommand
{
    public static Command Create()
    {
        var name = new Option<string>("--name") { Description = "What to call the key.", DefaultValueFactory = _ => "command line", HelpName = "NAME" };
        var scopes = new Option<string[]>("--scope")
        {
            Description = $"What it may do; repeat for more. Default: everything. {string.Join(", ", Scopes.All)}.",
            HelpName = "SCOPE",
            AllowMultipleArgumentsPerToken = true,
        };
        var days = new Option<int?>("--days") { Description = "Days until it expires. Default: never.", HelpName = "N" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("create", "Make an API key and print it. It is shown once and kept nowhere.") { name, scopes, days, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            var asked = new Asked(parsed.GetValue(name)!, parsed.GetValue(scopes) ?? [], parsed.GetValue(days));
            if (Problem(asked) is { } problem)
                return terminal.Fail(problem);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            return await RunAsync(rooms, asked, parsed.GetValue(json), terminal, stop);
        });
        return command;
    }

    private static string? Problem(Asked asked)
    {
        if (asked.Name.Trim() is not { Length: > 0 and <= 100 } name || name.Contains('\0', StringComparison.Ordinal))
            return "--name must have 1 to 100 characters.";
        if (Scopes.UnknownAmong(asked.Scopes) is { Count: > 0 } unknown)
            return $"There is no scope {string.Join(", ", unknown)}. There are {string.Join(", ", Scopes.All)}.";
        return asked.Days is < 1 or > 36_500 ? "--days must be between 1 and 36500." : null;
    }

    private static async Task<int> RunAsync(OpenRooms rooms, Asked asked, bool asJson, Terminal terminal, CancellationToken stop)
    {
        var clock = rooms.Get<TimeProvider>();
        DateTimeOffset? expiry = asked.Days is { } days ? clock.GetUtcNow().AddDays(days) : null;
        var made = await rooms.Get<ApiKeyStore>()
            .CreateAsync(asked.Name.Trim(), asked.Scopes.Length > 0 ? asked.Scopes : [.. Scopes.All], expiry, stop);
        if (asJson)
        {
            terminal.WriteJson(new { made.Key, made.Token });
            return Terminal.Success;
        }

        terminal.Error.WriteLine($"Key {made.Key.Id} ({made.Key.Name}) may {string.Join(", ", made.Key.Scopes)}. Keep it now: it isn't shown again.");
        terminal.Output.WriteLine(made.Token);
        return Terminal.Success;
    }

    private sealed record Asked(string Name, string[] Scopes, int? Days);
}
