using System.CommandLine;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter migrate</c>: brings the database's schema up to this program's, as every start does.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("migrate", "Bring the database's schema up to this version. Every start does so too.") { config, json };
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(config), parsed.GetValue(json), Terminal.Of(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(string? config, bool asJson, Terminal terminal, CancellationToken stop)
    {
        var host = Server.BuildCommand(new HostSetup { ConfigFile = config });
        await using var owned = (IAsyncDisposable)host;
        host.Services.ValidateSettings();
        var applied = await host.Services.GetRequiredService<OpenDatabase>().OpenAsync(WhenRunning.Join, stop);
        if (asJson)
            terminal.WriteJson(new { applied });
        else
            terminal.Output.WriteLine(applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
        return Terminal.Success;
    }
}
