namespace Newsletter.Mailer.Doctor;

/// <summary>What the DNS says of a name.</summary>
/// <param name="Values">The records' values; empty where there are none.</param>
/// <param name="Failure">Why nothing is known: no server answered, or it refused; null where it is known.</param>
public sealed record DnsAnswer(IReadOnlyList<string> Values, string? Failure = null)
{
    /// <summary>There is such a record.</summary>
    public bool IsFound => Values.Count > 0;

    /// <summary>The servers say that there is none.</summary>
    public bool IsMissing => Failure is null && Values.Count == 0;
}
