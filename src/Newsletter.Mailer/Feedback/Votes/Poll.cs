namespace Newsletter.Mailer.Feedback.Votes;

/// <summary>A question of an issue, and how it was answered.</summary>
public sealed record Poll
{
    /// <summary>Its number in the issue, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>As its author wrote it, plain text.</summary>
    public required string Question { get; init; }

    /// <summary>What may be chosen, with its votes, number one first.</summary>
    public required IReadOnlyList<PollOption> Options { get; init; }

    /// <summary>All votes.</summary>
    public long Votes => Options.Sum(option => option.Votes);

    /// <summary>Votes that say something besides.</summary>
    public required long Comments { get; init; }

    /// <summary>Nobody is to know who voted what.</summary>
    public required bool Anonymous { get; init; }

    /// <summary>Whoever votes may say something about it.</summary>
    public required bool TakesComments { get; init; }

    /// <summary>Until when votes count; null: until somebody closes it.</summary>
    public required DateTimeOffset? ClosesAt { get; init; }

    /// <summary>When somebody closed it; null where nobody has.</summary>
    public required DateTimeOffset? ClosedAt { get; init; }

    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public required string State { get; init; }
}

/// <summary>One of the things to choose.</summary>
/// <param name="Choice">Its number, from 1.</param>
/// <param name="Text">Plain text.</param>
/// <param name="Votes">How many chose it.</param>
public sealed record PollOption(int Choice, string Text, long Votes);

/// <summary>A vote as its reader's page shows it.</summary>
/// <param name="Choice">What they chose.</param>
/// <param name="Comment">What they said besides; null: nothing.</param>
public sealed record OwnVote(short Choice, string? Comment);

/// <summary>A vote as it is listed.</summary>
public sealed record VoteReport
{
    /// <summary>Its number: of an anonymous vote a drawn one, else counted up.</summary>
    public long Id { get; init; }

    /// <summary>The reader; null in an anonymous poll, and of one who was erased.</summary>
    public long? Subscriber { get; init; }

    /// <summary>Number of what they chose.</summary>
    public int Choice { get; init; }

    /// <summary>What they said besides; null: nothing.</summary>
    public string? Comment { get; init; }

    /// <summary>When; in an anonymous poll only the day.</summary>
    public DateTimeOffset VotedAt { get; init; }

    /// <summary>When they last changed it; null where they haven't.</summary>
    public DateTimeOffset? ChangedAt { get; init; }
}

/// <summary>What became of a vote.</summary>
public enum Voting
{
    /// <summary>It counts.</summary>
    Counted,

    /// <summary>The poll is closed.</summary>
    Closed,

    /// <summary>There is no such choice.</summary>
    NoSuchChoice,

    /// <summary>The reader was erased, or there is no such poll.</summary>
    Nobody,
}

/// <summary>What a reader's page shows.</summary>
/// <param name="Newsletter">Its name.</param>
/// <param name="Language">Its language.</param>
/// <param name="ReaderLanguage">The reader's own; null where unknown.</param>
/// <param name="TimeZone">IANA zone in which times are shown: the reader's, else the newsletter's.</param>
/// <param name="Poll">The question.</param>
/// <param name="Own">Their vote; null: none yet.</param>
public sealed record VotePage(string Newsletter, string Language, string? ReaderLanguage, string TimeZone, Poll Poll, OwnVote? Own);
