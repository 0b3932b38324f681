using System.Text;
using System.Text.Json;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>Mailgun's webhooks, those of today (JSON) and the old ones (form fields): HMAC-SHA256 over a time and a token that is used once.</summary>
internal static class MailgunWebhook
{
    public static string? Refuse(JsonElement payload, string key, DateTimeOffset now)
    {
        var signature = payload.At("signature") is { ValueKind: JsonValueKind.Object } nested ? nested : payload;
        if (!IsSigned(key, signature.Text("timestamp"), signature.Text("token"), signature.Text("signature")))
            return "The signature is not Mailgun's: look at Feedback:Webhooks:MailgunSigningKey.";
        return Proofs.IsTimely(Json.Seconds(signature.Text("timestamp")), now) ? null : Proofs.Untimely;
    }

    internal static bool IsSigned(string key, string? time, string? token, string? signature) =>
        time is not null && token is not null && Proofs.IsHmac(signature, key, Encoding.UTF8.GetBytes(time + token));

    public static IEnumerable<ProviderEvent> Read(JsonElement payload)
    {
        yield return payload.At("event-data") is { ValueKind: JsonValueKind.Object } data ? Read(data, payload.Text("signature", "token")) : ReadFields(payload);
    }

    private static ProviderEvent Read(JsonElement data, string? token)
    {
        var (kind, permanent) = (data.Text("event"), data.Text("severity") is not "temporary");
        var rejected = kind is "rejected" || kind is "failed" && permanent && data.Text("reason")?.StartsWith("suppress-", StringComparison.Ordinal) == true;
        return new ProviderEvent
        {
            Type = kind switch
            {
                "failed" when rejected => "rejected",
                "failed" => permanent ? "bounced" : "deferred",
                "accepted" => "queued",
                _ => Common(kind),
            },
            // The token is what must not come twice: the signature covers nothing else.
            EventId = token ?? data.Text("id"),
            ProviderId = Bracketed(data.Text("message", "headers", "message-id")),
            MessageId = Bracketed(data.Text("message", "headers", "message-id")),
            Sender = data.Text("envelope", "sender"),
            Recipient = data.Text("recipient") ?? Bare(data.Text("message", "headers", "to")),
            RejectReason = kind is not ("failed" or "rejected") ? null : data.Text("reason") switch
            {
                "bounce" or "suppress-bounce" => "bounced",
                "suppress-complaint" => "spam",
                "suppress-unsubscribe" => "unsubscribed",
                "old" => "timed_out",
                _ => "other",
            },
            Description = data.Text("delivery-status", "description") ?? data.Text("reject", "reason"),
            Response = data.Text("delivery-status", "message"),
            Permanent = permanent,
            Hint = kind is "rejected" ? "contenterror" : data.Text("reason") switch { "espblock" => "blocked", "greylisted" or "old" => "expired", "bounce" when permanent => "userunknown", _ => "undefined" },
        };
    }

    private static ProviderEvent ReadFields(JsonElement fields)
    {
        var kind = fields.Text("event");
        return new ProviderEvent
        {
            Type = kind switch { "dropped" => "rejected", "bounced" => "bounced", _ => Common(kind) },
            EventId = fields.Text("token"),
            ProviderId = Bracketed(fields.Text("Message-Id") ?? fields.Text("message-id")),
            MessageId = Bracketed(fields.Text("Message-Id") ?? fields.Text("message-id")),
            Recipient = fields.Text("recipient"),
            RejectReason = kind is not ("dropped" or "bounced") ? null : fields.Text("reason") is "old" ? "timed_out" : fields.Text("code") switch
            {
                "605" => "bounced",
                "606" => "unsubscribed",
                "607" => "spam",
                var code when kind is "bounced" || code is ['5', ..] => "bounced",
                _ => "other",
            },
            Description = fields.Text("description"),
            Response = fields.Text("error"),
            Permanent = fields.Text("reason") is not "old" && fields.Text("code") is not ['4', ..],
            Hint = fields.Text("reason") is "old" ? "expired" : "userunknown",
        };
    }

    private static string Common(string? kind) => kind switch
    {
        "delivered" or "opened" or "clicked" or "complained" or "unsubscribed" or "rejected" => kind,
        _ => "unknown",
    };

    private static string? Bracketed(string? id) => string.IsNullOrEmpty(id) || id[0] == '<' ? id : $"<{id}>";

    private static string? Bare(string? mailbox) => mailbox is null ? null : Bounces.Addresses.First(mailbox) is { Length: > 0 } address ? address : null;
}
