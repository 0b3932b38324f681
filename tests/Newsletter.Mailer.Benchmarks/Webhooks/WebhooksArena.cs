using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Benchmarks.Webhooks;

/// <summary>The whole server with its workers, an issue that has gone out, and a provider that tells of every reader what can be told; all in this one process.</summary>
internal sealed class WebhooksArena : IAsyncDisposable
{
    private const string Secret = "0123456789abcdef0123456789abcdef";
    private static readonly string[] s_kinds = ["hard", "soft", "complaint"];

    private readonly ServerUnderTest _server;
    private readonly HttpClient _client;
    private readonly ECDsa _key;
    private string _nonce = "";

    private WebhooksArena(ServerUnderTest server, ECDsa key) => (_server, _client, _key) = (server, server.ClientWith(null), key);

    /// <param name="readers">Of the issue.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<WebhooksArena> OpenAsync(int readers, CancellationToken stop)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var arena = new WebhooksArena(await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Feedback:Webhooks:GenericSecret"] = Secret,
            ["Feedback:Webhooks:SendGridPublicKey"] = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
        }), key);
        var newsletter = await Some.NewsletterAsync(arena._server.Database);
        await Some.SubscribersAsync(arena._server.Database, newsletter, readers);
        var edition = await Some.EditionAsync(arena._server.Database, newsletter);
        await Some.DueAsync(arena._server.Database, edition);
        await arena._server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, stop);
        // As if it had been sent: what is measured is what comes back.
        await arena._server.Database.ExecuteAsync("update batches set state = 'done'; update deliveries set status = 'accepted', updated_at = now(); update issues set state = 'finished', finished_at = now()");
        await arena._server.Database.ExecuteAsync("analyze");
        arena._nonce = (await arena._server.Database.ScalarAsync<string>("select nonce from issues"))!;
        return arena;
    }

    /// <summary>So many events a second, each a request of its own, half of them SendGrid's and half generic; a hundredth is sent again.</summary>
    public async Task<WebhookFigures> FloodAsync(int rate, int seconds, int readers, CancellationToken stop)
    {
        for (var warm = 0; warm < 200; warm++)
            await SendAsync(warm % 2 == 0, """{"events":[]}""", "[]", stop);
        var (times, sent, clock) = (new double[rate * seconds], new List<Task<bool>>(rate * seconds), Stopwatch.StartNew());
        for (var i = 0; i < rate * seconds; i++)
        {
            while (clock.Elapsed.TotalSeconds * rate < i)
                await Task.Delay(1, stop);
            sent.Add(EventAsync(i, readers, times, stop));
        }

        var answered = await Task.WhenAll(sent);
        var took = clock.Elapsed.TotalSeconds;
        var again = await Task.WhenAll(Enumerable.Range(0, rate * seconds / 100).Select(i => EventAsync(i * 100, readers, null, stop)));
        var settling = Stopwatch.StartNew();
        while (await _server.Database.ScalarAsync<bool>("select exists (select from bounces where settled_at is null)"))
            await Task.Delay(100, stop);
        return new WebhookFigures(
            rate * seconds, rate * seconds / took, answered.Count(ok => !ok) + again.Count(ok => !ok),
            await _server.Database.ScalarAsync<long>("select count(*) from webhook_events"), await _server.Database.ScalarAsync<long>("select count(*) from bounces"),
            Math.Min((long)rate * seconds, (long)readers * s_kinds.Length), await _server.Database.ScalarAsync<long>("select count(*) from suppressions"),
            Figures.Median(times) ?? 0, times.Order().ElementAt((int)(times.Length * 0.99)), settling.Elapsed.TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _key.Dispose();
    }

    private async Task<bool> EventAsync(int i, int readers, double[]? times, CancellationToken stop)
    {
        var (seq, kind) = ((i % readers) + 1, s_kinds[i / readers % s_kinds.Length]);
        var message = IssueMessageId.Of(1, seq, _nonce);
        var id = string.Create(CultureInfo.InvariantCulture, $"event-{i}");
        var generic = kind switch
        {
            "complaint" => $$"""{"events":[{"id":"{{id}}","type":"complained","message_id":"<{{message}}>"}]}""",
            "hard" => $$"""{"events":[{"id":"{{id}}","type":"bounced","message_id":"<{{message}}>","response":"550 5.1.1 User unknown"}]}""",
            _ => $$"""{"events":[{"id":"{{id}}","type":"bounced","message_id":"<{{message}}>","response":"452 4.2.2 Mailbox full","permanent":false}]}""",
        };
        var sendGrid = kind switch
        {
            "complaint" => $$"""[{"sg_event_id":"{{id}}","event":"spamreport","smtp-id":"<{{message}}>","email":"reader{{seq}}@example.net"}]""",
            "hard" => $$"""[{"sg_event_id":"{{id}}","event":"bounce","type":"bounce","smtp-id":"<{{message}}>","email":"reader{{seq}}@example.net","reason":"550 5.1.1 User unknown"}]""",
            _ => $$"""[{"sg_event_id":"{{id}}","event":"bounce","type":"blocked","smtp-id":"<{{message}}>","email":"reader{{seq}}@example.net","reason":"452 4.2.2 Mailbox full"}]""",
        };
        var started = Stopwatch.GetTimestamp();
        var ok = await SendAsync(i % 2 == 0, generic, sendGrid, stop);
        if (times is not null)
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return ok;
    }

    private async Task<bool> SendAsync(bool isGeneric, string generic, string sendGrid, CancellationToken stop)
    {
        var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, isGeneric ? "/webhooks/generic" : "/webhooks/sendgrid") { Content = new StringContent(isGeneric ? generic : sendGrid, Encoding.UTF8, "application/json") };
        if (isGeneric)
        {
            request.Headers.Add("X-Newsletter-Signature", $"t={time},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{time}.{generic}")))}");
        }
        else
        {
            request.Headers.Add("X-Twilio-Email-Event-Webhook-Timestamp", time);
            request.Headers.Add("X-Twilio-Email-Event-Webhook-Signature", Convert.ToBase64String(_key.SignData(Encoding.UTF8.GetBytes(time + sendGrid), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
        }

        try
        {
            using var answer = await _client.SendAsync(request, stop);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // No answer: it is counted as failed.
            return false;
        }
    }
}
