using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Feedback.Webhooks;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Webhooks;

/// <summary>A desk that takes webhooks, and providers that sign them.</summary>
public abstract class WebhookTest : FeedbackTest
{
    private const string Secret = "a secret of twenty-six chars";
    protected const string Topic = "arn:aws:sns:eu-central-1:123456789012:bounces";
    protected const string CertificateUrl = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-test.pem";

    private readonly RSA _amazon = RSA.Create(2048);
    private readonly ECDsa _sendGrid = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>What was asked of Amazon, by address.</summary>
    protected ConcurrentQueue<string> Fetched { get; } = [];

    protected WebhookIntake Intake { get; private set; } = null!;

    protected WebhookDesk Desk { get; private set; } = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Intake = new WebhookIntake(Store);
        Desk = new WebhookDesk(
            new WebhookOptions
            {
                SesTopics = [Topic],
                SendGridPublicKey = Convert.ToBase64String(_sendGrid.ExportSubjectPublicKeyInfo()),
                PostmarkSecret = Secret,
                MailgunSigningKey = Secret,
                SparkPostSecret = Secret,
                GenericSecret = Secret,
            },
            Intake, Room.Keys, ReturnedMails.Paths, TimeProvider.System, FetchAsync);
    }

    public override async Task DisposeAsync()
    {
        await Intake.DisposeAsync();
        _amazon.Dispose();
        _sendGrid.Dispose();
        await base.DisposeAsync();
    }

    protected async Task<WebhookRequest> BounceAsync(string provider, ReturnedMails mails, int seq, string id, DateTimeOffset? at = null)
    {
        var (message, sender, reader) = ($"<{await mails.MessageIdOf(seq)}>", await mails.SenderOf(seq), $"reader{seq}@example.net");
        const string Said = "550 5.1.1 The email account that you tried to reach does not exist.";
        return provider switch
        {
            "ses" => Sns("Notification", JsonSerializer.Serialize(new
            {
                notificationType = "Bounce",
                bounce = new { bounceType = "Permanent", bounceSubType = "General", bouncedRecipients = new[] { new { emailAddress = reader, diagnosticCode = $"smtp; {Said}" } } },
                mail = new { messageId = $"ses-{seq}", source = sender },
            }), id, at),
            "sendgrid" => SendGrid(JsonSerializer.Serialize(new[] { new Dictionary<string, string>(StringComparer.Ordinal) { ["event"] = "bounce", ["email"] = reader, ["sg_event_id"] = id, ["smtp-id"] = message, ["reason"] = Said, ["type"] = "bounce" } }), at),
            "postmark" => Secretly(JsonSerializer.Serialize(new { RecordType = "Bounce", ID = id, Type = "HardBounce", MessageID = $"pm-{seq}", Email = reader, Details = $"smtp;{Said}" })),
            "mailgun" => Mailgun(new { @event = "failed", severity = "permanent", reason = "bounce", recipient = reader, envelope = new { sender }, deliverystatus = 1, message = new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["message-id"] = message.Trim('<', '>') } } }, id, at),
            "sparkpost" => Secretly(JsonSerializer.Serialize(new[] { new { msys = new { message_event = new { type = "bounce", event_id = id, bounce_class = "10", raw_rcpt_to = reader, msg_from = sender, raw_reason = Said } } } })),
            _ => Generic(JsonSerializer.Serialize(new { events = new[] { new { id, type = "bounced", message_id = message, recipient = reader, response = Said } } }), at),
        };
    }

    protected async Task<WebhookRequest> ComplaintAsync(string provider, ReturnedMails mails, int seq, string id)
    {
        var (message, sender, reader) = ($"<{await mails.MessageIdOf(seq)}>", await mails.SenderOf(seq), $"reader{seq}@example.net");
        return provider switch
        {
            "ses" => Sns("Notification", JsonSerializer.Serialize(new
            {
                eventType = "Complaint",
                complaint = new { complaintFeedbackType = "abuse", complainedRecipients = new[] { new { emailAddress = reader } } },
                mail = new { messageId = $"ses-{seq}", headers = new[] { new { name = "Message-ID", value = message } } },
            }), id),
            "sendgrid" => SendGrid(JsonSerializer.Serialize(new[] { new Dictionary<string, string>(StringComparer.Ordinal) { ["event"] = "spamreport", ["email"] = reader, ["sg_event_id"] = id, ["smtp-id"] = message } })),
            "postmark" => Secretly(JsonSerializer.Serialize(new { RecordType = "SpamComplaint", ID = id, Type = "SpamComplaint", MessageID = $"pm-{seq}", Email = reader })),
            "mailgun" => Mailgun(new { @event = "complained", recipient = reader, message = new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["message-id"] = message.Trim('<', '>') } } }, id),
            "sparkpost" => Secretly(JsonSerializer.Serialize(new[] { new { msys = new { message_event = new { type = "spam_complaint", fbtype = "abuse", event_id = id, rcpt_to = reader, msg_from = sender } } } })),
            _ => Generic(JsonSerializer.Serialize(new { events = new[] { new { id, type = "complained", message_id = message } } })),
        };
    }

    protected WebhookRequest SignedFor(string provider, string body) => provider switch
    {
        "sendgrid" => SendGrid(body),
        "generic" => Generic(body),
        _ => Secretly(body),
    };

    protected WebhookRequest SendGrid(string body, DateTimeOffset? at = null)
    {
        var time = Seconds(at);
        var signature = _sendGrid.SignData(Encoding.UTF8.GetBytes(time + body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Of(body, ("X-Twilio-Email-Event-Webhook-Timestamp", time), ("X-Twilio-Email-Event-Webhook-Signature", Convert.ToBase64String(signature)));
    }

    protected static WebhookRequest Secretly(string body) => Of(body, ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"hook:{Secret}"))}"));

    protected static WebhookRequest Mailgun(object data, string token, DateTimeOffset? at = null)
    {
        var time = Seconds(at);
        return Of(JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["signature"] = new { timestamp = time, token, signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(time + token))) },
            ["event-data"] = data,
        }));
    }

    protected static WebhookRequest Generic(string body, DateTimeOffset? at = null)
    {
        var time = Seconds(at);
        return Of(body, ("X-Newsletter-Signature", $"t={time},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{time}.{body}")))}"));
    }

    protected WebhookRequest Sns(string type, string message, string id, DateTimeOffset? at = null, string topic = Topic, string certificate = CertificateUrl, string? subscribe = null)
    {
        var envelope = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Type"] = type,
            ["MessageId"] = id,
            ["TopicArn"] = topic,
            ["Message"] = message,
            ["Timestamp"] = (at ?? TimeProvider.System.GetUtcNow()).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["SignatureVersion"] = "2",
            ["SigningCertURL"] = certificate,
        };
        if (subscribe is not null)
            (envelope["SubscribeURL"], envelope["Token"]) = (subscribe, "t");
        using var unsigned = JsonSerializer.SerializeToDocument(envelope);
        envelope["Signature"] = Convert.ToBase64String(_amazon.SignData(SesWebhook.Signed(unsigned.RootElement), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return Of(JsonSerializer.Serialize(envelope));
    }

    private Task<byte[]> FetchAsync(Uri url, CancellationToken stop)
    {
        Fetched.Enqueue(url.AbsoluteUri);
        var request = new CertificateRequest("CN=sns.amazonaws.com", _amazon, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return Task.FromResult(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
    }

    private static string Seconds(DateTimeOffset? at) => (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static WebhookRequest Of(string body, params (string Name, string Value)[] headers) =>
        new(Encoding.UTF8.GetBytes(body), "application/json", name => Array.Find(headers, header => header.Name == name).Value);
}
