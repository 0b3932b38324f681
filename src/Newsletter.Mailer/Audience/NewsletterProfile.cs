using System.Text.Json.Serialization;

namespace Newsletter.Mailer.Audience;

/// <summary>A publication with its own sender: everything a rendered issue says about who it comes from.</summary>
public sealed record NewsletterProfile
{
    /// <summary>Row id; 0 where there is no database (a preview of a file).</summary>
    public long Id { get; init; }

    /// <summary>Lower-case letters, digits and hyphens; unique; part of public URLs.</summary>
    public required string Slug { get; init; }

    /// <summary>What readers see, for instance in From and in the footer.</summary>
    public required string Name { get; init; }

    /// <summary>The From address, its domain in punycode. Its domain also ends every Message-ID and the List-Id.</summary>
    public required string FromAddress { get; init; }

    /// <summary>Display name of From; <see cref="Name"/> where absent.</summary>
    public string? FromName { get; init; }

    /// <summary>Where answers go; <see cref="FromAddress"/> where absent.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The sender's postal address, lines parted by LF. CAN-SPAM asks for one in every issue: nothing is sent without.</summary>
    public string? PostalAddress { get; init; }

    /// <summary>IANA zone in which schedules and the cadence are read, for instance <c>Europe/Berlin</c>.</summary>
    public string TimeZone { get; init; } = "Etc/UTC";

    /// <summary>When it usually goes out, for instance <c>fridays 08:00</c>; null where every issue is dated by hand.</summary>
    public string? Cadence { get; init; }

    /// <summary>Name of the theme.</summary>
    public string Theme { get; init; } = "plain";

    /// <summary>BCP 47 language of the editions unless one says otherwise.</summary>
    public string Language { get; init; } = "en";

    /// <summary>Whether readers may have a monthly digest in the place of issues. Switched off, whoever has chosen it gets neither.</summary>
    public bool Digests { get; init; } = true;

    /// <summary>Where one becomes a premium reader; null: by answering the mail.</summary>
    public string? PremiumUrl { get; init; }

    /// <summary>Whether raw HTML in editions is sanitised and kept, rather than shown as text.</summary>
    public bool RawHtml { get; init; }

    /// <summary>What it changes about its theme; null: nothing.</summary>
    public NewsletterDesign? Design { get; init; }

    /// <summary>What it wants to know of its readers' reading; null: nothing.</summary>
    public NewsletterMeasuring? Measuring { get; init; }

    /// <summary>An HTML layout of its own in the place of the theme's, in Liquid; null: the theme's. It has a resource of its own.</summary>
    [JsonIgnore]
    public string? Layout { get; init; }

    /// <summary>Whether search engines may list its archive and editions.</summary>
    public bool Indexed { get; init; } = true;

    /// <summary>Domain of <see cref="FromAddress"/>.</summary>
    public string SenderDomain() => FromAddress[(FromAddress.LastIndexOf('@') + 1)..];
}
