using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Preflight.Spam;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Everything that was found about an edition, errors first.</summary>
/// <param name="Errors">How many keep it from going out.</param>
/// <param name="Warnings">How many are worth a look.</param>
/// <param name="Notes">How many are good to know.</param>
/// <param name="Findings">Each with its place and what to do.</param>
public sealed record PreflightAnswer(int Errors, int Warnings, int Notes, IReadOnlyList<FindingAnswer> Findings)
{
    /// <summary>What the spam filter of the machine thinks; only where it was asked (<c>--spam</c>).</summary>
    public SpamAnswer? Spam { get; init; }

    internal static PreflightAnswer Of(PreflightReport report) => new(report.Errors, report.Warnings, report.Notes, [.. report.Findings.Select(FindingAnswer.Of)]);
}

/// <summary>What one check found.</summary>
/// <param name="Code">Which check; the README lists them. Never changes its meaning.</param>
/// <param name="Severity"><c>error</c>, <c>warning</c> or <c>note</c>.</param>
/// <param name="Message">What is so.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Line">Line of the whole file, from 1; null where it is about no place in it.</param>
/// <param name="Column">Column of that line, from 1.</param>
/// <param name="Variant">Whose mail it is about; null: everyone's.</param>
public sealed record FindingAnswer(string Code, string Severity, string Message, string Remedy, int? Line, int? Column, string? Variant)
{
    internal static FindingAnswer Of(PreflightFinding found) =>
        new(found.Code, found.Severity.ToString().ToLowerInvariant(), found.Message, found.Remedy, found.Line, found.Column, found.Variant);
}

/// <summary>A spam filter's view of the message.</summary>
/// <param name="Filter"><c>SpamAssassin</c> or <c>rspamd</c>; null where there is none.</param>
/// <param name="Score">Null where it wasn't scored.</param>
/// <param name="Limit">From here on it is spam.</param>
/// <param name="Rules">What it met, worst first.</param>
/// <param name="Problem">Why it wasn't scored.</param>
public sealed record SpamAnswer(string? Filter, double? Score, double? Limit, IReadOnlyList<SpamRuleAnswer> Rules, string? Problem)
{
    /// <summary>Whether the message was signed with DKIM as an issue is. Always false: keys are in the database, which a check of a file does without.</summary>
    public bool DkimSigned { get; init; }

    internal static SpamAnswer Of(SpamVerdict verdict) => verdict switch
    {
        SpamVerdict.Scored scored => new(scored.Filter, scored.Score, scored.Limit, [.. scored.Rules.Select(rule => new SpamRuleAnswer(rule.Name, rule.Score))], null),
        SpamVerdict.Failed failed => new(failed.Filter, null, null, [], failed.Reason),
        _ => new(null, null, null, [], "There is no spam filter on this machine. Install one, for instance: apt-get install spamassassin"),
    };
}

/// <summary>A rule that was met.</summary>
/// <param name="Name">As the filter calls it.</param>
/// <param name="Score">Above 0: against the message.</param>
public sealed record SpamRuleAnswer(string Name, double Score);
