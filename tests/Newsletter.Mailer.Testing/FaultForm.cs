using System.Globalization;
using System.Text.Json;

namespace Newsletter.Mailer.Testing;

/// <summary>How the fault tests are run: a short form that fits CI, or the long one that <c>tests/run.sh --faults</c> asks for.</summary>
public static class FaultForm
{
    private static readonly Lock Gate = new();
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The long form was asked for: NEWSLETTER_FAULTS=long.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("NEWSLETTER_FAULTS") == "long";

    /// <summary>Where every random choice begins: NEWSLETTER_FAULTS_SEED, else new each time. Said on failure, so that the run can be repeated.</summary>
    public static int Seed { get; } = Number("NEWSLETTER_FAULTS_SEED") ?? Random.Shared.Next(1, 1_000_000);

    /// <summary>How often a sender is killed: NEWSLETTER_FAULTS_KILLS, else this many.</summary>
    public static int Kills(int otherwise) => Number("NEWSLETTER_FAULTS_KILLS") ?? otherwise;

    /// <summary>The one for CI, or the one for the long form.</summary>
    public static T Pick<T>(T brief, T whole) => IsLong ? whole : brief;

    /// <summary>Adds a line of JSON to the file that NEWSLETTER_FAULTS_FILE names, if it names one.</summary>
    public static void Report(FaultLine line)
    {
        if (Environment.GetEnvironmentVariable("NEWSLETTER_FAULTS_FILE") is not { Length: > 0 } file)
            return;
        lock (Gate)
            File.AppendAllText(file, JsonSerializer.Serialize(line, Json) + "\n");
    }

    private static int? Number(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>What a fault did, counted at both ends.</summary>
/// <param name="Fault">F1 and so on.</param>
/// <param name="Kills">Processes killed.</param>
/// <param name="Connections">SMTP connections open at the kills, together.</param>
/// <param name="Recipients">The audience.</param>
/// <param name="Lost">Readers whom neither the relay has nor the ledger calls unknown, and readers the ledger still owes an answer.</param>
/// <param name="Copies">Copies beyond the first that arrived.</param>
/// <param name="Unknown">Deliveries the ledger calls unknown at the end.</param>
public sealed record FaultLine(string Fault, int Kills, int Connections, long Recipients, long Lost, long Copies, long Unknown);
