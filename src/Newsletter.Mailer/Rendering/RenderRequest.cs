using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Rendering;

/// <summary>Everything an edition's look depends on. The same request always gives the same bytes.</summary>
public sealed record RenderRequest
{
    /// <summary>The edition as read.</summary>
    public required EditionDocument Edition { get; init; }

    /// <summary>The publication it is of.</summary>
    public required NewsletterProfile Newsletter { get; init; }

    /// <summary>Root of every link of ours, for instance <c>https://news.example.com</c>.</summary>
    public required Uri PublicUrl { get; init; }

    /// <summary>The moment of sending. Its own date (in its own offset) is printed where the edition has none.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>
    /// Attributes that at least one subscriber of the newsletter has: the known X of <c>subscriber.attributes.X</c>.
    /// Null accepts every name, for a file that is looked at where there are no subscribers.
    /// </summary>
    public IReadOnlyCollection<string>? KnownAttributes { get; init; } = [];

    /// <summary>
    /// Whether it goes to readers whose clicks are counted where the newsletter wants that: the issue itself. In a test or a preview, which are of no issue,
    /// links lead straight to where they lead.
    /// </summary>
    public bool IsMeasured { get; init; }

    /// <summary>Whether the edition will stand on the web: the mail links to it. Not so where a file is looked at that is kept nowhere.</summary>
    public bool HasWebEdition { get; init; }

    /// <summary>The newsletter's segments: what <c>:::only</c> may name. Null accepts every name, for a file that is looked at where there are none.</summary>
    public IReadOnlyList<Segment>? Segments { get; init; } = [];

    /// <summary>What relative paths of images stand for. Null where there are no pictures of ours: images are then shown by whole addresses only.</summary>
    public PictureBook? Pictures { get; init; }
}
