namespace Newsletter.Mailer.Inbox;

/// <summary>A message the inbox kept.</summary>
public sealed record ReceivedMessage
{
    /// <summary>Counted from 1 in the order of arrival; the queue id in the reply.</summary>
    public required long Number { get; init; }

    /// <summary>When its last byte had arrived, to the millisecond, UTC.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The sender of the envelope; empty for the null sender.</summary>
    public required string Sender { get; init; }

    /// <summary>The recipients of the envelope, as accepted.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }

    /// <summary>The decoded Subject; empty when there is none.</summary>
    public required string Subject { get; init; }

    /// <summary>The Message-ID as it stands in the header, with its angle brackets; empty when there is none.</summary>
    public required string MessageId { get; init; }

    /// <summary>SHA-256 of the message as its sender meant it (dots unstuffed, last CRLF included), 64 lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the message.</summary>
    public required long Size { get; init; }

    /// <summary>Whether its bytes are still there.</summary>
    public required bool BodyKept { get; init; }
}

/// <summary>The bytes of a message and what its sender said around them; kept for the latest messages only.</summary>
public sealed record ReceivedBody
{
    /// <summary>The message: dots unstuffed, last CRLF included.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>The connection it came by, counted from 1.</summary>
    public required int Connection { get; init; }

    /// <summary>The name the client gave at EHLO or HELO.</summary>
    public required string ClientName { get; init; }

    /// <summary>Whether the connection was secured by TLS.</summary>
    public required bool Secured { get; init; }

    /// <summary>The user the client had authenticated as; null: nobody.</summary>
    public required string? User { get; init; }

    /// <summary>Whether it came by BDAT rather than DATA.</summary>
    public required bool Chunked { get; init; }

    /// <summary>What followed the path in MAIL FROM, such as <c>SIZE=1024 BODY=8BITMIME</c>.</summary>
    public required string MailParameters { get; init; }

    /// <summary>What followed the path in each RCPT TO, in the order of the recipients.</summary>
    public required IReadOnlyList<string> RecipientParameters { get; init; }
}

/// <summary>All messages that came with one Message-ID.</summary>
/// <param name="MessageId">With its angle brackets.</param>
/// <param name="Copies">In the order of arrival.</param>
public sealed record MessageCopies(string MessageId, IReadOnlyList<ReceivedMessage> Copies)
{
    /// <summary>Whether every copy is byte for byte the first.</summary>
    public bool HashesAgree => Copies.All(copy => copy.Sha256 == Copies[0].Sha256);
}

/// <summary>A page of the list, newest first.</summary>
/// <param name="Messages">The messages of this page.</param>
/// <param name="Total">How many match on all pages.</param>
/// <param name="HasNewer">Whether some that match are newer than the first here.</param>
/// <param name="HasOlder">Whether some that match are older than the last here.</param>
public sealed record InboxPage(IReadOnlyList<ReceivedMessage> Messages, long Total, bool HasNewer, bool HasOlder);
