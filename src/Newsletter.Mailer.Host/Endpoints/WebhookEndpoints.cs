using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Feedback.Webhooks;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What was taken of a webhook.</summary>
/// <param name="Events">How many events it had.</param>
public sealed record WebhookAnswer(int Events);

/// <summary><c>/webhooks/{provider}</c>: no API key, each provider shows who it is in its own way.</summary>
internal static class WebhookEndpoints
{
    private const int LargestBody = 4 * 1024 * 1024;

    public static void MapWebhookEndpoints(this IEndpointRouteBuilder app) =>
        app.MapPost("/webhooks/{provider}", Take).AllowAnonymous().WithTags("Feedback")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("Events of a mail provider")
            .WithDescription($"One of {string.Join(", ", WebhookDesk.Providers)}, where Feedback:Webhooks has its secret. It is answered 200 once all of it is committed; anything else may be sent again, and counts once.");

    private static async Task<Results<Ok<WebhookAnswer>, ProblemHttpResult>> Take(string provider, HttpRequest request, WebhookDesk desk, CancellationToken stop)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, stop);
        if (body.Length > LargestBody)
            return Problems.Of(StatusCodes.Status413PayloadTooLarge, $"A webhook has at most {LargestBody} bytes: send fewer events at once.");
        var came = new WebhookRequest(body.ToArray(), request.ContentType, name => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null, request.Query["key"]);
        return await desk.TakeAsync(provider, came, stop) switch
        {
            WebhookOutcome.Taken(var events, _) => TypedResults.Ok(new WebhookAnswer(events)),
            WebhookOutcome.Unavailable(var why) => Problems.Of(StatusCodes.Status503ServiceUnavailable, why),
            WebhookOutcome.Forbidden(var why) => Problems.Forbidden(why),
            WebhookOutcome.Malformed(var why) => Problems.BadRequest(why),
            _ => Problems.NotFound("webhook", provider),
        };
    }
}
