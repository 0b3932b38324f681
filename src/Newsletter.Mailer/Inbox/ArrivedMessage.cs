namespace Newsletter.Mailer.Inbox;

/// <summary>A message at the moment the inbox takes it, before its sender is told so.</summary>
/// <param name="Number">Counted from 1 in the order of arrival; the queue id in the reply.</param>
/// <param name="At">When its last byte had arrived.</param>
/// <param name="Connection">The connection it came by, counted from 1.</param>
/// <param name="Sender">The sender of the envelope; empty for the null sender.</param>
/// <param name="Recipients">The recipients of the envelope, as accepted.</param>
/// <param name="MessageId">With its angle brackets; empty when there is none.</param>
/// <param name="Sha256">Of the message as its sender meant it (dots unstuffed, last CRLF included), 64 lower-case hex digits.</param>
/// <param name="Size">In bytes.</param>
public sealed record ArrivedMessage(
    long Number,
    DateTimeOffset At,
    int Connection,
    string Sender,
    IReadOnlyList<string> Recipients,
    string MessageId,
    string Sha256,
    long Size);
