using MailKit;
using MailKit.Net.Smtp;
using MimeKit;

namespace Newsletter.Mailer.Smtp;

/// <summary>MailKit's client, told to send our bytes as they are.</summary>
internal sealed class FinishedBytesClient(IProtocolLogger protocolLog, bool useChunking) : SmtpClient(protocolLog)
{
    /// <summary>Exact length of the message about to be sent. MailKit would serialise the whole message a second time to find it.</summary>
    public long MessageLength { get; set; }

    /// <summary>RFC 3461: what reports call the message about to be sent by; null: none are asked for.</summary>
    public string? EnvelopeId
    {
        get;
        set
        {
            field = value;
            DeliveryStatusNotificationType = value is null ? DeliveryStatusNotificationType.Unspecified : DeliveryStatusNotificationType.HeadersOnly;
        }
    }

    /// <summary>RFC 3030. <see cref="MessageLength"/> has to be exact for it, and is.</summary>
    protected override bool PreferSendAsBinaryData => useChunking && Capabilities.HasFlag(SmtpCapabilities.Chunking);

    protected override string? GetEnvelopeId(MimeMessage message) => EnvelopeId;

    // MailKit adds ORCPT where this is given, and all of it only where the relay offers DSN.
    protected override DeliveryStatusNotification? GetDeliveryStatusNotifications(MimeMessage message, MailboxAddress mailbox) =>
        EnvelopeId is null ? null : DeliveryStatusNotification.Failure | DeliveryStatusNotification.Delay;

    protected override long GetSize(FormatOptions options, MimeMessage message, CancellationToken cancellationToken) => MessageLength;

    protected override Task<long> GetSizeAsync(FormatOptions options, MimeMessage message, CancellationToken cancellationToken) =>
        Task.FromResult(MessageLength);

    protected override void Prepare(FormatOptions options, MimeMessage message, EncodingConstraint constraint, int maxLineLength)
    {
        // The bytes are final: nothing is re-encoded, no header is looked at.
    }
}
