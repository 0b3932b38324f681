using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>A person's address, and what is known of the person.</summary>
public sealed record Subscriber
{
    public required long Id { get; init; }

    /// <summary>As <see cref="EmailAddress.Value"/>; unique without regard to case.</summary>
    public required string Address { get; init; }

    /// <summary>Full name; null where unknown.</summary>
    public string? Name { get; init; }

    /// <summary>The attribute <c>first_name</c>, else the first word of <see cref="Name"/>; null where unknown.</summary>
    public string? FirstName => Audience.FirstName.Of(Name, Attributes);

    /// <summary>A string, number, boolean or list of strings by each key. At most <see cref="AttributeRules.MaxKeys"/>.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Attributes { get; init; }

    /// <summary>In lower case and in order. At most <see cref="TagRules.MaxTags"/>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>IANA zone; null where unknown.</summary>
    public string? TimeZone { get; init; }

    /// <summary>BCP 47 tag; null where unknown.</summary>
    public string? Language { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>One for each newsletter this person ever was subscribed to, in the order of the newsletters' ids.</summary>
    public IReadOnlyList<Subscription> Subscriptions { get; init; } = [];
}

/// <summary>A subscriber of a newsletter.</summary>
public sealed record Subscription
{
    public required long NewsletterId { get; init; }

    /// <summary>The newsletter's slug.</summary>
    public required string Newsletter { get; init; }

    public required SubscriptionStatus Status { get; init; }

    public required SubscriptionTier Tier { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the person, or the operator in the person's name, last said yes; null while pending.</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>When the person left; null unless unsubscribed.</summary>
    public DateTimeOffset? UnsubscribedAt { get; init; }

    /// <summary>How the person left: <c>one_click</c>, <c>page</c>, <c>all</c>, <c>preferences</c>, <c>api</c>, <c>import</c>, <c>mailto</c> (a mail to the address of List-Unsubscribe), <c>complaint</c> or <c>provider</c> (a relay told it); null unless unsubscribed.</summary>
    public string? UnsubscribedBy { get; init; }

    /// <summary>As the person chose: <c>every</c> issue, or one <c>digest</c> a month.</summary>
    public string Frequency { get; init; } = "every";

    /// <summary>Until when the person has paused it; null where they have not.</summary>
    public DateTimeOffset? PausedUntil { get; init; }
}

/// <summary>In the database and in JSON these are <c>pending</c>, <c>active</c> and <c>unsubscribed</c>.</summary>
public enum SubscriptionStatus
{
    /// <summary>Asked for and not confirmed: never mailed an issue.</summary>
    Pending,

    /// <summary>Gets the issues.</summary>
    Active,

    /// <summary>Left. Comes back only of their own will.</summary>
    Unsubscribed,
}

/// <summary>In the database and in JSON these are <c>free</c> and <c>premium</c>.</summary>
public enum SubscriptionTier
{
    Free,
    Premium,
}

/// <summary>The word of an enum value in the database and in JSON.</summary>
public static class AudienceWords
{
    public static string Word(this SubscriptionStatus status) => status switch
    {
        SubscriptionStatus.Pending => "pending",
        SubscriptionStatus.Active => "active",
        _ => "unsubscribed",
    };

    public static string Word(this SubscriptionTier tier) => tier == SubscriptionTier.Premium ? "premium" : "free";
}

/// <summary>
/// What a person is called by. The same rule as SQL's function <c>first_name(name, attributes)</c>; a test holds them together.
/// </summary>
public static class FirstName
{
    /// <summary>The attribute <c>first_name</c> if there is something in it, else the name up to its first space.</summary>
    public static string? Of(string? name, IReadOnlyDictionary<string, JsonElement> attributes)
    {
        if (attributes.TryGetValue("first_name", out var value) && AttributeRules.ToText(value).Trim(' ') is { Length: > 0 } given) return given;
        var word = name?.Trim(' ').Split(' ', 2)[0];
        return string.IsNullOrEmpty(word) ? null : word;
    }
}
