using System.Text.Json;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>SparkPost's webhook: a list of events, each in an envelope of its kind. Basic authentication, or the token of old in a header.</summary>
internal static class SparkPostWebhook
{
    public static string? Refuse(WebhookRequest request, string secret) =>
        Proofs.HasSecret(request, secret) || Proofs.Same(request.Header("X-MessageSystems-Webhook-Token"), secret)
            ? null
            : "The secret is missing or another: it is the password of the webhook's Basic authentication and Feedback:Webhooks:SparkPostSecret.";

    public static IEnumerable<ProviderEvent> Read(JsonElement payload) => payload.Each()
        .Select(wrapped => wrapped.At("msys"))
        .Where(envelope => envelope.ValueKind == JsonValueKind.Object)
        .SelectMany(envelope => envelope.EnumerateObject())
        .Where(member => member.Value.ValueKind == JsonValueKind.Object && member.Value.Text("type") is not null)
        .Select(member => Event(member.Value));

    private static ProviderEvent Event(JsonElement data)
    {
        var group = Class(data.Text("bounce_class"));
        var kind = data.Text("type") switch
        {
            "bounce" or "out_of_band" => group.Kind,
            "policy_rejection" or "generation_rejection" => "rejected",
            "spam_complaint" => data.Text("fbtype") is null or "abuse" or "opt-out" or "fraud" or "other" ? "complained" : "unknown",
            "list_unsubscribe" or "link_unsubscribe" => "unsubscribed",
            "delay" => "deferred",
            "delivery" => "delivered",
            "injection" => "queued",
            "open" or "initial_open" or "amp_open" => "opened",
            "click" or "amp_click" => "clicked",
            "generation_failure" => "failed",
            _ => "unknown",
        };
        return new ProviderEvent
        {
            Type = kind,
            EventId = data.Text("event_id"),
            ProviderId = data.Text("transmission_id") ?? data.Text("message_id"),
            MessageId = data.Text("smtp_message_id") ?? data.Text("rcpt_meta", "message_id"),
            Sender = data.Text("msg_from"),
            Recipient = data.Text("raw_rcpt_to") ?? data.Text("rcpt_to"),
            RejectReason = kind switch
            {
                "bounced" => "bounced",
                "complained" => "spam",
                "unsubscribed" => "unsubscribed",
                "rejected" => Rejected(data.Text("error_code"), group),
                _ => null,
            },
            Description = data.Text("reason"),
            Response = data.Text("raw_reason") ?? data.Text("reason"),
            Permanent = group.Permanent,
            Hint = group.Reason,
        };
    }

    // 1902 and 1903 are generation errors, 550-5.7.x the account's suppression list.
    private static string Rejected(string? code, (string Kind, string Reason, bool Permanent) group) =>
        code is "554" or "550" && group.Reason is "userunknown" ? "bounced" : "other";

    // SparkPost's bounce classification codes.
    private static (string Kind, string Reason, bool Permanent) Class(string? code) => code switch
    {
        "10" or "30" => ("bounced", "userunknown", true),
        "90" => ("unsubscribed", "feedback", true),
        "22" => ("bounced", "mailboxfull", false),
        "23" => ("bounced", "mesgtoobig", false),
        "24" => ("bounced", "expired", false),
        "21" => ("bounced", "networkerror", false),
        "25" => ("bounced", "systemerror", false),
        "50" or "51" or "54" => ("bounced", "blocked", false),
        "52" => ("bounced", "spamdetected", false),
        "53" => ("bounced", "contenterror", false),
        "60" or "80" or "100" => ("autoresponded", "vacation", false),
        _ => ("bounced", "undefined", false),
    };
}
