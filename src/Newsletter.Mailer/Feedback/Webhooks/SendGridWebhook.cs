using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>SendGrid's event webhook: a list of events, signed with ECDSA (P-256, SHA-256) over the time and the body.</summary>
internal static class SendGridWebhook
{
    public static bool IsKey(string publicKey)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            return true;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return false;
        }
    }

    public static string? Refuse(WebhookRequest request, string publicKey, DateTimeOffset now)
    {
        var time = request.Header("X-Twilio-Email-Event-Webhook-Timestamp");
        if (!IsSigned(publicKey, time, request.Body, request.Header("X-Twilio-Email-Event-Webhook-Signature")))
            return "The signature is not SendGrid's: switch on the signed event webhook, and look at Feedback:Webhooks:SendGridPublicKey.";
        return Proofs.IsTimely(Json.Seconds(time), now) ? null : Proofs.Untimely;
    }

    internal static bool IsSigned(string publicKey, string? time, byte[] body, string? signature)
    {
        var der = new byte[signature?.Length ?? 0];
        if (time is null || signature is null || !Convert.TryFromBase64String(signature, der, out var length))
            return false;
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
        return key.VerifyData([.. Encoding.UTF8.GetBytes(time), .. body], der.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    public static IEnumerable<ProviderEvent> Read(JsonElement payload) => payload.Each().Select(one =>
    {
        var kind = one.Text("event");
        return new ProviderEvent
        {
            Type = kind switch
            {
                "processed" => "queued",
                "delivered" => "delivered",
                "deferred" => "deferred",
                "bounce" => "bounced",
                "dropped" => "rejected",
                "spamreport" => "complained",
                "unsubscribe" or "group_unsubscribe" => "unsubscribed",
                "group_resubscribe" => "subscribed",
                "open" => "opened",
                "click" => "clicked",
                _ => "unknown",
            },
            EventId = one.Text("sg_event_id"),
            ProviderId = one.Text("sg_message_id"),
            MessageId = one.Text("smtp-id"),
            Recipient = one.Text("email"),
            RejectReason = kind is "dropped" ? Dropped(one.Text("reason")) : null,
            Response = kind is "dropped" ? null : one.Text("reason") ?? one.Text("response"),
            Description = kind is "dropped" ? one.Text("reason") : null,
            // "blocked" is for now, "bounce" for good.
            Permanent = one.Text("type") is not "blocked",
            Hint = one.Text("type") is "blocked" ? "undefined" : "userunknown",
        };
    });

    private static string Dropped(string? reason) => reason switch
    {
        "Bounced Address" => "bounced",
        "Invalid" => "invalid",
        "Spam Reporting Address" => "spam",
        "Unsubscribed Address" => "unsubscribed",
        "Spam Content" => "blocked",
        _ => "other",
    };
}
