using System.Text.Json;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>Postmark's webhooks, one event a request. They carry no signature: the URL has a secret.</summary>
internal static class PostmarkWebhook
{
    public static string? Refuse(WebhookRequest request, string secret) =>
        Proofs.HasSecret(request, secret) ? null : "The secret is missing or another: it is the password in the URL given to Postmark, or its ?key=, and Feedback:Webhooks:PostmarkSecret.";

    public static IEnumerable<ProviderEvent> Read(JsonElement payload)
    {
        var record = payload.Text("RecordType");
        var type = record is "SubscriptionChange" ? Suppression(payload) : payload.Text("Type");
        var kind = record switch
        {
            "Bounce" or "SpamComplaint" or "SubscriptionChange" => Kind(type),
            "Delivery" => "delivered",
            "Open" => "opened",
            "Click" => "clicked",
            _ => "unknown",
        };
        yield return new ProviderEvent
        {
            Type = kind,
            EventId = record is "Bounce" or "SpamComplaint" ? payload.Text("ID") : Composed(payload, record),
            ProviderId = payload.Text("MessageID"),
            Recipient = payload.Text("Email") ?? payload.Text("Recipient"),
            RejectReason = kind switch { "bounced" => "bounced", "complained" => "spam", "unsubscribed" => "unsubscribed", _ => null },
            Description = payload.Text("Description"),
            Response = payload.Text("Details"),
            Permanent = type is "HardBounce" or "BadEmailAddress" or "ManuallyDeactivated",
            Hint = Hint(type),
        };
    }

    // What changes a subscription has no id of its own.
    private static string? Composed(JsonElement payload, string? record) =>
        record is "SubscriptionChange" ? $"{payload.Text("MessageID")}/{payload.Text("ChangedAt")}/{payload.Text("SuppressionReason")}" : null;

    private static string Suppression(JsonElement payload) =>
        !payload.IsTrue("SuppressSending") ? "Subscribe" : payload.Text("SuppressionReason") switch
        {
            "ManualSuppression" => "Unsubscribe",
            { } reason => reason,
            null => "Unsubscribe",
        };

    private static string Kind(string? type) => type switch
    {
        "SpamComplaint" => "complained",
        "Unsubscribe" => "unsubscribed",
        "Subscribe" => "subscribed",
        "AutoResponder" or "ChallengeVerification" => "autoresponded",
        "Transient" => "deferred",
        "SMTPApiError" or "InboundError" or "TemplateRenderingFailed" or "OpenRelayTest" => "failed",
        null => "unknown",
        _ => "bounced",
    };

    private static string Hint(string? type) => type switch
    {
        "HardBounce" or "BadEmailAddress" or "ManuallyDeactivated" => "userunknown",
        "SpamNotification" => "spamdetected",
        "Blocked" => "blocked",
        "DMARCPolicy" => "authfailure",
        "VirusNotification" => "virusdetected",
        "DnsError" => "networkerror",
        "AddressChange" => "hasmoved",
        _ => "undefined",
    };
}
