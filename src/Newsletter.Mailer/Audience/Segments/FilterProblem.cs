namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Why a filter can't be read.</summary>
/// <param name="Line">Line of the filter, from 1.</param>
/// <param name="Column">Column of that line, from 1, in UTF-16 code units.</param>
/// <param name="Length">Code units that are to blame, at least 1.</param>
/// <param name="Message">A sentence or two: what is wrong and what to do.</param>
public sealed record FilterProblem(int Line, int Column, int Length, string Message)
{
    /// <summary>With its place, for people.</summary>
    public override string ToString() => FormattableString.Invariant($"Line {Line}, column {Column}: {Message}");
}

/// <summary>Carries a problem from where it is found to <see cref="SegmentFilter.TryParse"/>, which is the only one to catch it.</summary>
internal sealed class FilterException(FilterProblem problem) : Exception(problem.Message)
{
    public FilterProblem Problem { get; } = problem;
}
