using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Webhooks;

/// <summary><c>webhooks</c>: whether a flood of providers' events is taken without losing one, and what it does to the state.</summary>
internal static class WebhooksVerb
{
    public static Command Create()
    {
        var rate = new Option<int>("--rate") { Description = "Events a second, each a request of its own.", DefaultValueFactory = _ => 1_000 };
        var seconds = new Option<int>("--seconds") { Description = "How long the flood lasts.", DefaultValueFactory = _ => 60 };
        var readers = new Option<int>("--readers") { Description = "Readers of the issue that it speaks of.", DefaultValueFactory = _ => 20_000 };
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var command = new Command("webhooks", "Flood the webhooks with bounces and complaints, each a signed request, and count what was kept.") { rate, seconds, readers, json };
        command.SetAction(async (parsed, stop) =>
        {
            await using var arena = await WebhooksArena.OpenAsync(parsed.GetValue(readers), stop);
            var figures = await arena.FloodAsync(parsed.GetValue(rate), parsed.GetValue(seconds), parsed.GetValue(readers), stop);
            await Console.Out.WriteLineAsync(figures.ToString());
            if (parsed.GetValue(json))
                Figures.WriteJson(figures);
            return figures.IsWhole ? 0 : 1;
        });
        return command;
    }
}

/// <summary>What became of the flood.</summary>
/// <param name="Sent">Events, those that were sent again apart.</param>
/// <param name="PerSecond">How many a second.</param>
/// <param name="Failed">Answered with anything but success, or not at all.</param>
/// <param name="Known">Events that are known afterwards.</param>
/// <param name="Kept">Bounces and complaints that are kept.</param>
/// <param name="Expected">How many those should be: one a reader and kind.</param>
/// <param name="Suppressed">Readers suppressed.</param>
/// <param name="MedianMs">Of an answer.</param>
/// <param name="P99Ms">Of an answer.</param>
/// <param name="SettledAfterSeconds">Until everything had followed from them, after the last answer.</param>
internal sealed record WebhookFigures(
    int Sent, double PerSecond, int Failed, long Known, long Kept, long Expected, long Suppressed, double MedianMs, double P99Ms, double SettledAfterSeconds)
{
    public bool IsWhole => Failed == 0 && Known == Sent && Kept == Expected;

    public override string ToString() => Figures.Invariant(
        $"webhooks {Sent} events at {PerSecond:0}/s, {Failed} failed; {Known} known, {Kept} of {Expected} bounces and complaints kept, {Suppressed} readers suppressed; answers p50 {MedianMs:0.0} ms, p99 {P99Ms:0.0} ms; settled {SettledAfterSeconds:0.0} s after the last");
}
