using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Whether this process is well.</summary>
/// <param name="Status"><c>ok</c>.</param>
public sealed record HealthAnswer(string Status);

/// <summary><c>/health</c>: open to everyone, and says nothing that everyone may not know.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    public static void MapHealthEndpoints(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").AllowAnonymous().WithTags("Health");
        health.MapGet("/live", () => TypedResults.Ok(new HealthAnswer("ok"))).WithSummary("The process runs");
        health.MapGet("/ready", Ready).ProducesProblem(StatusCodes.Status503ServiceUnavailable).WithSummary("The process can work: its database answers");
    }

    private static async Task<Results<Ok<HealthAnswer>, ProblemHttpResult>> Ready(DatabasePulse database, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(s_patience);
        return await database.AnswersAsync(patience.Token)
            ? TypedResults.Ok(new HealthAnswer("ok"))
            : Problems.Of(StatusCodes.Status503ServiceUnavailable, "The database doesn't answer.");
    }
}
