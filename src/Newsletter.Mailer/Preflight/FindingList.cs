using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Preflight;

/// <summary>Gathers findings. The same is said once, however many variants it is true of.</summary>
internal sealed class FindingList
{
    // A text of nothing but mistakes would have thousands.
    private const int MostOfOneCode = 20;

    private readonly List<PreflightFinding> _all = [];
    private readonly HashSet<(string, string, SourcePosition?)> _said = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public void Add(string code, string message, string remedy, SourcePosition? at = null, string? variant = null)
    {
        if (!_said.Add((code, message, at)) || _counts.GetValueOrDefault(code) >= MostOfOneCode)
            return;
        _counts[code] = _counts.GetValueOrDefault(code) + 1;
        _all.Add(new PreflightFinding
        {
            Code = code,
            Severity = PreflightRules.Of(code).Severity,
            Message = message,
            Remedy = remedy,
            Line = at?.Line,
            Column = at?.Column,
            Variant = variant,
        });
    }

    /// <summary>Errors first; then by place, what has none at the end.</summary>
    public IReadOnlyList<PreflightFinding> Sorted() => Sort(_all);

    public static IReadOnlyList<PreflightFinding> Sort(IEnumerable<PreflightFinding> findings) =>
        [.. findings.OrderByDescending(found => found.Severity).ThenBy(found => found.Line ?? int.MaxValue).ThenBy(found => found.Column ?? int.MaxValue)];
}
