namespace Newsletter.Mailer.Preflight;

/// <summary>How much a finding matters.</summary>
public enum CheckSeverity
{
    /// <summary>Good to know; nothing has to be done.</summary>
    Note,

    /// <summary>It can be sent, but some readers will see it at its worse, or not at all.</summary>
    Warning,

    /// <summary>It can't be scheduled or published as it stands.</summary>
    Error,
}

/// <summary>What one look at an edition found.</summary>
public sealed record PreflightFinding
{
    /// <summary>One of <see cref="PreflightRules"/>; never changes its meaning.</summary>
    public required string Code { get; init; }

    public required CheckSeverity Severity { get; init; }

    /// <summary>A sentence for a person: what is so.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it.</summary>
    public required string Remedy { get; init; }

    /// <summary>Line of the whole file, from 1; null where it is about no place in it.</summary>
    public int? Line { get; init; }

    /// <summary>Column of that line, from 1; null as <see cref="Line"/>.</summary>
    public int? Column { get; init; }

    /// <summary>Whose mail it is about, where not everyone's.</summary>
    public string? Variant { get; init; }

    /// <summary>As one sentence after another, with the place in front.</summary>
    public string ToSentence() => Line is { } line
        ? FormattableString.Invariant($"Line {line}, column {Column}: {Message} {Remedy}")
        : $"{Message} {Remedy}";
}
