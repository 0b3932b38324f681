using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>A change to many readers at once, and what became of it.</summary>
/// <remarks><c>Matched = Changed + Unchanged + Refused</c>, at any time.</remarks>
public sealed record BulkChange
{
    public required long Id { get; init; }

    /// <summary>Slug of the newsletter whose active readers it is about.</summary>
    public required string Newsletter { get; init; }

    /// <summary>Which of them, as it was when the change was asked for.</summary>
    public required string Filter { get; init; }

    public required IReadOnlyList<string> AddTags { get; init; }

    public required IReadOnlyList<string> RemoveTags { get; init; }

    /// <summary>Keys set, or removed where null.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Attributes { get; init; }

    /// <summary>The tier their subscriptions get; null: each keeps its own.</summary>
    public string? Tier { get; init; }

    /// <summary>Whether their subscriptions end.</summary>
    public bool Unsubscribe { get; init; }

    /// <summary><c>running</c> or <c>finished</c>.</summary>
    public required string State { get; init; }

    /// <summary>Readers it came to so far.</summary>
    public long Matched { get; init; }

    /// <summary>Those of them that are otherwise than before.</summary>
    public long Changed { get; init; }

    /// <summary>Those who were so already.</summary>
    public long Unchanged { get; init; }

    /// <summary>Those who would have had too many tags or attributes, and stay as they were.</summary>
    public long Refused { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>A change as someone asks for it, unchecked. A reader is in the segment or filter when the change comes to them.</summary>
public sealed record BulkChangeDraft
{
    /// <summary>Slug of the newsletter.</summary>
    public string? Newsletter { get; init; }

    /// <summary>Slug or name of a segment; or else <see cref="Filter"/>.</summary>
    public string? Segment { get; init; }

    public string? Filter { get; init; }

    public IReadOnlyList<string?>? AddTags { get; init; }

    public IReadOnlyList<string?>? RemoveTags { get; init; }

    /// <summary>As in <see cref="SubscriberChanges.Attributes"/>.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }

    /// <summary><c>free</c> or <c>premium</c>.</summary>
    public string? Tier { get; init; }

    /// <summary>Ends their subscriptions to the newsletter.</summary>
    public bool Unsubscribe { get; init; }
}
