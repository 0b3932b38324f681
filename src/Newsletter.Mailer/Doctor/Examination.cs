namespace Newsletter.Mailer.Doctor;

/// <summary>All checks, side by side.</summary>
public sealed class Examination(IEnumerable<ICheck> checks)
{
    private readonly ICheck[] _checks = [.. checks];

    /// <summary>The findings, in the order of the checks.</summary>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop) =>
        [.. (await Task.WhenAll(_checks.Select(check => check.RunAsync(stop)))).SelectMany(found => found)];
}
