using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.SigningUp;

/// <summary><c>sign-ups</c>: whether other pages stay quick while sign-ups flood in, how many mails their victim gets, and whether time tells who is known.</summary>
internal static class SignUpsVerb
{
    public static Command Create()
    {
        var rate = new Option<int>("--rate") { Description = "Sign-ups a second.", DefaultValueFactory = _ => 1_000 };
        var seconds = new Option<int>("--seconds") { Description = "How long the flood lasts.", DefaultValueFactory = _ => 10 };
        var pairs = new Option<int>("--pairs") { Description = "Known and unknown addresses timed, of each.", DefaultValueFactory = _ => 1_000 };
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var command = new Command("sign-ups", "Flood the sign-up form from one network and from many, and time it for known and unknown addresses.") { rate, seconds, pairs, json };
        command.SetAction(async (parsed, stop) =>
        {
            var report = new SignUpsReport
            {
                OneNetwork = await FloodAsync(parsed.GetValue(rate), parsed.GetValue(seconds), manyNetworks: false, stop),
                ManyNetworks = await FloodAsync(parsed.GetValue(rate), parsed.GetValue(seconds), manyNetworks: true, stop),
                Timing = await TimeAsync(parsed.GetValue(pairs), stop),
            };
            await Console.Out.WriteLineAsync(report.ToString());
            if (parsed.GetValue(json))
                Figures.WriteJson(report);
            return 0;
        });
        return command;
    }

    private static async Task<FloodFigures> FloodAsync(int rate, int seconds, bool manyNetworks, CancellationToken stop)
    {
        await using var arena = await SignUpsArena.OpenAsync(withLimits: true);
        return await arena.FloodAsync(rate, seconds, manyNetworks, stop);
    }

    private static async Task<TimingFigures> TimeAsync(int pairs, CancellationToken stop)
    {
        await using var arena = await SignUpsArena.OpenAsync(withLimits: false);
        return await arena.TimeAsync(pairs, stop);
    }
}

/// <summary>What was measured.</summary>
internal sealed record SignUpsReport
{
    public required FloodFigures OneNetwork { get; init; }

    public required FloodFigures ManyNetworks { get; init; }

    public required TimingFigures Timing { get; init; }

    public override string ToString() => $"{OneNetwork.Text("one network")}\n{ManyNetworks.Text("many networks")}\n{Timing}";
}

/// <summary>A flood: sign-ups of one victim's address and of others, and GETs of other pages meanwhile.</summary>
/// <param name="Sent">Sign-ups that were answered.</param>
/// <param name="PerSecond">How many of them a second.</param>
/// <param name="Taken">Answered as taken.</param>
/// <param name="Failed">Not answered, or answered with a fault of the server (500).</param>
/// <param name="PageMedianMs">Of other pages.</param>
/// <param name="PageP99Ms">Of other pages; at most 250 is wanted.</param>
/// <param name="Pages">How many of those.</param>
/// <param name="MailsToVictim">What arrived there.</param>
internal sealed record FloodFigures(int Sent, double PerSecond, int Taken, int Failed, double PageMedianMs, double PageP99Ms, int Pages, long MailsToVictim)
{
    public string Text(string name) => Figures.Invariant(
        $"{name,-13} {Sent} sign-ups at {PerSecond:0}/s, {Taken} taken, {Failed} failed; other pages p50 {PageMedianMs:0.0} ms, p99 {PageP99Ms:0.0} ms of {Pages}; {MailsToVictim} mail(s) to the victim");
}

/// <summary>Times of known and unknown addresses, taken by turns.</summary>
/// <param name="Pairs">Of each.</param>
/// <param name="KnownMedianMs">Median.</param>
/// <param name="UnknownMedianMs">Median.</param>
/// <param name="Z">Of the Mann-Whitney U test; between -1.96 and 1.96 the two can't be told apart at 5 %.</param>
/// <param name="Advantage">Chance that a known address took longer than an unknown one: 0.5 tells nothing.</param>
internal sealed record TimingFigures(int Pairs, double KnownMedianMs, double UnknownMedianMs, double Z, double Advantage)
{
    public override string ToString() => Figures.Invariant(
        $"timing        known p50 {KnownMedianMs:0.000} ms, unknown p50 {UnknownMedianMs:0.000} ms of {Pairs} each; Mann-Whitney z = {Z:0.00} (|z| < 1.96: not told apart at 5 %), P(known slower) = {Advantage:0.000}");
}
