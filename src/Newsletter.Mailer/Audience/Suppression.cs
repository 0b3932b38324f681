namespace Newsletter.Mailer.Audience;

/// <summary>Mail to this address, or to every address of this domain, is never sent.</summary>
public sealed record Suppression
{
    public required long Id { get; init; }

    /// <summary>Null where a domain or a hash is suppressed.</summary>
    public string? Address { get; init; }

    /// <summary>Of an address that may not be kept: its keyed hash, 64 hexadecimal digits (<see cref="Links.AddressHash"/>); null where it is another.</summary>
    public string? Hash { get; init; }

    /// <summary>Null where an address is. Exactly this domain: its subdomains are others.</summary>
    public string? Domain { get; init; }

    /// <summary>
    /// <c>hard_bounce</c>, <c>soft_bounces</c>, <c>complaint</c>, <c>manual</c> or <c>imported</c>; of a hash also <c>not_me</c> (its owner said that a
    /// sign-up wasn't theirs) or <c>erased</c> (its owner asked to be forgotten, and comes back by their own sign-up alone). Those two stand beside another.
    /// </summary>
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

    /// <summary>As <see cref="Suppression.Hash"/>.</summary>
    public string? Hash { get; init; }

    /// <summary>Keep of the address in <see cref="Email"/> only its hash.</summary>
    public bool AsHash { get; init; }

    /// <summary>As <see cref="Suppression.Reason"/>; <c>manual</c> where absent.</summary>
    public string? Reason { get; init; }

    public string? Evidence { get; init; }
}

/// <summary>A suppression that was lifted.</summary>
public sealed record LiftedSuppression
{
    public required long Id { get; init; }

    /// <summary>What its id was.</summary>
    public required long SuppressionId { get; init; }

    /// <summary>Null where it was of an address.</summary>
    public string? Domain { get; init; }

    /// <summary>Keyed hash of the address; null where it was of a domain.</summary>
    public string? Hash { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset SuppressedAt { get; init; }

    /// <summary>Why it was lifted; null where nobody said.</summary>
    public string? Note { get; init; }

    /// <summary>Whose API key it was.</summary>
    public long? ApiKeyId { get; init; }

    public required DateTimeOffset LiftedAt { get; init; }
}
