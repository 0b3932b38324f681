using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter demo</c>: everything at once on one machine, ending in a receipt that can be checked.</summary>
internal static class DemoCommand
{
    private const int MostSubscribers = 10_000_000;

    public static Command Create()
    {
        var edition = new Option<FileInfo?>("--edition") { Description = "The edition to send. Default: the program's own sample.", HelpName = "FILE.md" };
        var subscribers = new Option<int>("--subscribers") { Description = "How many made-up readers to send it to.", HelpName = "N", DefaultValueFactory = _ => 1_000 }.Between(1, MostSubscribers);
        var exit = new Option<bool>("--exit") { Description = "End after the receipt instead of serving on." };
        var json = CommonOptions.Json();
        var command = new Command("demo", "Send an edition to made-up readers: a private database, the built-in inbox, the whole way of an issue, and a receipt compared with what arrived.")
        {
            edition, subscribers, exit, json,
        };
        command.SetAction((parsed, stop) => RunAsync(
            new DemoWish(parsed.GetValue(edition), parsed.GetValue(subscribers), parsed.GetValue(exit), parsed.GetValue(json)), Terminal.Of(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(DemoWish wish, Terminal terminal, CancellationToken stop)
    {
        if (await ReadEditionAsync(wish, terminal, stop) is not { } source)
            return Terminal.Failure;
        // Cleared at the end, and what a demo that was killed left, its database server included, is cleared by the next.
        await using var folder = await ScratchFolder.CreateAsync(Path.Combine(DataFolder.Resolve(Environment.GetEnvironmentVariable("DataFolder")), "demos"), TimeProvider.System, stop);
        var port = FreePort();
        var host = Server.Build(Setup(folder.Path, port));
        await using var owned = (IAsyncDisposable)host;
        terminal.Error.WriteLine("Starting a private database, the built-in inbox and the service…");
        await host.OpenAsync(WhenRunning.Refuse, stop);
        await host.StartAsync(stop);

        var success = await new DemoRun(host.Services, terminal, wish).RunAsync(source, stop);
        if (!wish.Exit && success)
        {
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

                Still serving until Ctrl-C:
                  What arrived       http://localhost:{port}/inbox
                  The API, to read   http://localhost:{port}/docs
                """));
            await host.WaitForShutdownAsync(stop);
        }

        await host.StopAsync(CancellationToken.None);
        return success ? Terminal.Success : Terminal.Failure;
    }

    private static async Task<string?> ReadEditionAsync(DemoWish wish, Terminal terminal, CancellationToken stop) =>
        wish.Edition is null ? SampleEdition.Source : await EditionFiles.ReadAsync(wish.Edition.FullName, terminal, stop);

    // Nothing of the machine's configuration is used but where PostgreSQL's programs are and who runs them: the demo is the same
    // everywhere, and can do no harm.
    private static HostSetup Setup(string folder, int port)
    {
        var machine = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        return new()
        {
            IgnoreMachine = true,
            Overrides = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["DataFolder"] = folder,
                ["PublicUrl"] = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}"),
                ["Web:Urls"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
                ["Inbox:Enabled"] = "true",
                ["Logging:LogLevel:Default"] = "Warning",
                ["Database:PostgresPrograms"] = machine["Database:PostgresPrograms"],
                ["Database:PostgresAccount"] = machine["Database:PostgresAccount"],
            },
        };
    }

    // Links are made before anything listens, so the port must be known first.
    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

/// <summary>What was asked for.</summary>
internal sealed record DemoWish(FileInfo? Edition, int Subscribers, bool Exit, bool Json);
