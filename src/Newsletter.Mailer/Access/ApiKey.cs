namespace Newsletter.Mailer.Access;

/// <summary>A key as it is kept: everything but the secret, of which only the SHA-256 is stored.</summary>
public sealed record ApiKey
{
    public required long Id { get; init; }

    /// <summary>What the operator calls it.</summary>
    public required string Name { get; init; }

    /// <summary>The public part of the token, by which people tell keys apart: <c>nlm_</c> and eight letters or digits.</summary>
    public required string Prefix { get; init; }

    /// <summary>Names from <see cref="Access.Scopes"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>To the minute: written at most once a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Whether this key may do what <paramref name="scope"/> names.</summary>
    public bool May(string scope) => Access.Scopes.Cover(Scopes, scope);
}

/// <summary>A key just made. The only time that its token is to be had.</summary>
public sealed record CreatedApiKey(ApiKey Key, string Token);

/// <summary>What became of an attempt to log in with a token.</summary>
public abstract record KeyCheck
{
    private KeyCheck()
    {
    }

    public sealed record Admitted(ApiKey Key) : KeyCheck;

    /// <summary>No such key, or not its secret. Which of both is nobody's business.</summary>
    public sealed record Unknown : KeyCheck;

    public sealed record Expired(DateTimeOffset At) : KeyCheck;

    public sealed record Revoked : KeyCheck;
}
