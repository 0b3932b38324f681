namespace Newsletter.Mailer.Inbox;

/// <summary>One reply of the inbox (RFC 5321 §4.2).</summary>
/// <param name="Code">Three digits, 200 to 599.</param>
/// <param name="Text">What follows the code; several lines are separated by <c>\n</c>. ASCII.</param>
/// <param name="Enhanced">The enhanced status code (RFC 3463), left out where the inbox doesn't offer them.</param>
public sealed record InboxReply(int Code, string Text, string? Enhanced = null)
{
    /// <summary>The command was accepted.</summary>
    public bool IsPositive => Code is >= 200 and < 300;

    /// <summary>The client broke the protocol, rather than meeting a refusal (RFC 5321 §4.2.4 and 555 of §4.1.1.11).</summary>
    internal bool IsProtocolError => Code is >= 500 and <= 504 or 555;

    internal static readonly InboxReply Ok = new(250, "Ok", "2.0.0");
    internal static readonly InboxReply SenderOk = new(250, "Sender ok", "2.1.0");
    internal static readonly InboxReply RecipientOk = new(250, "Recipient ok", "2.1.5");
    internal static readonly InboxReply StartMail = new(354, "End with a dot on a line of its own");
    internal static readonly InboxReply Bye = new(221, "Bye", "2.0.0");
    internal static readonly InboxReply CannotVerify = new(252, "Send to it and see", "2.1.5");
    internal static readonly InboxReply Help = new(214, "EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT", "2.0.0");
    internal static readonly InboxReply ReadyForTls = new(220, "Ready to start TLS", "2.0.0");
    internal static readonly InboxReply Authenticated = new(235, "Authenticated", "2.7.0");
    internal static readonly InboxReply Unknown = new(500, "Command not known", "5.5.2");
    internal static readonly InboxReply LineTooLong = new(500, "Line too long", "5.5.2");
    internal static readonly InboxReply BareLineFeed = new(500, "Lines end with CRLF", "5.5.2");
    internal static readonly InboxReply NotOffered = new(502, "Not offered here", "5.5.1");
    internal static readonly InboxReply NoParameters = new(501, "This command takes no parameter", "5.5.4");
    internal static readonly InboxReply PipeliningNotOffered = new(503, "PIPELINING was not offered: wait for each reply", "5.5.1");
    internal static readonly InboxReply AuthenticationRequired = new(530, "Authentication required", "5.7.0");
    internal static readonly InboxReply TlsRequired = new(530, "Must issue STARTTLS first", "5.7.0");
    internal static readonly InboxReply BadCredentials = new(535, "Authentication credentials invalid", "5.7.8");
    internal static readonly InboxReply TooManyRecipients = new(452, "Too many recipients", "4.5.3");
    internal static readonly InboxReply TooLarge = new(552, "Message size exceeds the fixed maximum", "5.3.4");
    internal static readonly InboxReply EightBitNotOffered = new(554, "8-bit text, and 8BITMIME was not offered", "5.6.1");
    internal static readonly InboxReply NoRecipients = new(554, "No valid recipients", "5.5.1");
    internal static readonly InboxReply TooManyErrors = new(421, "Too many errors", "4.7.0");
    internal static readonly InboxReply TooManyCommands = new(421, "Too many commands without a message", "4.7.0");
    internal static readonly InboxReply TooManyConnections = new(421, "Too many connections", "4.3.2");
    internal static readonly InboxReply Idle = new(421, "Idle for too long", "4.4.2");
    internal static readonly InboxReply Stopping = new(421, "Shutting down", "4.3.2");

    internal static InboxReply BadSequence(string text) => new(503, text, "5.5.1");

    internal static InboxReply Syntax(string text) => new(501, text, "5.5.4");

    internal static InboxReply Queued(long number) => new(250, $"Ok: queued as {number}", "2.0.0");
}
