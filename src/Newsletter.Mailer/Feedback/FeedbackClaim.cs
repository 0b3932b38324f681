using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Feedback;

/// <summary>What a report, a mail or a webhook says of one reader, and by what it names them.</summary>
public sealed record FeedbackClaim
{
    /// <summary>What failed; null where the reader leaves.</summary>
    public Failure? Failure { get; init; }

    public string? Status { get; init; }

    public int? ReplyCode { get; init; }

    /// <summary>The server's words.</summary>
    public string? Evidence { get; init; }

    /// <summary>The delivery it speaks of: by a token of ours, or by the Message-ID.</summary>
    public long? IssueId { get; init; }

    /// <summary>Place of the delivery in the issue; null where the token names its reader.</summary>
    public int? Seq { get; init; }

    /// <summary>What ends the Message-ID, and proves it; null where a signed token names the delivery.</summary>
    public string? MessageIdEnd { get; init; }

    /// <summary>Whose unsubscribe link it was.</summary>
    public long? SubscriberId { get; init; }

    public long? NewsletterId { get; init; }

    /// <summary>The recipient that is named.</summary>
    public string? Address { get; init; }

    /// <summary>Whoever says it has shown who they are: a Message-ID or an address alone will do.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>How they leave: <c>mailto</c> or <c>provider</c>.</summary>
    public string LeavesBy { get; init; } = "mailto";

    /// <summary>Something names somebody.</summary>
    public bool NamesSomebody => IssueId is not null || SubscriberId is not null || (IsTrusted && Address is not null);

    /// <summary>The delivery of a Message-ID of ours, <see cref="IssueMessageId"/>; nothing for another's.</summary>
    public FeedbackClaim ByMessageId(string? messageId) =>
        IssueMessageId.TryParse(messageId, out var issue, out var seq, out var end) ? this with { IssueId = issue, Seq = seq, MessageIdEnd = end } : this;
}
