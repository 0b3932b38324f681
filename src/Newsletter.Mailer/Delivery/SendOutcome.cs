namespace Newsletter.Mailer.Delivery;

/// <summary>A relay's answer: the three-digit code, the enhanced status (RFC 3463) where given, and the text on one line.</summary>
/// <param name="Code">Three digits (RFC 5321 §4.2); 0 where the connection failed before any reply.</param>
/// <param name="EnhancedStatus"><c>5.1.1</c> and the like; null where the relay gave none.</param>
/// <param name="Text">The text without code and status, lines joined by a space, control characters removed, at most 500 characters.</param>
public sealed record SmtpReply(int Code, string? EnhancedStatus, string Text)
{
    public override string ToString() => EnhancedStatus is null ? $"{Code} {Text}" : $"{Code} {EnhancedStatus} {Text}";
}

/// <summary>What became of one attempt. Which reply makes which outcome is decided in one place, <c>Smtp.ReplySorting</c>.</summary>
public abstract record SendOutcome
{
    private SendOutcome()
    {
    }

    /// <summary>Any 2xx to the message. The relay has it; that is all we know.</summary>
    /// <param name="Reply">As given.</param>
    /// <param name="QueueId">The relay's own name for the message where its reply shows one.</param>
    public sealed record Accepted(SmtpReply Reply, string? QueueId) : SendOutcome;

    /// <summary>4xx at RCPT or DATA: this recipient, for now.</summary>
    /// <param name="Reply">As given.</param>
    /// <param name="Throttled">4.7.x or a known throttling text: the pace should drop. A plain 450 is greylisting and leaves it.</param>
    public sealed record Deferred(SmtpReply Reply, bool Throttled) : SendOutcome;

    /// <summary>5xx at RCPT or DATA, or a message this relay can't take (SMTPUTF8 missing, larger than SIZE): this recipient, for good.</summary>
    /// <param name="Reply">As given, or our own words with code 0.</param>
    /// <param name="At">What it answered.</param>
    public sealed record Rejected(SmtpReply Reply, RejectedAt At) : SendOutcome
    {
        /// <summary>Whom the reply speaks of, once <see cref="IRejectionSorting"/> has read it; null until then, and where it was no relay's.</summary>
        public Failure? Failure { get; init; }
    }

    /// <summary>The connection was lost, or timed out, after the last byte of DATA and before the reply (RFC 1047).</summary>
    public sealed record Unknown(string Reason) : SendOutcome;

    /// <summary>The relay's fault, surely before acceptance: connection lost earlier, 421, MAIL FROM 4xx. The recipient counts no attempt.</summary>
    /// <param name="Reason">For people.</param>
    /// <param name="AtEndOfData">The 421 answered the final dot: a message that does this every time is a poison message.</param>
    /// <param name="Throttled">The reply asks for a slower pace: 4.7.x or a known throttling text.</param>
    public sealed record RelayFault(string Reason, bool AtEndOfData, bool Throttled = false) : SendOutcome;

    /// <summary>No byte of it left: it was not cleared (<see cref="OutgoingMail.Clearance"/>), or not in time. It says nothing of the relay or the recipient.</summary>
    public sealed record Withheld : SendOutcome;

    /// <summary>MAIL FROM 5xx: our sender's fault; the issue pauses, no recipient fails.</summary>
    public sealed record SenderRefused(SmtpReply Reply) : SendOutcome;

    /// <summary>530 or 535 in mid-session: our credentials there are wrong.</summary>
    public sealed record CredentialsRefused(SmtpReply Reply) : SendOutcome;
}

/// <summary>What a 5xx answered.</summary>
public enum RejectedAt
{
    /// <summary>MAIL FROM, and could only speak of this message.</summary>
    Sender,

    /// <summary>RCPT.</summary>
    Recipient,

    /// <summary>DATA, or the message itself.</summary>
    Message,
}

/// <summary>What became of an attempt to open a connection.</summary>
public abstract record ConnectOutcome
{
    private ConnectOutcome()
    {
    }

    public sealed record Connected(IMailConnection Connection) : ConnectOutcome;

    /// <summary>Refused, timed out, closed, 421, TLS failed or not offered.</summary>
    /// <param name="Reason">For people: what was tried, what came back, what to do.</param>
    public sealed record Unavailable(string Reason) : ConnectOutcome;

    /// <summary>535 and its like at AUTH: waiting won't help.</summary>
    public sealed record CredentialsRefused(string Reason) : ConnectOutcome;
}
