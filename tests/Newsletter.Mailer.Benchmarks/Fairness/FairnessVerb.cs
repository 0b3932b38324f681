using System.CommandLine;
using System.Text.Json;

namespace Newsletter.Mailer.Benchmarks.Fairness;

/// <summary><c>fairness</c>: how long a small issue takes alone and beside a huge one, and how soon mail to one person is with the relay meanwhile.</summary>
internal static class FairnessVerb
{
    public static Command Create()
    {
        var large = new Option<int>("--large") { Description = "Readers of the huge issue.", DefaultValueFactory = _ => 1_000_000 };
        var small = new Option<int>("--small") { Description = "Readers of the small one.", DefaultValueFactory = _ => 1_000 };
        var runs = new Option<int>("--runs") { Description = "How often the small one is sent alone, and beside.", DefaultValueFactory = _ => 3 };
        var connections = new Option<int>("--connections") { Description = "The relay's cap.", DefaultValueFactory = _ => 16 };
        var delay = new Option<int>("--delay") { Description = "Milliseconds the relay takes for each message.", DefaultValueFactory = _ => 20 };
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var command = new Command("fairness", "Send a small issue beside a huge one, both over one relay.") { large, small, runs, connections, delay, json };
        command.SetAction(async (parsed, stop) =>
        {
            await using var arena = await FairnessArena.OpenAsync(parsed.GetValue(connections), TimeSpan.FromMilliseconds(parsed.GetValue(delay)));
            var report = await arena.RunAsync(parsed.GetValue(large), parsed.GetValue(small), parsed.GetValue(runs), stop);
            await Console.Out.WriteLineAsync(report.ToString());
            if (parsed.GetValue(json))
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report, s_json));
            return 0;
        });
        return command;
    }

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

/// <summary>Seconds, medians where there are several.</summary>
internal sealed record FairnessReport
{
    public required int Large { get; init; }

    public required int Small { get; init; }

    /// <summary>From the end of the small issue's freeze to its end, nothing else going out.</summary>
    public required double AloneSeconds { get; init; }

    /// <summary>The same while the huge issue goes out.</summary>
    public required double BesideSeconds { get; init; }

    /// <summary>Messages a second meanwhile, all issues together.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Mails to one person put into the outbox meanwhile.</summary>
    public required int PersonalMails { get; init; }

    /// <summary>From putting one in to the relay's acceptance.</summary>
    public required double PersonalMedianSeconds { get; init; }

    public required double PersonalP99Seconds { get; init; }

    public double Ratio => BesideSeconds / AloneSeconds;

    public override string ToString() => FormattableString.Invariant(
        $"""
        {Small} readers alone           {AloneSeconds:0.00} s
        {Small} readers beside {Large}  {BesideSeconds:0.00} s, {Ratio:0.00} times as long (at most 3); {MessagesPerSecond:0} messages/s in all
        mail to one person meanwhile    p50 {PersonalMedianSeconds:0.000} s, p99 {PersonalP99Seconds:0.000} s of {PersonalMails} (at most 1 s)
        """);
}
