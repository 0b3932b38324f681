using System.Text.Json;
using Newsletter.Mailer.Feedback.Webhooks;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Webhooks;

/// <summary>Providers' payloads, read as others read them, and signatures that are and aren't theirs.</summary>
[Trait("Category", "Shared")]
public sealed class WebhookReadingTests
{
    [SharedTheory]
    [InlineData("amazon_ses", "ses", 9)]
    [InlineData("sendgrid", "sendgrid", 9)]
    [InlineData("postmark", "postmark", 9)]
    [InlineData("mailgun", "mailgun", 16)]
    public void EveryPayloadIsReadAsExpected(string file, string provider, int atLeast)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Of("data", "webhooks", $"{file}.json")));
        var (wrong, checkedCases) = (new List<string>(), 0);
        foreach (var one in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            var events = WebhookDesk.Read(provider, Payload(provider, one.GetProperty("payload"))).ToList();
            var at = 0;
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var expected in one.GetProperty("expected").EnumerateArray())
            {
                // A name that comes again speaks of the next event.
                if (!seen.Add(expected[0].GetString()!))
                    (at, seen) = (at + 1, [expected[0].GetString()!]);
                if (Find(provider, events[Math.Min(at, events.Count - 1)], expected[0].GetString()!, expected[1]) is not { } found)
                    continue;
                if (found != Text(expected[1]))
                    wrong.Add($"{one.GetProperty("case")} {expected[0]}: {found}, not {Text(expected[1])}");
            }

            checkedCases++;
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(checkedCases >= atLeast, $"{checkedCases} cases");
    }

    [SharedFact]
    public void EverySignatureIsKnownForWhatItIs()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Of("data", "webhooks", "signature-vectors.json")));
        var (wrong, known) = (new List<string>(), 0);
        foreach (var one in document.RootElement.EnumerateArray())
        {
            bool? valid = one.Text("scheme") switch
            {
                "mailgun" => MailgunWebhook.IsSigned(one.Text("secret")!, one.Text("timestamp"), one.Text("token"), one.Text("signature")),
                "sendgrid" => SendGridWebhook.IsSigned(one.Text("publicKey")!, one.Text("timestamp"), System.Text.Encoding.UTF8.GetBytes(one.Text("body")!), one.Text("signature")),
                _ => null,
            };
            if (valid is null)
                continue;
            known++;
            if (valid != one.GetProperty("valid").GetBoolean())
                wrong.Add(one.ToString());
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(15, known);
    }

    private static JsonElement Payload(string provider, JsonElement payload) => provider switch
    {
        "ses" => payload.GetProperty("raw_sns_message"),
        "sendgrid" => payload.GetProperty("raw_events"),
        _ => payload.GetProperty("raw_event"),
    };

    // What is of no use to us (tags, metadata, clicks) is not read. Their message id is the provider's, or of a header that another program sets.
    private static string? Find(string provider, ProviderEvent told, string name, JsonElement expected) => name switch
    {
        "event.event_type" => told.Type,
        "event.event_id" => told.EventId ?? "",
        "event.recipient" => told.Recipient ?? "",
        "event.reject_reason" => told.RejectReason ?? "",
        "event.description" => told.Description ?? "",
        "event.mta_response" => told.Response ?? "",
        "event.message_id" when provider is "sendgrid" => expected.GetString()!.StartsWith('<') ? told.MessageId : null,
        "event.message_id" => told.ProviderId,
        _ => null,
    };

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Null ? "" : value.ToString();
}
