using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>
/// Amazon SES over SNS: a signed envelope with the event as text in it. The certificate is fetched from an SNS host of Amazon's alone, and only
/// topics that are configured are heard, or subscribed to.
/// </summary>
/// <param name="topics">ARNs that are heard.</param>
/// <param name="fetch">Gets what an https URL has; throws where it can't.</param>
internal sealed partial class SesWebhook(IReadOnlyCollection<string> topics, Func<Uri, CancellationToken, Task<byte[]>> fetch)
{
    // Some hundred bytes each, and Amazon has one a region.
    private const int MostCertificates = 64;

    private readonly ConcurrentDictionary<string, X509Certificate2> _certificates = new(StringComparer.Ordinal);

    /// <summary>Null where it is Amazon's, of a topic of ours, and of today.</summary>
    /// <exception cref="HttpRequestException">The certificate can't be had now.</exception>
    public async Task<string?> RefuseAsync(JsonElement envelope, DateTimeOffset now, CancellationToken stop)
    {
        if (envelope.Text("TopicArn") is not { } topic || !topics.Contains(topic))
            return "The topic is not in Feedback:Webhooks:SesTopics.";
        if (CertificateUrl(envelope.Text("SigningCertURL") ?? envelope.Text("SigningCertUrl")) is not { } url)
            return "The certificate is not at an SNS host of Amazon's.";
        if (!DateTimeOffset.TryParse(envelope.Text("Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) || !Proofs.IsTimely(at, now))
            return Proofs.Untimely;
        return await IsSignedAsync(envelope, url, stop) ? null : "The signature is not that of the certificate it names.";
    }

    /// <summary>Says yes to a topic that asks whether it may send here. What asks has been found genuine.</summary>
    /// <returns>Null, or why it can't.</returns>
    /// <exception cref="HttpRequestException">Amazon can't be reached now.</exception>
    public async Task<string?> ConfirmAsync(JsonElement envelope, CancellationToken stop)
    {
        if (!Uri.TryCreate(envelope.Text("SubscribeURL"), UriKind.Absolute, out var url) || !IsAmazons(url))
            return "SubscribeURL is not at an SNS host of Amazon's.";
        await fetch(url, stop);
        return null;
    }

    public static IEnumerable<ProviderEvent> Read(JsonElement envelope)
    {
        if (envelope.Text("Type") is not "Notification" || Parse(envelope.Text("Message")) is not { } ses)
            return [];
        return Events(ses, envelope.Text("MessageId"));
    }

    /// <summary>What SNS signs, by the envelope's type.</summary>
    internal static byte[] Signed(JsonElement envelope)
    {
        string[] names = envelope.Text("Type") is "Notification"
            ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
            : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        var text = new StringBuilder();
        foreach (var name in names)
            if (envelope.Text(name) is { } value)
                text.Append(name).Append('\n').Append(value).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private async Task<bool> IsSignedAsync(JsonElement envelope, Uri url, CancellationToken stop)
    {
        var signature = new byte[envelope.Text("Signature")?.Length ?? 0];
        if (!Convert.TryFromBase64String(envelope.Text("Signature") ?? "", signature, out var length) || await CertificateAsync(url, stop) is not { } certificate)
            return false;
        using var key = certificate.GetRSAPublicKey();
#pragma warning disable CA5350 // Version 1 of SNS's signatures; whoever owns the topic chooses the other.
        var hash = envelope.Text("SignatureVersion") is "2" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1;
#pragma warning restore CA5350
        return key?.VerifyData(Signed(envelope), signature.AsSpan(0, length), hash, RSASignaturePadding.Pkcs1) == true;
    }

    private async Task<X509Certificate2?> CertificateAsync(Uri url, CancellationToken stop)
    {
        try
        {
            if (_certificates.TryGetValue(url.AbsoluteUri, out var known))
                return known;
            var certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(await fetch(url, stop)));
            if (_certificates.Count >= MostCertificates)
                _certificates.Clear();
            return _certificates[url.AbsoluteUri] = certificate;
        }
        catch (CryptographicException)
        {
            // No certificate at all: nothing it is said to have signed is believed.
            return null;
        }
    }

    private static Uri? CertificateUrl(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && IsAmazons(url) && url.Query.Length == 0 && CertificatePath().IsMatch(url.AbsolutePath) ? url : null;

    private static bool IsAmazons(Uri url) => url.Scheme == Uri.UriSchemeHttps && url.IsDefaultPort && url.UserInfo.Length == 0 && Host().IsMatch(url.Host);

    private static JsonElement? Parse(string? message)
    {
        try
        {
            using var document = JsonDocument.Parse(message ?? "");
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            // A word of SNS's own ("Successfully validated SNS topic …") is no event.
            return null;
        }
    }

    internal static IEnumerable<ProviderEvent> Events(JsonElement ses, string? id)
    {
        var kind = ses.Text("notificationType") ?? ses.Text("eventType");
        var mail = ses.At("mail");
        var shared = new ProviderEvent
        {
            Type = "unknown",
            ProviderId = mail.Text("messageId"),
            MessageId = mail.Each("headers").FirstOrDefault(header => "Message-ID".Equals(header.Text("name"), StringComparison.OrdinalIgnoreCase)).Text("value") ?? mail.Text("commonHeaders", "messageId"),
            Sender = mail.Text("source"),
        };
        var events = kind switch
        {
            "Bounce" => ses.Each("bounce", "bouncedRecipients").Select(one => Bounce(shared, ses.At("bounce"), one)),
            "Complaint" => ses.Each("complaint", "complainedRecipients").Select(one => Complaint(shared, ses.At("complaint"), one)),
            "Delivery" => ses.Each("delivery", "recipients").Select(one => shared with { Type = "delivered", Recipient = one.Text(), Response = ses.Text("delivery", "smtpResponse") }),
            _ => mail.Each("destination").Select(one => Other(shared, kind, ses) with { Recipient = one.Text() }),
        };
        // One notification may tell of several: the id of each is of both.
        return events.Select((one, at) => one with { EventId = at == 0 ? id : $"{id}/{at}" });
    }

    private static ProviderEvent Bounce(ProviderEvent shared, JsonElement bounce, JsonElement recipient)
    {
        var (type, sub) = (bounce.Text("bounceType"), bounce.Text("bounceSubType"));
        return shared with
        {
            Type = "bounced",
            Recipient = recipient.Text("emailAddress"),
            RejectReason = "bounced",
            Description = $"{type}: {sub}",
            Response = recipient.Text("diagnosticCode"),
            Permanent = type is "Permanent",
            Hint = (type, sub) switch
            {
                ("Permanent", _) => "userunknown",
                (_, "MailboxFull") => "mailboxfull",
                (_, "MessageTooLarge") => "mesgtoobig",
                (_, "ContentRejected" or "AttachmentRejected") => "contenterror",
                _ => "undefined",
            },
        };
    }

    private static ProviderEvent Complaint(ProviderEvent shared, JsonElement complaint, JsonElement recipient) => shared with
    {
        // RFC 5965's other kinds are no wish of the reader's.
        Type = complaint.Text("complaintFeedbackType") is "not-spam" or "auth-failure" ? "unknown" : "complained",
        Recipient = recipient.Text("emailAddress"),
        RejectReason = "spam",
        Description = complaint.Text("complaintFeedbackType"),
    };

    private static ProviderEvent Other(ProviderEvent shared, string? kind, JsonElement ses) => kind switch
    {
        "Send" => shared with { Type = "sent" },
        "Reject" => shared with { Type = "rejected", RejectReason = "blocked", Description = ses.Text("reject", "reason"), Hint = "virusdetected" },
        "Open" => shared with { Type = "opened" },
        "Click" => shared with { Type = "clicked" },
        "DeliveryDelay" => shared with { Type = "deferred" },
        "Subscription" => WantsAll(ses.At("subscription", "newTopicPreferences")) ? shared with { Type = "subscribed" } : shared with { Type = "unsubscribed" },
        "Rendering Failure" => shared with { Type = "failed", Description = ses.Text("failure", "errorMessage") },
        _ => shared,
    };

    // Amazon's contact lists tell of every change, coming back as well. Opting out of one of its topics is leaving by our mail: topics are the newsletter's.
    private static bool WantsAll(JsonElement preferences) =>
        preferences.At("unsubscribeAll").ValueKind == JsonValueKind.False
        && preferences.Each("topicSubscriptionStatus").All(topic => topic.Text("subscriptionStatus") is "OptIn");

    [GeneratedRegex(@"^sns\.[a-z0-9-]{3,32}\.amazonaws\.com(\.cn)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Host();

    // One of few: each other path would be another fetch.
    [GeneratedRegex("^/[0-9A-Za-z-]{1,100}\\.pem$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex CertificatePath();
}
