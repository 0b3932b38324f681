using System.CommandLine;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter serve</c>: until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var role = new Option<HostRole>("--role")
        {
            Description = "all: requests and jobs; web: requests only; worker: jobs only.",
            DefaultValueFactory = _ => HostRole.All,
        };
        var config = CommonOptions.Config();
        var command = new Command("serve", "Serve requests and send mail until stopped. The default verb.") { role, config };
        command.SetAction((parsed, stop) => RunAsync(
            new HostSetup { Role = parsed.GetValue(role), ConfigFile = parsed.GetValue(config) }, Terminal.Of(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(HostSetup setup, Terminal terminal, CancellationToken stop)
    {
        var host = Server.Build(setup);
        await using var owned = (IAsyncDisposable)host;
        if (setup.Role is not HostRole.Worker)
            ListenCheck.RefuseWhatCantBeListenedOn(host.Services.GetRequiredService<IConfiguration>()["Web:Urls"] ?? new WebOptions().Urls);
        await host.OpenAsync(WhenRunning.Refuse, stop);
        await host.StartAsync(stop);
        Greet(host, setup, terminal);
        await host.WaitForShutdownAsync(stop);
        return Terminal.Success;
    }

    private static void Greet(IHost host, HostSetup setup, Terminal terminal)
    {
        if (setup.Role is HostRole.Worker)
        {
            terminal.Error.WriteLine("Working. Ctrl-C ends it once the mail in flight is through.");
            return;
        }

        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var site = host.Services.GetRequiredService<IOptions<SiteOptions>>().Value;
        terminal.Error.WriteLine($"Listening on {string.Join(" and ", addresses)}; links in mail begin with {site.PublicUrl}. The API's reference is at /docs. Ctrl-C ends it.");
        if (host.Services.GetRequiredService<OpenRelays>().Inbox is not null)
            terminal.Error.WriteLine("All mail goes to the built-in inbox and to nobody else: it is shown at /inbox.");
    }
}
