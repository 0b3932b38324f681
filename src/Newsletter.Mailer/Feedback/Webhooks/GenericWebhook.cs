using System.Text;
using System.Text.Json;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>
/// Our own form, for relays that have none of the others: <c>{"events":[{"id","type","message_id","recipient","sender","response","permanent"}]}</c>, signed by
/// <c>X-Newsletter-Signature: t=SECONDS,v1=HEX</c>, the HMAC-SHA256 of <c>SECONDS.BODY</c> under the secret.
/// </summary>
internal static class GenericWebhook
{
    private const int MostSignatures = 4;

    private static readonly string[] s_types = ["bounced", "rejected", "complained", "unsubscribed", "delivered", "deferred", "opened", "clicked"];

    public static string? Refuse(WebhookRequest request, string secret, DateTimeOffset now)
    {
        // Two secrets sign while one replaces the other; whoever sends thousands of signatures must not cost as many sums over the body.
        var parts = (request.Header("X-Newsletter-Signature") ?? "").Split(',', MostSignatures + 1, StringSplitOptions.TrimEntries);
        var time = Array.Find(parts, part => part.StartsWith("t=", StringComparison.Ordinal))?[2..] ?? "";
        byte[] signed = [.. Encoding.UTF8.GetBytes(time + "."), .. request.Body];
        if (!Array.Exists(parts, part => part.StartsWith("v1=", StringComparison.Ordinal) && Proofs.IsHmac(part[3..], secret, signed)))
            return "X-Newsletter-Signature is missing or another: it is t=SECONDS,v1= and the HMAC-SHA256, in hexadecimal, of SECONDS, a dot and the body, under Feedback:Webhooks:GenericSecret.";
        return Proofs.IsTimely(Json.Seconds(time), now) ? null : Proofs.Untimely;
    }

    /// <summary>What is wrong with an event, and where; null where nothing is.</summary>
    public static string? Problem(JsonElement payload)
    {
        if (payload.At("events").ValueKind != JsonValueKind.Array)
            return "It has no list \"events\".";
        var number = 0;
        foreach (var one in payload.Each("events"))
        {
            if (one.Text("id") is null or "")
                return $"events[{number}] has no \"id\": it must be unique, so that an event that is sent twice counts once.";
            if (!s_types.Contains(one.Text("type")))
                return $"events[{number}] has the type \"{one.Text("type")}\": it must be one of {string.Join(", ", s_types)}.";
            if (one.Text("message_id") is null && one.Text("recipient") is null && one.Text("sender") is null)
                return $"events[{number}] names nobody: give \"message_id\", \"recipient\" or \"sender\" (the envelope sender).";
            number++;
        }

        return null;
    }

    public static IEnumerable<ProviderEvent> Read(JsonElement payload) => payload.Each("events").Select(one => new ProviderEvent
    {
        Type = one.Text("type")!,
        EventId = one.Text("id"),
        ProviderId = one.Text("id"),
        MessageId = one.Text("message_id"),
        Sender = one.Text("sender"),
        Recipient = one.Text("recipient"),
        RejectReason = one.Text("type") is "rejected" ? "other" : null,
        Response = one.Text("response"),
        Permanent = one.At("permanent").ValueKind is not JsonValueKind.False,
        Hint = one.At("permanent").ValueKind is JsonValueKind.True ? "userunknown" : "undefined",
    });
}
