using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Delivery;

/// <summary>Opens connections to relays. Implemented by the room Smtp; Delivery knows no SMTP library.</summary>
public interface IMailTransport
{
    /// <summary>Connects, secures and logs in, within the relay's time-outs. Never throws for what a network or server can do.</summary>
    Task<ConnectOutcome> ConnectAsync(Relay relay, CancellationToken stop);
}

/// <summary>
/// One open session with a relay, used by one sender at a time. It counts its own messages and age:
/// once <see cref="IsUsable"/> is false the owner disposes of it and asks for another.
/// </summary>
public interface IMailConnection : IAsyncDisposable
{
    /// <summary>False once closed, broken, or at the relay's limit of messages or age for one connection.</summary>
    bool IsUsable { get; }

    /// <summary>
    /// Sends one message to one recipient. Takes no token on purpose: stopping in the middle would close the socket
    /// and make the message's fate unknown (a reply lost after DATA); the relay's time-outs bound it.
    /// Never throws for what a network or server can do: that is an outcome.
    /// </summary>
    Task<SendOutcome> SendAsync(OutgoingMail mail);
}

/// <summary>Finished bytes and their envelope.</summary>
public sealed record OutgoingMail
{
    /// <summary>Envelope sender (MAIL FROM).</summary>
    public required string Sender { get; init; }

    /// <summary>The one envelope recipient (RCPT TO), domain in punycode.</summary>
    public required string Recipient { get; init; }

    /// <summary>The message, whole: headers and body.</summary>
    public required FilledMessage Message { get; init; }

    /// <summary>
    /// What a report about it names it by (ENVID, RFC 3461 §4.4): at most 100 printable characters. Where it is given and the relay offers DSN,
    /// failures and delays are asked for, with the headers only. Null: nothing is asked.
    /// </summary>
    public string? EnvelopeId { get; init; }

    /// <summary>
    /// Awaited before the first byte of the message leaves; the envelope may go ahead of it. False, or a failure: the message is withheld,
    /// and the connection closed where there is no other way back. Null: it may leave at once.
    /// </summary>
    public Task<bool>? Clearance { get; init; }
}
