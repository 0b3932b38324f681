namespace Newsletter.Mailer.Reports;

/// <summary>Who of an issue's audience got it and who didn't, in numbers that add up.</summary>
public sealed record Receipt
{
    /// <summary>Id of the issue.</summary>
    public required long Issue { get; init; }

    /// <summary>Slug of the newsletter.</summary>
    public required string Newsletter { get; init; }

    /// <summary><c>issue</c> or <c>digest</c>.</summary>
    public string Kind { get; init; } = "issue";

    /// <summary>Number of the edition; null of a digest.</summary>
    public required int? Number { get; init; }

    public required string State { get; init; }

    /// <summary>Why it is paused or failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>Every active subscription of the tier at the freeze; of a digest, those who had chosen it.</summary>
    public required long Audience { get; init; }

    /// <summary>The relay took it. That is all we know: it is not called delivered.</summary>
    public required long Accepted { get; init; }

    public required long Rejected { get; init; }

    /// <summary>The connection was lost after the message and before the reply.</summary>
    public required long Unknown { get; init; }

    /// <summary>Deferred for longer than the maximum age.</summary>
    public required long Expired { get; init; }

    public required long Cancelled { get; init; }

    /// <summary>The message could not be made.</summary>
    public required long Failed { get; init; }

    /// <summary>In the audience and not mailed, by reason; <c>suppressed</c> and <c>unsubscribed</c> are always there.</summary>
    public required IReadOnlyDictionary<string, long> Excluded { get; init; }

    /// <summary>Not tried yet.</summary>
    public required long Pending { get; init; }

    /// <summary>In flight.</summary>
    public required long Sending { get; init; }

    /// <summary>Put off by the relay; tried again.</summary>
    public required long Deferred { get; init; }

    /// <summary>Sent once more after their first fate had become unknown.</summary>
    public required long Resent { get; init; }

    /// <summary>Everybody in the audience is accounted for and nobody waits: only then is an issue finished.</summary>
    public bool Balanced =>
        FrozenAt is not null
        && Pending + Sending + Deferred == 0
        && Audience == Accepted + Rejected + Unknown + Expired + Cancelled + Failed + Excluded.Values.Sum();

    /// <summary>What came back since, whatever the relay had said first: <c>hard</c>, <c>soft</c> and <c>complaint</c> are always there, <c>sender</c> and <c>message</c> where there are any. It changes nothing above: accepted is what the relay said.</summary>
    public IReadOnlyDictionary<string, long> CameBack { get; init; } = new SortedDictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Until when every relay that works has sent what it may today: the issue waits, and goes on by itself. Null otherwise.</summary>
    public DateTimeOffset? WaitingUntil { get; init; }

    public DateTimeOffset? FrozenAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Each sending by itself: the first, and one for each resend. Above stands how everybody fares after all of them.</summary>
    public required IReadOnlyList<RoundReceipt> Rounds { get; init; }
}

/// <summary>What became of those one round was sent to, in numbers that add up. What a later round made of them is counted there.</summary>
public sealed record RoundReceipt
{
    /// <summary>1: the first sending.</summary>
    public required int Round { get; init; }

    /// <summary>Whom a resend was asked for: <c>expired</c>, <c>unknown</c>, <c>mailbox_full</c>; null in the first round.</summary>
    public IReadOnlyList<string>? Statuses { get; init; }

    /// <summary>The issue's audience in the first round; in a later one those it was sent to again.</summary>
    public required long Audience { get; init; }

    public required long Accepted { get; init; }

    public required long Rejected { get; init; }

    public required long Unknown { get; init; }

    public required long Expired { get; init; }

    public required long Cancelled { get; init; }

    public required long Failed { get; init; }

    /// <summary>Not mailed after all, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Excluded { get; init; }

    /// <summary>Pending, in flight or put off.</summary>
    public required long Waiting { get; init; }

    /// <summary>Whom the issue had not reached and this round did not send to either, by reason; null in the first round.</summary>
    public IReadOnlyDictionary<string, long>? LeftOut { get; init; }

    /// <summary>Nobody waits, and everybody is accounted for.</summary>
    public bool Balanced => StartedAt is not null && Waiting == 0 && Audience == Accepted + Rejected + Unknown + Expired + Cancelled + Failed + Excluded.Values.Sum();

    /// <summary>When the audience was frozen, or the resend asked for.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}
