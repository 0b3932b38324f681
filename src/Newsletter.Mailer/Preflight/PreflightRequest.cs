using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Preflight;

/// <summary>An edition to be looked at, and what is known around it. What is null isn't known, and its checks are not made.</summary>
public sealed record PreflightRequest
{
    /// <summary>The whole file.</summary>
    public required string Source { get; init; }

    /// <summary>The moment of looking.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Whether front matter of another tool is passed over.</summary>
    public bool BodyOnly { get; init; }

    /// <summary>Theme in the place of the edition's and the newsletter's.</summary>
    public string? Theme { get; init; }

    /// <summary>The newsletter it is of; null: one made up from the file, with which no fault is found.</summary>
    public NewsletterProfile? Newsletter { get; init; }

    /// <summary>Root of the links.</summary>
    public Uri PublicUrl { get; init; } = new("https://news.example.com");

    /// <summary>When it goes out, in the newsletter's zone.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>Number it is kept under, for a document that names none.</summary>
    public int? Number { get; init; }

    /// <summary>Attributes that some subscriber has; null accepts every name.</summary>
    public IReadOnlyCollection<string>? KnownAttributes { get; init; }

    /// <summary>The newsletter's segments; null accepts every name.</summary>
    public IReadOnlyList<Segment>? Segments { get; init; }

    /// <summary>What relative paths of images stand for; null where there are none.</summary>
    public PictureBook? Pictures { get; init; }

    /// <summary>Whether its author wants it sent however large it is.</summary>
    public bool SizeForced { get; init; }

    /// <summary>Its readers.</summary>
    public AudienceFacts? Audience { get; init; }

    /// <summary>The newsletter's other editions.</summary>
    public IReadOnlyList<OtherEdition>? Others { get; init; }

    /// <summary>Domains whose keys sign mail; none where no key is set up.</summary>
    public IReadOnlyList<string>? SignedDomains { get; init; }
}

/// <summary>Who would get an edition, and what is not known of them.</summary>
/// <param name="Readers">How many would get it.</param>
/// <param name="Without">Slot (<c>subscriber.first_name</c>) → how many of them have no value for it.</param>
public sealed record AudienceFacts(long Readers, IReadOnlyDictionary<string, long> Without);

/// <summary>Another edition of the newsletter.</summary>
/// <param name="Number">Null of a digest.</param>
/// <param name="Title">Its title.</param>
/// <param name="SendAt">When it went or goes out.</param>
/// <param name="IsPublished">Whether it has gone out.</param>
public sealed record OtherEdition(int? Number, string Title, DateTimeOffset SendAt, bool IsPublished);
