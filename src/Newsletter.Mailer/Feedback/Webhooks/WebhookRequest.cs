namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>A request of a provider, as it came.</summary>
/// <param name="Body">Raw: signatures are over these bytes.</param>
/// <param name="ContentType">As it was sent.</param>
/// <param name="Header">A header's value; null where it isn't there.</param>
/// <param name="Key">What the URL has as <c>key</c>.</param>
public sealed record WebhookRequest(byte[] Body, string? ContentType, Func<string, string?> Header, string? Key = null);

/// <summary>What became of a request.</summary>
public abstract record WebhookOutcome
{
    private WebhookOutcome()
    {
    }

    /// <summary>It is committed.</summary>
    /// <param name="Events">How many it had.</param>
    /// <param name="New">How many of those that matter were not known yet.</param>
    public sealed record Taken(int Events, int New) : WebhookOutcome;

    /// <summary>Nobody's webhook is taken here under that name.</summary>
    public sealed record NotThere : WebhookOutcome;

    /// <summary>It doesn't show that it is the provider's.</summary>
    public sealed record Forbidden(string Why) : WebhookOutcome;

    /// <summary>Whether it is the provider's can't be found out now: it is to be sent again.</summary>
    public sealed record Unavailable(string Why) : WebhookOutcome;

    /// <summary>It can't be read.</summary>
    public sealed record Malformed(string Why) : WebhookOutcome;
}

/// <summary>An event in words that all providers share.</summary>
public sealed record ProviderEvent
{
    /// <summary><c>bounced</c>, <c>rejected</c> (the provider didn't try), <c>complained</c>, <c>unsubscribed</c>; else <c>queued</c>, <c>sent</c>, <c>delivered</c>, <c>deferred</c>, <c>opened</c>, <c>clicked</c>, <c>subscribed</c>, <c>autoresponded</c>, <c>failed</c> or <c>unknown</c>, from which nothing follows.</summary>
    public required string Type { get; init; }

    /// <summary>Unique with the provider; null where it gives none.</summary>
    public string? EventId { get; init; }

    /// <summary>The provider's own name for the message.</summary>
    public string? ProviderId { get; init; }

    /// <summary>The Message-ID header.</summary>
    public string? MessageId { get; init; }

    /// <summary>Envelope sender.</summary>
    public string? Sender { get; init; }

    public string? Recipient { get; init; }

    /// <summary>Of what was rejected or bounced: <c>bounced</c>, <c>invalid</c>, <c>spam</c>, <c>unsubscribed</c>, <c>blocked</c>, <c>timed_out</c> or <c>other</c>.</summary>
    public string? RejectReason { get; init; }

    /// <summary>What the provider says of it.</summary>
    public string? Description { get; init; }

    /// <summary>What the reader's server said.</summary>
    public string? Response { get; init; }

    /// <summary>The reason as the provider understands it, one of our words: for where the server's own words say nothing.</summary>
    public string? Hint { get; init; }

    /// <summary>The provider says that it is for good.</summary>
    public bool Permanent { get; init; }
}
