using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>A subscriber as someone asks for it, unchecked.</summary>
public sealed record SubscriberDraft
{
    public string? Email { get; init; }

    public string? Name { get; init; }

    /// <summary>Kept as the attribute <c>first_name</c>.</summary>
    public string? FirstName { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }

    /// <summary>Added to those already there.</summary>
    public IReadOnlyList<string?>? Tags { get; init; }

    public string? TimeZone { get; init; }

    public string? Language { get; init; }

    /// <summary>Slug of the newsletter to subscribe to; none where absent.</summary>
    public string? Newsletter { get; init; }

    /// <inheritdoc cref="SubscriptionDraft.Tier"/>
    public string? Tier { get; init; }

    /// <inheritdoc cref="SubscriptionDraft.Status"/>
    public string? Status { get; init; }

    /// <inheritdoc cref="SubscriptionDraft.Confirmed"/>
    public bool Confirmed { get; init; }
}

/// <summary>What to change of a subscriber. A field that is null stays as it is; an empty text clears it.</summary>
public sealed record SubscriberChanges
{
    public string? Name { get; init; }

    public string? FirstName { get; init; }

    /// <summary>Each key given is set, or removed where its value is null; other keys stay (as RFC 7396 merges).</summary>
    public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }

    /// <summary>All tags from now on.</summary>
    public IReadOnlyList<string?>? Tags { get; init; }

    public string? TimeZone { get; init; }

    public string? Language { get; init; }
}

/// <summary>A subscription as someone asks for it, unchecked.</summary>
public sealed record SubscriptionDraft
{
    /// <summary><c>free</c> or <c>premium</c>; where absent, a new subscription is free and an old one keeps its tier.</summary>
    public string? Tier { get; init; }

    /// <summary>
    /// <c>active</c> (the operator states that the person agreed), <c>pending</c> or <c>unsubscribed</c>;
    /// where absent, a new subscription is active and an old one keeps its status.
    /// </summary>
    public string? Status { get; init; }

    /// <summary>The person asked for it again: needed to make active whoever has unsubscribed or has not confirmed.</summary>
    public bool Confirmed { get; init; }
}

/// <summary>Which subscribers to list; null means any. Unchecked.</summary>
public sealed record SubscriberFilter
{
    /// <summary>Slug of a newsletter they have a subscription of.</summary>
    public string? Newsletter { get; init; }

    /// <summary>Status of that subscription (of any, where no newsletter is named).</summary>
    public string? Status { get; init; }

    /// <summary>Tier of that subscription.</summary>
    public string? Tier { get; init; }
}
