namespace Newsletter.Mailer.Editions;

/// <summary>Where an edition stands.</summary>
public enum EditionState
{
    /// <summary>Being written.</summary>
    Draft,

    /// <summary>Goes out at its time by itself.</summary>
    Scheduled,

    /// <summary>Waits for a person, with a reason.</summary>
    Held,

    /// <summary>Frozen into an issue; never changes again.</summary>
    Published,
}

/// <summary>Who writes an edition, and for whom.</summary>
public enum EditionKind
{
    /// <summary>Its author, for the newsletter's readers.</summary>
    Issue,

    /// <summary>The program, once a month, for those who chose it in the place of issues.</summary>
    Digest,
}

/// <summary>An edition as it is kept. What its front matter says is repeated in columns, so that lists need not parse.</summary>
public sealed record Edition
{
    public required long Id { get; init; }

    public required long NewsletterId { get; init; }

    /// <summary>Slug of its newsletter.</summary>
    public required string Newsletter { get; init; }

    public EditionKind Kind { get; init; }

    /// <summary>Unique in the newsletter, from 0; null of a digest.</summary>
    public required int? Number { get; init; }

    /// <summary>Unique in the newsletter; part of its public URL.</summary>
    public required string Slug { get; init; }

    public required string Title { get; init; }

    /// <summary>The subject as written, slots unread.</summary>
    public required string Subject { get; init; }

    public string? Preheader { get; init; }

    public string? Author { get; init; }

    /// <summary><c>free</c> (everyone) or <c>premium</c> (premium readers only).</summary>
    public required string Tier { get; init; }

    /// <summary>The whole document as the author gave it, front matter included; empty in lists.</summary>
    public string Source { get; init; } = "";

    public required EditionState State { get; init; }

    /// <summary>Why a person must look at it; only while held.</summary>
    public string? HeldReason { get; init; }

    /// <summary>When it goes out, UTC; null unless it has a time.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>The same as the author said it: local time of <see cref="SendZone"/>.</summary>
    public DateTime? SendLocal { get; init; }

    /// <summary>IANA zone of <see cref="SendLocal"/>.</summary>
    public string? SendZone { get; init; }

    /// <summary>Rises by one with every change of the source, from 1.</summary>
    public required int Revision { get; init; }

    /// <summary>The revision that is sent however large it is, because its author said so; null: none.</summary>
    public int? SizeForcedRevision { get; init; }

    /// <summary>The issue it was frozen into; null until then.</summary>
    public long? IssueId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Which editions to list; null means any.</summary>
public sealed record EditionFilter
{
    /// <summary>Slug of the newsletter.</summary>
    public string? Newsletter { get; init; }

    public EditionState? State { get; init; }

    public EditionKind? Kind { get; init; }
}

/// <summary>What became of an attempt to write an edition.</summary>
public abstract record EditionChange
{
    private EditionChange()
    {
    }

    public sealed record Saved(Edition Edition) : EditionChange;

    /// <summary>The document can't be read; every error with its line.</summary>
    public sealed record Unreadable(IReadOnlyList<FrontMatterError> Errors) : EditionChange;

    /// <summary>Neither the request nor the front matter names a newsletter.</summary>
    public sealed record NewsletterMissing : EditionChange;

    /// <summary>There is no newsletter of this slug.</summary>
    public sealed record NewsletterUnknown(string Slug) : EditionChange;

    /// <summary>The document names another newsletter than the one it is meant for.</summary>
    public sealed record NewsletterDiffers(string InDocument, string Expected) : EditionChange;

    public sealed record NumberTaken(int Number) : EditionChange;

    public sealed record SlugTaken(string Slug) : EditionChange;

    /// <summary>Numbers are for editions that an author writes.</summary>
    public sealed record DigestHasNoNumber : EditionChange;

    public sealed record NoSuchEdition : EditionChange;

    /// <summary>It can't be changed in this state.</summary>
    public sealed record WrongState(EditionState State) : EditionChange;

    /// <summary>Someone else changed it since: it is at <paramref name="Revision"/> now.</summary>
    public sealed record Stale(int Revision) : EditionChange;
}

/// <summary>What became of an attempt to delete an edition.</summary>
public enum EditionDeletion
{
    Deleted,
    NoSuchEdition,

    /// <summary>Only drafts can be deleted.</summary>
    NotADraft,
}
