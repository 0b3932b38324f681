using System.Security.Cryptography;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Host.Endpoints;
using Scalar.AspNetCore;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The API: what every request passes, which endpoints there are, and the document that describes them.</summary>
internal static class Api
{
    public static void AddApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        // A request that can't be read ends in the exception handler, which knows how to say why.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddExceptionHandler<ProblemAnswers>();
        services.AddProblemDetails();
        services.AddScopePolicies();
        services.AddSingleton<EditionWarnings>();
        services.AddOpenApi("v1", Describe);
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<SignUpOptions>>((cors, signUps) => cors.AddPolicy(
            SignUpEndpoints.OtherSites, policy => policy.WithOrigins([.. signUps.Value.Origins]).WithMethods("GET", "POST").WithHeaders("Content-Type")));
    }

    /// <summary>What every request passes, in this order.</summary>
    public static void UseRules(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseHsts();
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages(ProblemAnswers.AnswerStatusAsync);
        app.UseHostFiltering();
        app.UseReadableRequests();
        app.UseRouting();
        app.UseCors();
        app.UseAuthorization();
        app.UseIdempotentPosts();
    }

    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup("/api")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        api.MapNewsletterEndpoints();
        api.MapLayoutEndpoints();
        api.MapSubscriberEndpoints();
        api.MapSuppressionEndpoints();
        api.MapImportEndpoints();
        api.MapExportEndpoints();
        api.MapSegmentEndpoints();
        api.MapBulkChangeEndpoints();
        api.MapEditionEndpoints();
        api.MapImageEndpoints();
        api.MapPublishingEndpoints();
        api.MapIssueEndpoints();
        api.MapIssueLinkEndpoints();
        api.MapIssuePollEndpoints();
        api.MapDigestEndpoints();
        api.MapRelayEndpoints();
        api.MapMailboxEndpoints();
        api.MapFeedbackEndpoints();
        api.MapKeyEndpoints();
        api.MapConsentEndpoints();
        app.MapSignUpEndpoints();
        app.MapWebhookEndpoints();
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapScalarApiReference("/docs", Reference).AllowAnonymous();
    }

    private static void Reference(ScalarOptions scalar, HttpContext http)
    {
        // The page has one script of its own inline; this lets that one run and no other.
        scalar.Nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; script-src 'self' 'nonce-{scalar.Nonce}'; "
            + "object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
        // Nothing from elsewhere: the page works offline and tells nobody that it was opened.
        scalar.Title = "Newsletter.Mailer API";
        scalar.DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp();
        scalar.ShowDeveloperTools = DeveloperToolsVisibility.Never;
    }

    private static void Describe(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "Newsletter.Mailer",
            Version = "v1",
            Description = "Write editions, schedule them, and ask who got them and who didn't, and why. "
                + "Names are snake_case, times RFC 3339, errors application/problem+json (RFC 9457) with the fields' names in \"errors\". "
                + "A POST with the header Idempotency-Key may be repeated: it is answered as it was the first time; only an import and a picture take none, because repeating them changes nothing. "
                + "Lists come in pages: pass \"next\" as ?after= for what follows.",
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key: nlm_…" },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
        return Task.CompletedTask;
    });
}
