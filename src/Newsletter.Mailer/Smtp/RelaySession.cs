using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MimeKit;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Smtp;

/// <summary>One open conversation: the client, the stream under it, and what becomes of what is said.</summary>
internal sealed class RelaySession(Relay relay, FinishedBytesClient client, RelayStream stream, IMessageSigner? signer = null) : IAsyncDisposable
{
    private static readonly TimeSpan QuitTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(10);

    private MailboxAddress? _sender;

    /// <summary>As far as can be known without asking.</summary>
    public bool IsConnected => client.IsConnected;

    /// <summary>The relay has closed, or said something unasked.</summary>
    public bool HasUnaskedInput => client.IsConnected && stream.HasUnaskedInput();

    /// <summary>The version of TLS; null: the conversation is not encrypted.</summary>
    public SslProtocols? Tls => client.IsSecure ? client.SslProtocol : null;

    /// <summary>It announces itself by that name.</summary>
    public string HeloName => client.LocalDomain ?? "";

    /// <summary>The relay has that extension.</summary>
    public bool Offers(SmtpCapabilities capability) => client.Capabilities.HasFlag(capability);

    /// <summary>Asks with NOOP whether the relay is still there.</summary>
    public async Task<bool> IsAliveAsync()
    {
        if (!client.IsConnected)
            return false;
        using var limit = new CancellationTokenSource(relay.CommandTimeout < CheckTimeout ? relay.CommandTimeout : CheckTimeout);
        try
        {
            await client.NoOpAsync(limit.Token);
            return true;
        }
        catch (Exception e) when (IsNetworkOrServer(e) || e is OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// One transaction; what this relay can't take is refused in our own words before anything is sent.
    /// No token: cancelling closes the socket, and a message in flight becomes unknown.
    /// </summary>
    public async Task<SendOutcome> SendAsync(OutgoingMail mail)
    {
        if (Sender(mail.Sender) is not { } sender || Envelope(mail.Recipient) is not { } recipient)
            return Refused("The sender's or the recipient's address can't be written in an SMTP command.");
        if (signer is not null)
            mail = mail with { Message = signer.Sign(mail.Message) };
        var smtpUtf8 = NeedsSmtpUtf8(mail);
        var eightBit = FinishedMessage.HasEightBit(mail.Message);
        if (Refusal(mail, smtpUtf8, eightBit) is { } words)
            return Refused(words);

        client.EnvelopeId = mail.EnvelopeId;
        using var message = FinishedMessage.Create(mail.Message, eightBit, stream.MessageWritten, mail.Clearance);
        return await SendAsync(message, mail.Message.Length, sender, recipient, smtpUtf8);
    }

    private string? Refusal(OutgoingMail mail, bool smtpUtf8, bool eightBit)
    {
        if (smtpUtf8 && !(Offers(SmtpCapabilities.UTF8) && Offers(SmtpCapabilities.EightBitMime)))
            return $"The address has non-ASCII characters before the @, and the relay {relay.Name} offers no SMTPUTF8 (RFC 6531).";
        if (client.MaxSize > 0 && mail.Message.Length > client.MaxSize)
            return $"The message has {mail.Message.Length} bytes, and the relay {relay.Name} takes no more than {client.MaxSize} (SIZE, RFC 1870).";
        if (eightBit && !Offers(SmtpCapabilities.EightBitMime))
            return $"The message has bytes above 127, and the relay {relay.Name} offers no 8BITMIME (RFC 6152).";
        return null;
    }

    private async Task<SendOutcome> SendAsync(FinishedMessage message, long length, MailboxAddress sender, MailboxAddress recipient, bool smtpUtf8)
    {
        stream.BeginMessage();
        client.MessageLength = length;
        try
        {
            var format = smtpUtf8 ? FinishedMessage.FormatForSmtpUtf8 : FinishedMessage.Format;
            var text = await client.SendAsync(format, message, sender, [recipient], CancellationToken.None);
            return ReplySorting.Sort(SmtpStep.EndOfMessage, ReplyReading.Read(250, text));
        }
        catch (SmtpCommandException refusal)
        {
            return ReplySorting.Sort(Step(refusal.ErrorCode), ReplyReading.Read(refusal), smtpUtf8);
        }
        catch (ServiceNotAuthenticatedException refusal)
        {
            return ReplySorting.Sort(SmtpStep.MailFrom, ReplyReading.Read(530, refusal.Message));
        }
        catch (WithheldException)
        {
            return new SendOutcome.Withheld();
        }
        catch (Exception e) when (IsNetworkOrServer(e))
        {
            return ReplySorting.Lost(stream.EndOfMessageSent, stream.EndOfMessageSent
                ? $"No reply from the relay {relay} after the whole message was sent: {Words(e)}."
                : $"Lost the relay {relay} before it had the whole message: {Words(e)}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using (client)
        {
            if (!client.IsConnected)
                return;
            using var limit = new CancellationTokenSource(QuitTimeout);
            // MailKit keeps to itself what goes wrong with a QUIT, and closes the stream in any case.
            await client.DisconnectAsync(quit: true, limit.Token);
        }
    }

    internal static bool IsNetworkOrServer(Exception e) =>
        e is IOException or SocketException or ProtocolException or CommandException or ServiceNotConnectedException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException;

    internal static string Words(Exception e) => e switch
    {
        SmtpProtocolException when e.Message.Contains("disconnected", StringComparison.Ordinal) => "it closed the connection",
        SmtpProtocolException => $"it doesn't speak SMTP ({ReplyReading.OneLine(e.Message).TrimEnd('.')})",
        _ => ReplyReading.OneLine(e.Message).TrimEnd('.'),
    };

    private static SmtpStep Step(SmtpErrorCode code) => code switch
    {
        SmtpErrorCode.SenderNotAccepted => SmtpStep.MailFrom,
        SmtpErrorCode.RecipientNotAccepted => SmtpStep.RcptTo,
        SmtpErrorCode.MessageNotAccepted => SmtpStep.EndOfMessage,
        _ => SmtpStep.Data,
    };

    private static bool NeedsSmtpUtf8(OutgoingMail mail) =>
        mail.Message.RequiresSmtpUtf8 || !Ascii.IsValid(mail.Recipient) || !Ascii.IsValid(mail.Sender);

    private static SendOutcome.Rejected Refused(string words) => new(new SmtpReply(0, null, words), RejectedAt.Message);

    private MailboxAddress? Sender(string address) => _sender?.Address == address ? _sender : _sender = Envelope(address);

    /// <summary>Null where MimeKit would not write the address exactly as given (a comment, a control character, no address at all).</summary>
    private static MailboxAddress? Envelope(string address)
    {
        try
        {
            var mailbox = new MailboxAddress(null, address);
            return mailbox.GetAddress(idnEncode: true) == address ? mailbox : null;
        }
        catch (ParseException)
        {
            return null;
        }
    }
}
