namespace Newsletter.Mailer.Audience;

/// <summary>Mail to this address, or to every address of this domain, is never sent.</summary>
public sealed record Suppression
{
    public required long Id { get; init; }

    /// <summary>Null where a domain is suppressed.</summary>
    public string? Address { get; init; }

    /// <summary>Null where an address is. Exactly this domain: its subdomains are others.</summary>
    public string? Domain { get; init; }

    /// <summary><c>hard_bounce</c>, <c>soft_bounces</c>, <c>complaint</c>, <c>manual</c> or <c>imported</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>What it rests on, for people; null where nothing is recorded.</summary>
    public string? Evidence { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A suppression as someone asks for it, unchecked: an address or a domain.</summary>
public sealed record SuppressionDraft
{
    public string? Email { get; init; }

    public string? Domain { get; init; }

    /// <summary>As <see cref="Suppression.Reason"/>; <c>manual</c> where absent.</summary>
    public string? Reason { get; init; }

    public string? Evidence { get; init; }
}
