namespace Newsletter.Mailer.Inbox;

/// <summary>What MAIL and RCPT said of the message to come (RFC 5321 §3.3).</summary>
internal sealed class Envelope(string sender, string parameters)
{
    public string Sender => sender;

    public string Parameters => parameters;

    public List<string> Recipients { get; } = [];

    public List<string> RecipientParameters { get; } = [];

    /// <summary>MAIL said SMTPUTF8, so addresses may be beyond ASCII (RFC 6531 §3.4).</summary>
    public bool IsUtf8 { get; init; }

    /// <summary>A BDAT chunk has arrived: DATA would come too late (RFC 3030 §2).</summary>
    public bool IsChunked { get; set; }
}
