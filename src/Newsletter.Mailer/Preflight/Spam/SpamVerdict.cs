namespace Newsletter.Mailer.Preflight.Spam;

/// <summary>A rule of a spam filter that a message met.</summary>
/// <param name="Name">As the filter calls it: <c>MISSING_DATE</c>.</param>
/// <param name="Score">Above 0: against it.</param>
public sealed record SpamRule(string Name, double Score);

/// <summary>What a spam filter thinks of a message.</summary>
public abstract record SpamVerdict
{
    private SpamVerdict()
    {
    }

    /// <summary>It was scored.</summary>
    /// <param name="Filter"><c>SpamAssassin</c> or <c>rspamd</c>.</param>
    /// <param name="Score">All rules together.</param>
    /// <param name="Limit">From here on it is spam.</param>
    /// <param name="Rules">What it met, worst first.</param>
    public sealed record Scored(string Filter, double Score, double Limit, IReadOnlyList<SpamRule> Rules) : SpamVerdict;

    /// <summary>There is no filter on this machine.</summary>
    public sealed record NoFilter : SpamVerdict;

    /// <summary>There is one, and it failed.</summary>
    /// <param name="Filter">Which.</param>
    /// <param name="Reason">A sentence.</param>
    public sealed record Failed(string Filter, string Reason) : SpamVerdict;
}
