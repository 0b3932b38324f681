using System.Text.Json.Serialization;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>An edition as JSON; where both are given, <see cref="Newsletter"/> and the front matter must agree.</summary>
public sealed record EditionRequest
{
    /// <summary>Slug of the newsletter; absent where the front matter says it.</summary>
    public string? Newsletter { get; init; }

    /// <summary>The whole document: YAML front matter between lines of <c>---</c>, Markdown below.</summary>
    public string? Source { get; init; }

    /// <summary>On PUT: the revision the change started from; absent: whichever it is at.</summary>
    public int? Revision { get; init; }
}

/// <summary>When an edition goes out.</summary>
/// <param name="At">Local time as the author gave it.</param>
/// <param name="Zone">IANA zone of <paramref name="At"/>.</param>
/// <param name="SendAt">The same, UTC.</param>
public sealed record EditionTime(DateTime At, string Zone, DateTimeOffset SendAt);

/// <summary>An edition as the API shows it.</summary>
public sealed record EditionAnswer
{
    public required long Id { get; init; }

    /// <summary>Slug of its newsletter.</summary>
    public required string Newsletter { get; init; }

    /// <summary><c>issue</c>, or <c>digest</c>: written by the program.</summary>
    public required EditionKind Kind { get; init; }

    /// <summary>Null of a digest.</summary>
    public required int? Number { get; init; }

    public required string Slug { get; init; }

    public required string Title { get; init; }

    public required string Subject { get; init; }

    public string? Preheader { get; init; }

    public string? Author { get; init; }

    public required string Tier { get; init; }

    public required EditionState State { get; init; }

    /// <summary>Why a person must look at it; only while held.</summary>
    public string? HeldReason { get; init; }

    /// <summary>Null unless it has a time.</summary>
    public EditionTime? Schedule { get; init; }

    /// <summary>What is worth a look; only in the answer to publishing it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FindingAnswer>? Warnings { get; init; }

    /// <summary>Rises by one with every change; also the ETag.</summary>
    public required int Revision { get; init; }

    /// <summary>The issue it was frozen into; null until it is published.</summary>
    public long? IssueId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The whole document; absent in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    internal static EditionAnswer Of(Edition edition) => Summary(edition) with { Source = edition.Source };

    internal static EditionAnswer Summary(Edition edition) => new()
    {
        Id = edition.Id,
        Newsletter = edition.Newsletter,
        Kind = edition.Kind,
        Number = edition.Number,
        Slug = edition.Slug,
        Title = edition.Title,
        Subject = edition.Subject,
        Preheader = edition.Preheader,
        Author = edition.Author,
        Tier = edition.Tier,
        State = edition.State,
        HeldReason = edition.HeldReason,
        Schedule = edition is { SendAt: { } at, SendLocal: { } local, SendZone: { } zone } ? new EditionTime(local, zone, at) : null,
        Revision = edition.Revision,
        IssueId = edition.IssueId,
        CreatedAt = edition.CreatedAt,
        UpdatedAt = edition.UpdatedAt,
    };
}
