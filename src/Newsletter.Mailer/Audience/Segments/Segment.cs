namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Part of a newsletter's audience: whoever a filter is true of when it is asked.</summary>
public sealed record Segment
{
    public required long Id { get; init; }

    /// <summary>The newsletter's slug.</summary>
    public required string Newsletter { get; init; }

    /// <summary>Lower-case letters, digits and hyphens; unique in the newsletter.</summary>
    public required string Slug { get; init; }

    /// <summary>For people; unique in the newsletter whatever the case.</summary>
    public required string Name { get; init; }

    /// <summary>In the language of <see cref="SegmentFilter"/>.</summary>
    public required string Filter { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Whether an author who writes this means it: its slug, or its name in any case.</summary>
    public bool IsCalled(string text) => Slug == text || Name.Equals(text, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A segment as someone asks for it, unchecked.</summary>
public sealed record SegmentDraft
{
    /// <summary>Slug of the newsletter; it can't change.</summary>
    public string? Newsletter { get; init; }

    public string? Name { get; init; }

    /// <summary>Made of the name where absent.</summary>
    public string? Slug { get; init; }

    public string? Filter { get; init; }
}

/// <summary>How many readers a filter is true of now.</summary>
/// <param name="Audience">Active subscriptions.</param>
/// <param name="Suppressed">Those of them that nothing is sent to.</param>
public sealed record SegmentSize(long Audience, long Suppressed);
