using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Host.Endpoints;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>How an endpoint's POST takes part in idempotency.</summary>
/// <param name="WhyNoKey">Why a key is refused, for people; null where one is taken.</param>
/// <param name="AnswerIsSecret">True where the answer holds what must not be stored: asking again says only that it was done.</param>
internal sealed record IdempotencyRule(string? WhyNoKey = null, bool AnswerIsSecret = false);

/// <summary>
/// <c>Idempotency-Key</c> on POST: the same request is answered as it was the first time, another one under the same key is refused.
/// Only successes are remembered; what was refused changed nothing and may be tried again.
/// </summary>
internal static class IdempotentPosts
{
    private const string Header = "Idempotency-Key";
    private const string Replayed = "Idempotency-Replayed";
    private const int LongestKey = 255;
    private static readonly IdempotencyRule s_usual = new();
    private static readonly string[] s_rememberedHeaders = ["Content-Type", "Location", "ETag"];

    public static void UseIdempotentPosts(this IApplicationBuilder app) => app.Use(HandleAsync);

    private static async Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(http.Request.Method)
            || !http.Request.Headers.TryGetValue(Header, out var values)
            || http.User.Identity is not { IsAuthenticated: true })
        {
            await next(http);
            return;
        }

        var rule = http.GetEndpoint()?.Metadata.GetMetadata<IdempotencyRule>() ?? s_usual;
        if (rule.WhyNoKey is { } why)
        {
            await Problems.WriteAsync(http, Problems.InvalidDetails(new FieldErrors().Add(Header, why)));
            return;
        }

        if (values is not [{ Length: > 0 and <= LongestKey } key])
        {
            await Problems.WriteAsync(http, StatusCodes.Status400BadRequest, $"{Header} must be one value of 1 to {LongestKey} characters.");
            return;
        }

        var store = http.RequestServices.GetRequiredService<IdempotencyStore>();
        var request = await FingerprintAsync(http.Request, http.RequestAborted);
        await AnswerAsync(http, next, new Claim(store, http.User.KeyId(), key, rule), request);
    }

    private static async Task AnswerAsync(HttpContext http, RequestDelegate next, Claim claim, byte[] request)
    {
        switch (await claim.Store.ClaimAsync(claim.ApiKeyId, claim.Key, request, http.RequestAborted))
        {
            case IdempotencyClaim.Started:
                await RunAsync(http, next, claim);
                break;
            case IdempotencyClaim.Answered(var answer):
                await ReplayAsync(http, answer, claim.Rule);
                break;
            case IdempotencyClaim.InProgress:
                http.Response.Headers.RetryAfter = "1";
                await Problems.WriteAsync(http, StatusCodes.Status409Conflict, $"A request with this {Header} is still being worked on. Ask again shortly.");
                break;
            default:
                await Problems.WriteAsync(http, StatusCodes.Status422UnprocessableEntity, $"This {Header} was used for another request. Use a new key for a new request.");
                break;
        }
    }

    private static async Task RunAsync(HttpContext http, RequestDelegate next, Claim claim)
    {
        var client = http.Response.Body;
        using var copy = new MemoryStream();
        http.Response.Body = copy;
        var done = false;
        try
        {
            await next(http);
            done = http.Response.StatusCode is >= 200 and < 300;
        }
        finally
        {
            http.Response.Body = client;
            // Not the request's token: whether it was done must be known even if the caller has gone.
            if (done)
                await claim.Store.CompleteAsync(claim.ApiKeyId, claim.Key, Remembered(http.Response, copy, claim.Rule), CancellationToken.None);
            else
                await claim.Store.AbandonAsync(claim.ApiKeyId, claim.Key, CancellationToken.None);
        }

        copy.Position = 0;
        await copy.CopyToAsync(client, http.RequestAborted);
    }

    private static RememberedAnswer Remembered(HttpResponse response, MemoryStream body, IdempotencyRule rule)
    {
        var headers = s_rememberedHeaders
            .Where(name => response.Headers.ContainsKey(name))
            .ToDictionary(name => name, name => response.Headers[name].ToString(), StringComparer.Ordinal);
        return new RememberedAnswer(response.StatusCode, JsonSerializer.Serialize(headers), rule.AnswerIsSecret ? [] : body.ToArray());
    }

    private static async Task ReplayAsync(HttpContext http, RememberedAnswer answer, IdempotencyRule rule)
    {
        if (rule.AnswerIsSecret)
        {
            await Problems.WriteAsync(http, StatusCodes.Status409Conflict, "This was done already; its answer held a secret, which is shown once and not kept.");
            return;
        }

        http.Response.StatusCode = answer.Status;
        foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, string>>(answer.Headers)!)
            http.Response.Headers[name] = value;
        http.Response.Headers[Replayed] = "true";
        // 204 may have no body, not even an empty one.
        if (answer.Body.Length > 0)
            await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }

    private static async Task<byte[]> FingerprintAsync(HttpRequest request, CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Path}\n{request.QueryString}\n{request.ContentType}\n"));
        request.EnableBuffering();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, stop)) > 0)
            hash.AppendData(buffer, 0, read);
        request.Body.Position = 0;
        return hash.GetHashAndReset();
    }

    private sealed record Claim(IdempotencyStore Store, long ApiKeyId, string Key, IdempotencyRule Rule);
}
