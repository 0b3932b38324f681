using System.Globalization;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>What a rehearsal found.</summary>
internal sealed record Rehearsal
{
    public required RehearseWish Wish { get; init; }

    public required RehearsalSetup Setup { get; init; }

    /// <summary>The issue's, as it ended.</summary>
    public required Receipt Receipt { get; init; }

    /// <summary>What stopped the issue; null where it finished.</summary>
    public string? Problem { get; init; }

    /// <summary>From publishing to the end.</summary>
    public required TimeSpan Took { get; init; }

    public required Arrivals Arrivals { get; init; }

    /// <summary>Different recipients at the inbox.</summary>
    public required long Recipients { get; init; }

    public required LedgerComparison Comparison { get; init; }

    /// <summary>Message-IDs whose copies differ from one another.</summary>
    public required int Altered { get; init; }

    public required IReadOnlyList<FaultMet> Faults { get; init; }

    /// <summary>Times the inbox kept a message and didn't say so.</summary>
    public required long CopiesExplained { get; init; }

    /// <summary>Times a rule refused for good.</summary>
    public required long RefusalsExplained { get; init; }

    /// <summary>For the real audience; null where its size or the rate isn't known.</summary>
    public Forecast? Forecast { get; init; }

    /// <summary>In bytes.</summary>
    public required long PeakMemory { get; init; }

    /// <summary>How much later those come who were put off or sent to again, in real time.</summary>
    public TimeSpan Stragglers => Setup.RealWait(Comparison.Deferrals, Comparison.Resent > 0);

    /// <summary>Nobody was lost, and what arrived twice had to.</summary>
    public bool Passed => Complaints.Count == 0;

    /// <summary>What did not go as it must, a sentence each.</summary>
    public IReadOnlyList<string> Complaints => [.. Complain()];

    private IEnumerable<string> Complain()
    {
        if (Problem is { } problem)
            yield return problem;
        else if (Receipt is not { State: "finished", Balanced: true })
            yield return $"The issue is {Receipt.State}, and its receipt doesn't balance.";
        if (Comparison.Lost > 0)
            yield return $"Lost: {Readers(Comparison.Lost)} whose message counts as accepted, and did not arrive ({Some(Comparison.LostExamples, Comparison.Lost)}).";
        if (Comparison.Wronged > 0)
            yield return $"Mailed although left out: {Readers(Comparison.Wronged)} ({Some(Comparison.WrongedExamples, Comparison.Wronged)}).";
        if (Arrivals.Strangers > 0)
            yield return FormattableString.Invariant($"Mail to nobody of the readers: {Arrivals.Strangers:N0} messages.");
        if (Arrivals.Copies > CopiesExplained)
            yield return FormattableString.Invariant($"Sent twice: {Arrivals.Copies:N0} copies, and the faults explain {CopiesExplained:N0} of them.");
        if (Altered > 0)
            yield return FormattableString.Invariant($"Changed: {Altered:N0} messages were not the same, byte for byte, when they came a second time.");
        if (Receipt.Rejected > RefusalsExplained)
            yield return FormattableString.Invariant($"Rejected: {Receipt.Rejected:N0} readers, and the faults refused {RefusalsExplained:N0} times.");
        if (Receipt.Failed > 0)
            yield return $"Not made: the messages of {Readers(Receipt.Failed)}. Look at the edition's slots.";
    }

    private static string Readers(long count) => count == 1 ? "1 reader" : count.ToString("N0", CultureInfo.InvariantCulture) + " readers";

    private static string Some(List<string> examples, long count) => string.Join(", ", examples) + (count > examples.Count ? ", …" : "");
}
