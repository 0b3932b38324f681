namespace Newsletter.Mailer.Audience;

/// <summary>A newsletter as someone asks for it, unchecked. <see cref="NewsletterRules"/> makes a <see cref="NewsletterProfile"/> of it.</summary>
public sealed record NewsletterDraft
{
    public string? Slug { get; init; }

    public string? Name { get; init; }

    public string? FromAddress { get; init; }

    public string? FromName { get; init; }

    public string? ReplyTo { get; init; }

    public string? PostalAddress { get; init; }

    /// <summary>IANA zone; <c>Etc/UTC</c> where absent.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Kept as given; its syntax is the room Scheduling's.</summary>
    public string? Cadence { get; init; }

    /// <summary><c>plain</c> where absent.</summary>
    public string? Theme { get; init; }

    /// <summary><c>en</c> where absent.</summary>
    public string? Language { get; init; }

    /// <summary>Whether readers may have a monthly digest in the place of issues; true where absent.</summary>
    public bool? Digests { get; init; }

    /// <summary>https.</summary>
    public string? PremiumUrl { get; init; }

    /// <summary>Off where absent.</summary>
    public bool? RawHtml { get; init; }

    /// <summary>The theme's own where absent.</summary>
    public NewsletterDesign? Design { get; init; }

    /// <summary>Nothing is measured where absent.</summary>
    public NewsletterMeasuring? Measuring { get; init; }

    /// <summary>Whether search engines may list its archive and editions; true where absent.</summary>
    public bool? Indexed { get; init; }

    /// <summary>What there is, to change some of it.</summary>
    public static NewsletterDraft Of(NewsletterProfile profile) => new()
    {
        Slug = profile.Slug,
        Name = profile.Name,
        FromAddress = profile.FromAddress,
        FromName = profile.FromName,
        ReplyTo = profile.ReplyTo,
        PostalAddress = profile.PostalAddress,
        TimeZone = profile.TimeZone,
        Cadence = profile.Cadence,
        Theme = profile.Theme,
        Language = profile.Language,
        Digests = profile.Digests,
        PremiumUrl = profile.PremiumUrl,
        RawHtml = profile.RawHtml,
        Design = profile.Design,
        Measuring = profile.Measuring,
        Indexed = profile.Indexed,
    };
}
