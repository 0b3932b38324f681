using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class AccessTests(ApiFixture fixture) : ApiTest(fixture)
{
    private IEnumerable<RouteEndpoint> Endpoints => Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    [Fact]
    public async Task EveryEndpointOfTheApiRefusesWithoutAKey()
    {
        using var nobody = Server.ClientWith(null);
        var walked = 0;
        foreach (var endpoint in Endpoints.Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal)))
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                var path = endpoint.RoutePattern.RawText!.Replace("{id:long}", "1", StringComparison.Ordinal).Replace("{id:int}", "1", StringComparison.Ordinal).Replace("{newsletter}", "x", StringComparison.Ordinal).Replace("{name}", "x", StringComparison.Ordinal).Replace("{poll:int}", "1", StringComparison.Ordinal);
                Assert.DoesNotContain('{', path);
                var accepts = endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Http.Metadata.IAcceptsMetadata>()?.ContentTypes[0] ?? "application/json";

                var answer = await SendRaw(new HttpMethod(method), path, method is "GET" or "DELETE" ? null : Typed("{}", accepts), nobody);

                Assert.True(answer.Status == HttpStatusCode.Unauthorized, $"{method} {path} answered {answer.Status}");
                Assert.Equal("Bearer", answer.Message.Headers.WwwAuthenticate.Single().Scheme);
                Assert.Contains("newsletter keys create", answer.Detail, StringComparison.Ordinal);
                walked++;
            }

        Assert.True(walked > 30, $"only {walked} endpoints were found");
    }

    [Fact]
    public void WhatIsOpenToEveryoneIsNamedHere()
    {
        string[] open =
        [
            .. Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
                .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/').Split('/')[0]).Distinct().Order(),
        ];

        Assert.Subset(new HashSet<string> { "/docs", "/health", "/openapi", "/subscribe", "/confirm", "/preferences", "/unsubscribe", "/c", "/o", "/vote", "/copy", "/archive", "/n", "/inbox", "/images", "/webhooks", "/samples", "/feed.xml", "/feed.json", "/sitemap.xml", "/robots.txt" }, open.ToHashSet());
        Assert.All(
            Endpoints.Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal)),
            endpoint => Assert.NotNull(endpoint.Metadata.GetMetadata<ScopeRequirement>()));
    }

    [Fact]
    public async Task AKeyWithoutTheScopeIsToldWhichOneItLacks()
    {
        using var reader = await Server.ClientWithScopesAsync(Scopes.ReadNewsletters);

        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/api/newsletters", client: reader)).Status);
        var refused = await Send(HttpMethod.Post, "/api/newsletters", new { slug = "x" }, reader);

        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains(Scopes.WriteNewsletters, refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWriteScopeReadsToo()
    {
        using var writer = await Server.ClientWithScopesAsync(Scopes.WriteEditions);

        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/api/editions", client: writer)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Send(HttpMethod.Post, "/api/editions/1/publish", client: writer)).Status);
    }

    [Fact]
    public async Task AnExpiredOrRevokedKeyIsToldSo()
    {
        var keys = Server.Services.GetRequiredService<ApiKeyStore>();
        var expired = await keys.CreateAsync("old", [Scopes.ReadIssues], new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), default);
        var revoked = await keys.CreateAsync("gone", [Scopes.ReadIssues], null, default);
        await keys.RevokeAsync(revoked.Key.Id, default);

        using var old = Server.ClientWith(expired.Token);
        using var gone = Server.ClientWith(revoked.Token);
        Assert.Contains("expired at 2020-01-01", (await Send(HttpMethod.Get, "/api/issues", client: old)).Detail, StringComparison.Ordinal);
        Assert.Contains("revoked", (await Send(HttpMethod.Get, "/api/issues", client: gone)).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Digest")]
    public async Task TheApiTakesBearerOnly(string scheme)
    {
        using var client = Server.ClientWith(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, Convert.ToBase64String(Encoding.UTF8.GetBytes($"x:{Server.Key}")));

        Assert.Equal(HttpStatusCode.Unauthorized, (await Send(HttpMethod.Get, "/api/issues", client: client)).Status);
    }

    [Fact]
    public async Task TheDashboardIsOffUnlessEnabled() =>
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/hangfire")).Status);

    [Fact]
    public async Task TheDashboardAdmitsNobodyWithoutAKeyOfScopeOpsNotEvenFromLoopback()
    {
        await using var server = await Testing.ServerUnderTest.StartAsync(settings: new Dictionary<string, string?> { ["Jobs:Dashboard"] = "true" });
        var author = await server.Services.GetRequiredService<ApiKeyStore>().CreateAsync("author", [Scopes.WriteIssues], null, default);

        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(null));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask("nonsense"));
        Assert.Equal(HttpStatusCode.Forbidden, await Ask(author.Token));
        Assert.Equal(HttpStatusCode.OK, await Ask(server.Key));

        async Task<HttpStatusCode> Ask(string? key)
        {
            using var client = server.ClientWith(null);
            if (key is not null)
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"anyone:{key}")));
            using var answer = await client.GetAsync("/hangfire");
            return answer.StatusCode;
        }
    }
}
