using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A key to be made.</summary>
public sealed record ApiKeyRequest
{
    /// <summary>What to call it, at most 100 characters.</summary>
    public string? Name { get; init; }

    /// <summary>What it may do; none that the caller's own key may not.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>When it ends by itself; absent: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A key just made.</summary>
/// <param name="Key">The key as it is listed.</param>
/// <param name="Token">What to send as <c>Authorization: Bearer …</c>. Shown once, kept nowhere.</param>
public sealed record ApiKeyAnswer(ApiKey Key, string Token);

/// <summary><c>/api/keys</c></summary>
internal static class KeyEndpoints
{
    public static void MapKeyEndpoints(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/keys").WithTags("Keys");
        keys.MapGet("/", List).RequireScope(Scopes.WriteKeys)
            .WithSummary("List API keys")
            .WithDescription("Without their tokens, which are kept nowhere.");
        keys.MapPost("/", Create).RequireScope(Scopes.WriteKeys)
            .WithMetadata(new IdempotencyRule(AnswerIsSecret: true))
            .WithSummary("Make an API key")
            .WithDescription($"The token is shown once. Scopes: {string.Join(", ", Scopes.All)}; a write scope includes its read scope.");
        keys.MapGet("/{id:long}", Get).RequireScope(Scopes.WriteKeys)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show an API key");
        keys.MapDelete("/{id:long}", Revoke).RequireScope(Scopes.WriteKeys)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Revoke an API key");
    }

    private static async Task<Results<Ok<Page<ApiKey>>, ProblemHttpResult>> List([AsParameters] PageQuery query, ApiKeyStore keys, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await keys.ListAsync(page, stop)) : problem;

    private static async Task<Results<Created<ApiKeyAnswer>, ProblemHttpResult>> Create(
        ApiKeyRequest request, ClaimsPrincipal caller, ApiKeyStore keys, TimeProvider clock, CancellationToken stop)
    {
        var errors = new FieldErrors();
        var name = errors.Required("name", request.Name, 100);
        var scopes = request.Scopes ?? [];
        if (scopes.Count == 0)
            errors.Add("scopes", $"It is missing: name at least one of {string.Join(", ", Scopes.All)}.");
        if (Scopes.UnknownAmong(scopes) is { Count: > 0 } unknown)
            errors.Add("scopes", $"There is no scope {string.Join(", ", unknown)}; there are {string.Join(", ", Scopes.All)}.");
        if (request.ExpiresAt <= clock.GetUtcNow())
            errors.Add("expires_at", "It lies in the past.");
        if (errors.Any)
            return Problems.Invalid(errors);
        // A key that could make a mightier one would be as mighty itself.
        if (scopes.Where(scope => !caller.May(scope)).ToList() is { Count: > 0 } beyond)
            return Problems.Forbidden($"Your own key lacks the scope {string.Join(", ", beyond)}, so it can't hand it on.");
        var made = await keys.CreateAsync(name, [.. scopes], request.ExpiresAt, stop);
        return TypedResults.Created($"/api/keys/{made.Key.Id}", new ApiKeyAnswer(made.Key, made.Token));
    }

    private static async Task<Results<Ok<ApiKey>, ProblemHttpResult>> Get(long id, ApiKeyStore keys, CancellationToken stop) =>
        await keys.FindAsync(id, stop) is { } found ? TypedResults.Ok(found) : Problems.NotFound("API key", id);

    private static async Task<Results<NoContent, ProblemHttpResult>> Revoke(long id, ApiKeyStore keys, CancellationToken stop) =>
        await keys.RevokeAsync(id, stop) ? TypedResults.NoContent() : Problems.NotFound("API key", id);
}
