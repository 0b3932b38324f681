using System.Globalization;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>A rule of a fault script and how often it fired.</summary>
/// <param name="Rule">As it is written.</param>
/// <param name="What">What its victims met: a reply's code, or drop, reset, silence, close, delay.</param>
/// <param name="Times">How often.</param>
internal sealed record FaultMet(string Rule, string What, int Times);

/// <summary>What an inbox did of a script, rule by rule.</summary>
internal static class FaultsMet
{
    /// <summary>In the order of the script, which the inbox plays counted (<see cref="FaultPlan.ToCountedScript"/>).</summary>
    public static IReadOnlyList<FaultMet> Of(InboxServer inbox, FaultPlan plan) =>
        [.. plan.Lines.Select((line, place) => new FaultMet(line.ToString(), What(line), inbox.TimesFired(FaultPlan.CounterOf(place))))];

    /// <summary>Copies that nobody can avoid: messages the inbox kept without saying so (RFC 1047).</summary>
    public static long Copies(InboxServer inbox, FaultPlan plan) => Count(inbox, plan, line => line.HidesAnAcceptance);

    /// <summary>Readers refused for good.</summary>
    public static long Refusals(InboxServer inbox, FaultPlan plan) => Count(inbox, plan, line => line.Reply is { Code: >= 500 });

    private static long Count(InboxServer inbox, FaultPlan plan, Func<FaultLine, bool> which) =>
        plan.Lines.Select((line, place) => which(line) ? (long)inbox.TimesFired(FaultPlan.CounterOf(place)) : 0).Sum();

    private static string What(FaultLine line) => line switch
    {
        { Reply: { } reply } => reply.Code.ToString(CultureInfo.InvariantCulture),
        { Ending: FaultEnding.Drop } => "drop",
        { Ending: FaultEnding.Reset } => "reset",
        { Ending: FaultEnding.Silent } => "silence",
        { Ending: FaultEnding.Close } => "close",
        _ => "delay",
    };
}
