using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Preflight.Checks;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Preflight;

/// <summary>Everything that was found, errors first.</summary>
/// <param name="Findings">Errors, warnings, notes; each by its place.</param>
/// <param name="Addresses">What the edition links to and shows, to be looked at over the network.</param>
/// <param name="Rendered">The edition; null where it can't be rendered.</param>
public sealed record PreflightReport(IReadOnlyList<PreflightFinding> Findings, IReadOnlyList<CheckedAddress> Addresses, RenderedEdition? Rendered)
{
    /// <summary>Bytes of the pictures of ours that it shows.</summary>
    public long OwnImageBytes { get; init; }

    public int Errors => Count(CheckSeverity.Error);

    public int Warnings => Count(CheckSeverity.Warning);

    public int Notes => Count(CheckSeverity.Note);

    /// <summary>The report with what was found behind its addresses.</summary>
    public PreflightReport With(IReadOnlyDictionary<string, AddressState> states)
    {
        var found = new FindingList();
        AddressChecks.Look(Addresses, states, OwnImageBytes, found);
        return this with { Findings = FindingList.Sort([.. Findings, .. found.Sorted().Where(IsNew)]) };
    }

    // A private address was told apart by its looks already.
    private bool IsNew(PreflightFinding found) => !Findings.Any(said => (said.Code, said.Line, said.Column) == (found.Code, found.Line, found.Column));

    private int Count(CheckSeverity severity) => Findings.Count(found => found.Severity == severity);
}
