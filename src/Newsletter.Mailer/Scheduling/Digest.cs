namespace Newsletter.Mailer.Scheduling;

/// <summary>What became of a newsletter's digest of a month.</summary>
public enum DigestOutcome
{
    /// <summary>There is one: an edition, and soon an issue.</summary>
    Made,

    /// <summary>Nobody had chosen it.</summary>
    NoReaders,

    /// <summary>Nothing had gone out since the last.</summary>
    NoIssues,

    /// <summary>The newsletter has digests switched off.</summary>
    Off,
}

/// <summary>A month as it was decided.</summary>
public sealed record Digest
{
    public long Id { get; init; }

    /// <summary>Slug of the newsletter.</summary>
    public string Newsletter { get; init; } = "";

    /// <summary>First day of the month that had ended.</summary>
    public DateOnly Month { get; init; }

    public DigestOutcome Outcome { get; init; }

    /// <summary>Issues it tells of; of those that nobody was told of, how many there were.</summary>
    public int Issues { get; init; }

    /// <summary>The edition that was made; null where none was, or its draft was deleted.</summary>
    public long? EditionId { get; init; }

    /// <summary>The issue that it was frozen into; null until then.</summary>
    public long? IssueId { get; init; }

    public DateTimeOffset DecidedAt { get; init; }
}

/// <summary>An issue as a digest tells of it.</summary>
public sealed record DigestEntry
{
    public long IssueId { get; init; }

    /// <summary>Number of its edition.</summary>
    public int Number { get; init; }

    public string Title { get; init; } = "";

    /// <summary>Without slots: as it reads to someone of whom nothing is known.</summary>
    public string? Preheader { get; init; }

    /// <summary>Its part of the edition's public URL.</summary>
    public string Slug { get; init; } = "";

    /// <summary><c>free</c> or <c>premium</c>.</summary>
    public string Tier { get; init; } = "free";

    /// <summary>The Date of its mails.</summary>
    public DateTimeOffset SentAt { get; init; }
}

/// <summary>The digest that comes next, as it would be now.</summary>
public sealed record NextDigest
{
    /// <summary>First day of the month it is of.</summary>
    public required DateOnly Month { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    /// <summary>False where the newsletter has digests switched off: then none comes.</summary>
    public required bool Enabled { get; init; }

    /// <summary>How many have chosen it.</summary>
    public required long Readers { get; init; }

    /// <summary>What it would tell of, newest first.</summary>
    public required IReadOnlyList<DigestEntry> Issues { get; init; }
}

/// <summary>A month of a newsletter that is to be decided.</summary>
/// <param name="NewsletterId">Of the newsletter.</param>
/// <param name="Month">First day of the month that has ended.</param>
/// <param name="DueAt">When it was to be decided.</param>
/// <param name="Began">When the month began: where there was no digest before, nothing older is told of.</param>
/// <param name="Now">The database's clock.</param>
public sealed record DueDigest(long NewsletterId, DateOnly Month, DateTimeOffset DueAt, DateTimeOffset Began, DateTimeOffset Now);

/// <summary>A digest as an edition that can be kept.</summary>
/// <param name="Slug">Its part of the edition's public URL.</param>
/// <param name="Title">What stands above the text.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Preheader">The line that mail clients show beside the subject.</param>
/// <param name="Source">The whole document.</param>
public sealed record WrittenDigest(string Slug, string Title, string Subject, string Preheader, string Source);
