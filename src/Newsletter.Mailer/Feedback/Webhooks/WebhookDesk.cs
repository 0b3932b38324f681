using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>Takes providers' webhooks: shown to be theirs, read, and committed before they are answered.</summary>
public sealed class WebhookDesk
{
    private readonly WebhookOptions _options;
    private readonly WebhookIntake _intake;
    private readonly KeyRing _keys;
    private readonly ReturnPaths? _paths;
    private readonly TimeProvider _clock;
    private readonly SesWebhook _ses;

    /// <param name="options">Whose are taken.</param>
    /// <param name="intake">Commits them.</param>
    /// <param name="keys">Verify envelope senders.</param>
    /// <param name="paths">Read envelope senders; null: none are given.</param>
    /// <param name="clock">Tells what is too old.</param>
    /// <param name="fetch">Gets what an https URL has, for the certificates and confirmations of SNS; throws where it can't.</param>
    public WebhookDesk(WebhookOptions options, WebhookIntake intake, KeyRing keys, ReturnPaths? paths, TimeProvider clock, Func<Uri, CancellationToken, Task<byte[]>> fetch)
    {
        (_options, _intake, _keys, _paths, _clock) = (options, intake, keys, paths, clock);
        _ses = new SesWebhook(options.SesTopics, fetch);
    }

    /// <summary>Providers, as the URL names them.</summary>
    public static IReadOnlyList<string> Providers { get; } = ["ses", "sendgrid", "postmark", "mailgun", "sparkpost", "generic"];

    /// <summary>Takes a request.</summary>
    /// <param name="provider">One of <see cref="Providers"/>.</param>
    /// <param name="request">As it came.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<WebhookOutcome> TakeAsync(string provider, WebhookRequest request, CancellationToken stop)
    {
        if (SecretOf(provider) is not { Length: > 0 } secret)
            return new WebhookOutcome.NotThere();
        if (RefuseUnread(provider, request, secret) is { } forbidden)
            return new WebhookOutcome.Forbidden(forbidden);
        using var payload = Parse(request);
        if (payload is null)
            return new WebhookOutcome.Malformed("The body is neither JSON nor a form.");
        try
        {
            if (await RefuseAsync(provider, payload.RootElement, secret, stop) is { } refused)
                return new WebhookOutcome.Forbidden(refused);
            if (provider == "ses" && payload.RootElement.Text("Type") is "SubscriptionConfirmation")
                return await _ses.ConfirmAsync(payload.RootElement, stop) is { } why ? new WebhookOutcome.Malformed(why) : new WebhookOutcome.Taken(0, 0);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !stop.IsCancellationRequested))
        {
            // To a 4xx the provider would not come back.
            return new WebhookOutcome.Unavailable($"What shows that it is the provider's can't be fetched now ({e.GetType().Name}): send it again.");
        }

        return await ReadAsync(provider, payload.RootElement, stop);
    }

    private async Task<WebhookOutcome> ReadAsync(string provider, JsonElement payload, CancellationToken stop)
    {
        if (provider == "generic" && GenericWebhook.Problem(payload) is { } problem)
            return new WebhookOutcome.Malformed(problem);
        var events = Read(provider, payload).ToList();
        // Mailgun signs its token alone, not what stands beside it: the token of the most harmless event is used up as well, or it could be sent again with a complaint.
        var news = events.Select(told => News(provider, told)).Where(one => one.Claim is not null || provider == "mailgun").ToList();
        return new WebhookOutcome.Taken(events.Count, await _intake.TakeAsync(news, stop));
    }

    private string? SecretOf(string provider) => provider switch
    {
        "ses" => _options.SesTopics.FirstOrDefault(),
        "sendgrid" => _options.SendGridPublicKey,
        "postmark" => _options.PostmarkSecret,
        "mailgun" => _options.MailgunSigningKey,
        "sparkpost" => _options.SparkPostSecret,
        "generic" => _options.GenericSecret,
        _ => null,
    };

    // Nothing of the body is looked at before it is shown whose it is, where that can be told without.
    private string? RefuseUnread(string provider, WebhookRequest request, string secret) => provider switch
    {
        "sendgrid" => SendGridWebhook.Refuse(request, secret, _clock.GetUtcNow()),
        "postmark" => PostmarkWebhook.Refuse(request, secret),
        "sparkpost" => SparkPostWebhook.Refuse(request, secret),
        "generic" => GenericWebhook.Refuse(request, secret, _clock.GetUtcNow()),
        _ => null,
    };

    private Task<string?> RefuseAsync(string provider, JsonElement payload, string secret, CancellationToken stop) => provider switch
    {
        "ses" => _ses.RefuseAsync(payload, _clock.GetUtcNow(), stop),
        "mailgun" => Task.FromResult(MailgunWebhook.Refuse(payload, secret, _clock.GetUtcNow())),
        _ => Task.FromResult<string?>(null),
    };

    internal static IEnumerable<ProviderEvent> Read(string provider, JsonElement payload) => provider switch
    {
        "ses" => SesWebhook.Read(payload),
        "sendgrid" => SendGridWebhook.Read(payload),
        "postmark" => PostmarkWebhook.Read(payload),
        "mailgun" => MailgunWebhook.Read(payload),
        "sparkpost" => SparkPostWebhook.Read(payload),
        _ => GenericWebhook.Read(payload),
    };

    private WebhookNews News(string provider, ProviderEvent told) =>
        new(provider, told.EventId is { Length: > 0 and <= 300 } id ? SmtpText.Storable(id) : Fingerprint(told), ProviderEvents.ClaimOf(told, _keys, _paths) is { NamesSomebody: true } claim ? claim : null);

    // A provider that gives no id, or an endless one: the same event again is the same text.
    private static string Fingerprint(ProviderEvent told) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(told.ToString())));

    /// <summary>JSON as it is, a form as an object of its fields; null for anything else.</summary>
    internal static JsonDocument? Parse(WebhookRequest request)
    {
        try
        {
            if (request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
                return JsonDocument.Parse(request.Body, new JsonDocumentOptions { MaxDepth = 32 }) is var json && json.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? json : null;
            var fields = System.Web.HttpUtility.ParseQueryString(Encoding.UTF8.GetString(request.Body));
            return JsonSerializer.SerializeToDocument(fields.AllKeys.OfType<string>().Distinct(StringComparer.Ordinal).ToDictionary(name => name, name => fields[name], StringComparer.Ordinal));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
