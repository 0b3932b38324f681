using System.CommandLine;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter rehearse EDITION</c>: the whole way of an issue against an inbox that misbehaves, before it is tried on readers.</summary>
internal static class RehearseCommand
{
    private const int MostSubscribers = 10_000_000;
    private const long MostAudience = 10_000_000_000;

    private const string About =
        "Rehearse sending an edition: made-up readers, a private database, the real senders, and the built-in inbox in place of the relay, with faults. "
        + "Tells what arrived, how fast, how long the real audience would take, whether anybody was lost or mailed twice, and what faults were met. "
        + "Nothing leaves this machine, and the database that is configured is only asked for the number of readers. "
        + "Exit code 0 only where the issue finished, nobody was lost, and no more copies were sent than the faults make unavoidable.";

    public static Command Create()
    {
        var file = new Argument<string>("edition") { Description = "The edition's Markdown; - for standard input.", HelpName = "EDITION.md" };
        var subscribers = new Option<int>("--subscribers") { Description = "How many made-up readers to send it to.", HelpName = "N", DefaultValueFactory = _ => 1_000 }.Between(1, MostSubscribers);
        var faults = FaultSource.Option();
        var audience = new Option<long?>("--audience") { Description = "The real number of readers, for the expected time. Default: the newsletter's, where a database is configured.", HelpName = "N" }.Between(1, MostAudience);
        var hurry = new Option<int>("--hurry") { Description = "Waits before another try pass so many times as fast, so that greylisting doesn't take hours.", HelpName = "N", DefaultValueFactory = _ => 300 }.Between(1, 100_000);
        var config = CommonOptions.Config();
        var json = new Option<bool>("--json") { Description = "End with the result as one line of JSON." };
        var command = new Command("rehearse", About) { file, subscribers, faults, audience, hurry, config, json };
        command.SetAction((parsed, stop) => RunAsync(
            new RehearseWish
            {
                Edition = parsed.GetValue(file)!,
                Subscribers = parsed.GetValue(subscribers),
                Faults = parsed.GetValue(faults),
                Audience = parsed.GetValue(audience),
                Hurry = parsed.GetValue(hurry),
                ConfigFile = parsed.GetValue(config),
                Json = parsed.GetValue(json),
            },
            Terminal.Of(parsed),
            stop));
        return command;
    }

    private static async Task<int> RunAsync(RehearseWish wish, Terminal terminal, CancellationToken stop)
    {
        if (wish is { Edition: "-", Faults: "-" })
            return terminal.Fail("Only one of the edition and --faults can be standard input.");
        if (await EditionFiles.ReadAsync(wish.Edition, terminal, stop) is not { } source || await FaultSource.ReadAsync(wish.Faults, terminal, stop) is not { } plan)
            return Terminal.Failure;
        RehearsalSetup setup;
        long? audience;
        string data;
        await using (var real = RealSite.Read(wish.ConfigFile))
        {
            setup = new RehearsalSetup(real.Delivery, real.Cluster, real.Caps, plan, wish.Hurry);
            data = real.DataFolder;
            audience = wish.Audience ?? await RealAudienceAsync(real, source, terminal, stop);
        }

        // Cleared at the end, and what a rehearsal that was killed left, its database server included, is cleared by the next.
        await using var folder = await ScratchFolder.CreateAsync(Path.Combine(data, "rehearsals"), TimeProvider.System, stop);
        // The page that would show the bodies is not served.
        await using var inbox = new InboxServer(new InboxOptions { KeptBodies = 0 }, plan.ToCountedScript());
        await inbox.StartAsync(stop);
        var host = Server.Build(setup.Host(folder.Path, inbox.Port));
        await using var owned = (IAsyncDisposable)host;
        terminal.Error.WriteLine("Starting a private database, the built-in inbox and the senders…");
        await host.OpenAsync(WhenRunning.Refuse, stop);
        await host.StartAsync(stop);
        var rehearsal = await new RehearseRun(host.Services, inbox, terminal, wish, setup).RunAsync(source, audience, stop);
        await host.StopAsync(CancellationToken.None);
        if (rehearsal is null)
            return Terminal.Failure;
        new RehearsalReport(rehearsal).Write(terminal, wish.Json);
        return rehearsal.Passed ? Terminal.Success : Terminal.Failure;
    }

    private static async Task<long?> RealAudienceAsync(RealSite real, string source, Terminal terminal, CancellationToken stop)
    {
        if (!real.HasDatabase || EditionDocument.Parse(source, FrontMatterRules.Edition) is not EditionParseOutcome.Read { Edition: { Newsletter: { } newsletter } edition })
            return null;
        return await real.CountReadersAsync(
            newsletter, edition.Tier, edition.Segment, why => terminal.Error.WriteLine($"The real audience could not be counted: {why} --audience N names its size."), stop);
    }
}

/// <summary>What was asked for.</summary>
internal sealed record RehearseWish
{
    public required string Edition { get; init; }

    public required int Subscribers { get; init; }

    /// <summary>Scenario or file; null: nothing goes wrong.</summary>
    public string? Faults { get; init; }

    public long? Audience { get; init; }

    public required int Hurry { get; init; }

    public string? ConfigFile { get; init; }

    public bool Json { get; init; }
}
