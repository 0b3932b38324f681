namespace Newsletter.Mailer.Feedback;

/// <summary>How well an issue was received: rates of what came back, all together and provider by provider.</summary>
public sealed record IssueReputation
{
    public required long Issue { get; init; }

    /// <summary>Slug.</summary>
    public required string Newsletter { get; init; }

    /// <summary>Of its edition; null: a digest has none.</summary>
    public required int? Number { get; init; }

    public required string State { get; init; }

    /// <summary>When it was frozen.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>Everyone together.</summary>
    public required Reputation All { get; init; }

    /// <summary>The same for each throttle group.</summary>
    public required IReadOnlyDictionary<string, Reputation> Providers { get; init; }
}

/// <summary>What became of accepted messages, and of those that were refused.</summary>
public sealed record Reputation
{
    /// <summary>Accepted messages from which on a rate says anything.</summary>
    public const int FewestAccepted = 1_000;

    /// <summary>Complaints from which on a rate says anything.</summary>
    public const int FewestComplaints = 5;

    public required long Accepted { get; init; }

    public required long Hard { get; init; }

    public required long Soft { get; init; }

    public required long Complaints { get; init; }

    /// <summary>Refused for policy or reputation.</summary>
    public required long Sender { get; init; }

    /// <summary>Of the accepted; null where nothing was.</summary>
    public double? ComplaintRate => Accepted > 0 ? Math.Round((double)Complaints / Accepted, 6) : null;

    /// <summary>Hard bounces, those by the relay's own answer included, of all that were accepted or refused so; null where nothing was.</summary>
    public required double? HardRate { get; init; }

    /// <summary><c>ok</c>, <c>warn</c> or <c>pause</c>, by the complaints; providers look at a thousand messages and more.</summary>
    public required string Level { get; init; }

    internal static Reputation Of(long accepted, long hard, long soft, long complaints, long sender, long refused, FeedbackOptions options) => new()
    {
        HardRate = accepted + refused > 0 ? Math.Round((double)hard / (accepted + refused), 6) : null,
        Accepted = accepted,
        Hard = hard,
        Soft = soft,
        Complaints = complaints,
        Sender = sender,
        Level = Reaches(options.PauseShare, accepted, complaints) ? "pause" : Reaches(options.WarnShare, accepted, complaints) ? "warn" : "ok",
    };

    /// <summary>So many complained that it says something, beside those a person has tolerated, and at least this share of the accepted.</summary>
    internal static bool Reaches(double share, long accepted, long complaints, long tolerated = 0) =>
        accepted >= FewestAccepted && complaints - tolerated >= FewestComplaints && complaints >= accepted * share;
}

/// <summary>How a newsletter's list is doing.</summary>
public sealed record ListHealth
{
    /// <summary>Slug.</summary>
    public required string Newsletter { get; init; }

    /// <summary>Active readers.</summary>
    public required long Active { get; init; }

    /// <summary>Of those, who are suppressed: they get nothing.</summary>
    public required long Suppressed { get; init; }

    /// <summary>Readers for more than 90 days who got issues and never clicked or voted; null where this newsletter has never seen a click or vote, so that nobody knows.</summary>
    public required long? NeverEngaged { get; init; }

    /// <summary>Active readers with two or more soft bounces within the days that count, the worst first, at most 100.</summary>
    public required IReadOnlyList<RepeatedSoft> RepeatedSoft { get; init; }
}

/// <summary>A reader whose mail keeps coming back for now.</summary>
public sealed record RepeatedSoft
{
    public long Subscriber { get; init; }

    public int Bounces { get; init; }

    /// <summary>Why, last.</summary>
    public string? Reason { get; init; }

    public DateTimeOffset LastAt { get; init; }
}
