namespace Newsletter.Mailer.Rendering;

/// <summary>The one reader a message is filled for: the values of every slot that differs from reader to reader.</summary>
public sealed record Recipient
{
    /// <summary>The address as it goes into To and RCPT: domain in punycode, local part as the reader gave it.</summary>
    public required string Address { get; init; }

    /// <summary>Message-ID without angle brackets. The same for every copy of this message.</summary>
    public required string MessageId { get; init; }

    /// <summary>HTTPS URL that unsubscribes this reader (RFC 8058 §3.1).</summary>
    public required string UnsubscribeUrl { get; init; }

    /// <summary>Names this delivery in the address that a mail to leave is sent to; needed where the issue has one (<see cref="CompiledMessage.HasLeaveAddress"/>).</summary>
    public string? LeaveToken { get; init; }

    /// <summary>Names the reader and the issue in measured links; needed where the issue counts who follows them (<see cref="CompiledMessage.MeasuresReaders"/>).</summary>
    public string? ClickToken { get; init; }

    /// <summary>Names the reader and the issue in the links of polls; needed where the issue has any (<see cref="CompiledMessage.HasPolls"/>).</summary>
    public string? VoteToken { get; init; }

    /// <summary>Names the reader and the issue in the link to their own copy; needed where the issue has it (<see cref="CompiledMessage.LinksToCopies"/>).</summary>
    public string? CopyToken { get; init; }

    /// <summary>Full name as the reader or the import gave it; null where unknown.</summary>
    public string? Name { get; init; }

    /// <summary>The attribute <c>first_name</c>, else the first word of <see cref="Name"/>; null where unknown.</summary>
    public string? FirstName { get; init; }

    /// <summary><c>free</c> or <c>premium</c>.</summary>
    public string Tier { get; init; } = "free";

    /// <summary>Slugs or names of the segments the reader is in, where a variant is to be found for one reader; null elsewhere: the freeze has decided.</summary>
    public IReadOnlyCollection<string>? Segments { get; init; }

    /// <summary>BCP 47 language of the reader; null where unknown.</summary>
    public string? Language { get; init; }

    /// <summary>Free attributes by name, as text; <see langword="null"/> where the issue uses none.</summary>
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
}
