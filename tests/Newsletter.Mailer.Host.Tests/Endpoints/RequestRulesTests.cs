using System.Net;
using System.Net.Sockets;
using System.Text;
using Newsletter.Mailer.Testing;
using Npgsql;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class RequestRulesTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task EveryAnswerCarriesItsProtection()
    {
        foreach (var path in new[] { "/api/newsletters", "/health/live", "/nothing", "/docs/" })
        {
            using var answer = await Server.Client.GetAsync(path);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Contains("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task ABodyOverTheLimitIsTooLarge()
    {
        var body = Json($$"""{"name":"{{new string('x', 5 * 1024 * 1024)}}"}""");
        var refused = await SendRaw(HttpMethod.Post, "/api/newsletters", body, headers: ("Expect", "100-continue"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.Status);
        Assert.Contains("Web:MaxBodyBytes", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongMethodIsToldTheRightOnes()
    {
        var refused = await Delete("/api/newsletters");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.Status);
        Assert.Contains("GET", refused.Detail, StringComparison.Ordinal);
        Assert.Contains("POST", refused.Message.Content.Headers.Allow);
    }

    [Fact]
    public async Task AnUnknownPathIsNotFoundEvenForNobody()
    {
        using var nobody = Server.ClientWith(null);

        var answer = await Send(HttpMethod.Get, "/api/nothing", client: nobody);

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Contains("/api/nothing", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANulInTheQueryIsRefused() =>
        Assert.Contains("NUL", (await Get("/api/editions?newsletter=a%00b")).Detail, StringComparison.Ordinal);

    [Fact]
    public async Task OtherEncodingsThanUtf8AreRefused() =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendRaw(HttpMethod.Post, "/api/newsletters", Typed("{}", "application/json; charset=iso-8859-1"))).Status);

    // RFC 8058 §3.1: whatever a mail client says of the body it sends, the token decides.
    [Fact]
    public async Task OneClickMayNameAnotherEncoding() =>
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Client.PostAsync(
            "/unsubscribe/k1.unknown", Typed("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded; charset=iso-8859-1"))).StatusCode);

    [Fact]
    public async Task AHostThatIsNotOursIsRefused()
    {
        Assert.StartsWith("HTTP/1.1 400", await AskRaw(Server, "Host: evil.example.com\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskRaw(Server, "Host: localhost\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadinessSaysWhetherTheDatabaseAnswers()
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health/ready")).StatusCode);

        await using var elsewhere = NpgsqlDataSource.Create((await PostgresFixture.GetAsync()).ConnectionString("postgres"));
        await using var close = elsewhere.CreateCommand($"alter database {server.Database.Name} allow_connections false");
        await close.ExecuteNonQueryAsync();
        await using var cut = elsewhere.CreateCommand($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{server.Database.Name}'");
        await cut.ExecuteNonQueryAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task TheReferenceNeedsNothingFromElsewhere()
    {
        using var page = await Server.Client.GetAsync("/docs/");
        var html = await page.Content.ReadAsStringAsync();

        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("//cdn", html, StringComparison.Ordinal);
        var nonce = page.Headers.GetValues("Content-Security-Policy").Single().Split("'nonce-")[1].Split('\'')[0];
        Assert.Contains($"nonce=\"{nonce}\"", html, StringComparison.Ordinal);
        foreach (var script in new[] { "/docs/scalar.js", "/docs/scalar.aspnetcore.js" })
            Assert.Equal(HttpStatusCode.OK, (await Server.Client.GetAsync(script)).StatusCode);
    }

    [Fact]
    public async Task TheDocumentDescribesEveryOperation()
    {
        var document = (await Get("/openapi/v1.json")).Json!;

        Assert.Equal("bearer", (string?)document["components"]!["securitySchemes"]!["key"]!["scheme"]);
        foreach (var (path, operations) in document["paths"]!.AsObject().Where(pair => pair.Key.StartsWith("/api", StringComparison.Ordinal)))
            foreach (var (method, operation) in operations!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), $"{method} {path} has no summary");
                Assert.True(operation["responses"]!.AsObject().Any(response => response.Key.StartsWith('2')), $"{method} {path} names no success");
                Assert.True(operation["responses"]!.AsObject().ContainsKey("401"), $"{method} {path} forgets 401");
            }
    }

    private static async Task<string> AskRaw(ServerUnderTest server, string headers)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Url.Host, server.Url.Port);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /health/live HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
