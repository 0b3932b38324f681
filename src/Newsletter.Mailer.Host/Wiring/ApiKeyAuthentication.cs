using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Host.Endpoints;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>How a key is presented.</summary>
internal sealed class ApiKeyAuthenticationOptions : AuthenticationSchemeOptions
{
    /// <summary><c>Bearer</c> (RFC 6750) for programs; <c>Basic</c> (RFC 7617), the key as the password, for a person's browser.</summary>
    public string HttpScheme { get; set; } = "Bearer";
}

/// <summary>Admits callers by API key, and tells those it doesn't admit what was wrong with their key.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<ApiKeyAuthenticationOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiKeyStore keys)
    : AuthenticationHandler<ApiKeyAuthenticationOptions>(options, logger, encoder)
{
    public const string Bearer = "ApiKey";
    public const string Basic = "ApiKeyBasic";
    public const string KeyIdClaim = "key_id";
    public const string ScopeClaim = "scope";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // What is open to everyone never waits for the database to look at a key.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null
            || !AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
            || !header.Scheme.Equals(Options.HttpScheme, StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();
        return await keys.CheckAsync(Presented(header.Parameter), Context.RequestAborted) switch
        {
            KeyCheck.Admitted(var key) => AuthenticateResult.Success(new AuthenticationTicket(Principal(key), Scheme.Name)),
            KeyCheck.Expired(var at) => AuthenticateResult.Fail(string.Create(CultureInfo.InvariantCulture, $"This API key expired at {at:yyyy-MM-dd HH:mm} UTC.")),
            KeyCheck.Revoked => AuthenticateResult.Fail("This API key was revoked."),
            _ => AuthenticateResult.Fail("This is no API key known here."),
        };
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = Options.HttpScheme == "Basic"
            ? "Basic realm=\"newsletter\", charset=\"UTF-8\""
            : result.Failure is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        await Problems.WriteAsync(
            Context,
            StatusCodes.Status401Unauthorized,
            result.Failure?.Message ?? "An API key is needed: send the header 'Authorization: Bearer nlm_…'. The first key is made with 'newsletter keys create'.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var scopes = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<ScopeRequirement>().Select(requirement => requirement.Scope) ?? [];
        return Problems.WriteAsync(
            Context,
            StatusCodes.Status403Forbidden,
            $"This API key lacks the scope {string.Join(" and ", scopes.Where(scope => !User.May(scope)))}.");
    }

    private ClaimsPrincipal User => Context.User;

    private string? Presented(string? parameter)
    {
        if (Options.HttpScheme != "Basic" || parameter is null)
            return parameter;
        // RFC 7617 §2: the user name is whatever precedes the first colon, and is of no use here.
        var buffer = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, buffer, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(buffer, 0, length);
        return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }

    private ClaimsPrincipal Principal(ApiKey key) => new(new ClaimsIdentity(
        [
            new Claim(KeyIdClaim, key.Id.ToString(CultureInfo.InvariantCulture)),
            new Claim(ClaimTypes.Name, key.Prefix),
            .. key.Scopes.Select(scope => new Claim(ScopeClaim, scope)),
        ],
        Scheme.Name));
}
