using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>A script as it is written: its rules in the order they are tried.</summary>
public sealed class FaultPlan
{
    internal FaultPlan(IReadOnlyList<FaultLine> lines) => Lines = lines;

    /// <summary>Nothing goes wrong.</summary>
    public static FaultPlan None { get; } = new([]);

    /// <summary>The rules.</summary>
    public IReadOnlyList<FaultLine> Lines { get; }

    /// <summary>The script that an inbox plays, its rules counted by the names they were given.</summary>
    public FaultScript ToScript() => Script(line => line.Name);

    /// <summary>The same script, each rule counted apart: by its place in <see cref="Lines"/> (<see cref="CounterOf"/>).</summary>
    public FaultScript ToCountedScript()
    {
        var place = 0;
        return Script(_ => CounterOf(place++));
    }

    /// <summary>The name under which <see cref="InboxServer.TimesFired"/> counts the rule at this place of a counted script.</summary>
    public static string CounterOf(int place) => place.ToString(CultureInfo.InvariantCulture);

    /// <summary>The script as it is read, a rule a line.</summary>
    public override string ToString() => string.Concat(Lines.Select(line => $"{line}\n"));

    private FaultScript Script(Func<FaultLine, string?> name) =>
        Lines.Aggregate(FaultScript.None, (script, line) => script.With(line.ToRule() with { Name = name(line) }));
}
