using Newsletter.Mailer.Audience.Segments;

namespace Newsletter.Mailer.Rendering;

/// <summary>
/// One thing that decides what a reader sees of an edition: whether they are a premium reader, or whether they are in a segment.
/// Each has a yes and a no; the answers together make the variant.
/// </summary>
public abstract record VariantQuestion
{
    private VariantQuestion()
    {
    }

    /// <summary>What the answer yes is called: <c>premium</c>, or the segment's slug.</summary>
    public abstract string Name { get; }

    /// <summary>Is the reader's tier premium?</summary>
    public sealed record Premium : VariantQuestion
    {
        public override string Name => "premium";
    }

    /// <summary>Is the reader in this segment?</summary>
    /// <param name="Segment">As it is now; the freeze keeps its filter.</param>
    public sealed record InSegment(Segment Segment) : VariantQuestion
    {
        public override string Name => Segment.Slug;

        public bool Equals(InSegment? other) => other?.Segment.Slug == Segment.Slug;

        public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Segment.Slug);
    }

    /// <summary>The reader's answer.</summary>
    /// <param name="reader">Whose <see cref="Recipient.Tier"/> and <see cref="Recipient.Segments"/> are known.</param>
    public bool IsTrueOf(Recipient reader) => this switch
    {
        Premium => reader.Tier == "premium",
        InSegment(var segment) => reader.Segments?.Any(segment.IsCalled) == true,
        _ => false,
    };
}
