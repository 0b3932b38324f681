using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Newsletter.Mailer.Access;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>What an endpoint asks of a key. Stands in the endpoint's metadata too, so that a refusal can name it.</summary>
internal sealed record ScopeRequirement(string Scope) : IAuthorizationRequirement;

/// <summary>Scopes as policies, and the rule for endpoints that forgot to say.</summary>
internal static class ScopePolicies
{
    public static void AddScopePolicies(this IServiceCollection services)
    {
        // Not AddAuthentication: that brings data protection along, which writes keys for cookies we don't have.
        services.AddAuthenticationCore();
        services.AddWebEncoders();
        new AuthenticationBuilder(services)
            .AddScheme<ApiKeyAuthenticationOptions, ApiKeyAuthentication>(ApiKeyAuthentication.Bearer, null)
            .AddScheme<ApiKeyAuthenticationOptions, ApiKeyAuthentication>(ApiKeyAuthentication.Basic, options => options.HttpScheme = "Basic");
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder(ApiKeyAuthentication.Bearer).RequireAssertion(IsKnownOrHarmless).Build());
        services.AddSingleton<IAuthorizationHandler, ScopeHandler>();
    }

    /// <summary>Only keys with this scope get in.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoint, string scope, string scheme = ApiKeyAuthentication.Bearer)
        where TBuilder : IEndpointConventionBuilder
    {
        var requirement = new ScopeRequirement(scope);
        return endpoint
            .RequireAuthorization(policy => policy.AddAuthenticationSchemes(scheme).RequireAuthenticatedUser().AddRequirements(requirement))
            .WithMetadata(requirement);
    }

    public static bool May(this ClaimsPrincipal user, string scope) => Scopes.Cover(user.GrantedScopes(), scope);

    public static IEnumerable<string> GrantedScopes(this ClaimsPrincipal user) =>
        user.FindAll(ApiKeyAuthentication.ScopeClaim).Select(claim => claim.Value);

    /// <summary>Row id of the caller's API key.</summary>
    /// <exception cref="InvalidOperationException">The endpoint admits callers without one.</exception>
    public static long KeyId(this ClaimsPrincipal user) => long.Parse(
        user.FindFirstValue(ApiKeyAuthentication.KeyIdClaim) ?? throw new InvalidOperationException("This endpoint was reached without an API key."),
        CultureInfo.InvariantCulture);

    /// <summary>
    /// An endpoint that names no scope and doesn't say that it is open to everyone asks for a key. Routing's own answers
    /// (404, 405, 415) are no route endpoints and give nothing away.
    /// </summary>
    private static bool IsKnownOrHarmless(AuthorizationHandlerContext context) =>
        context.User.Identity is { IsAuthenticated: true }
        || context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint;

    private sealed class ScopeHandler : AuthorizationHandler<ScopeRequirement>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeRequirement requirement)
        {
            if (context.User.May(requirement.Scope))
                context.Succeed(requirement);
            return Task.CompletedTask;
        }
    }
}
