using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

/// <summary>Whatever a client sends, the fault is told to be the client's: every operation of the OpenAPI document, every kind of nonsense.</summary>
public sealed class NeverFiveHundredTests : IAsyncLifetime
{
    private ServerUnderTest _server = null!;
    private HttpClient _client = null!;

    private static readonly string[] s_ids = ["0", "-1", "9223372036854775807", "9223372036854775808", "1e3", "abc", "%00", "%ED%A0%80", "..%2f1", "1'--", "%F0%9F%8D%B5"];

    private static readonly string[] s_queries =
    [
        "after=x", "after=%00", "after=AQAAAAAAAAAB", "after=AX__________", "limit=0", "limit=-1", "limit=abc", "limit=99999999999999999999", "limit=1&limit=2",
        "newsletter=%00", "newsletter=%ED%A0%80", "newsletter=nope", "newsletter=%F0%9F%8D%B5", "status=%00", "status=nope", "state=7", "state=,", "tier=x", "tier=%00",
        "subscriber=abc", "subscriber=99999999999999999999", "subscriber=-1", "name=%00", "name=../x", "newsletter=tea&name=%2e%2e/x", "newsletter=tea&name=", "format=pdf", "format=%00", "variant=x", "a=%zz", "=", "&&&",
    ];

    private static readonly byte[][] s_bodies =
    [
        .. new[]
        {
            "", " ", "{", "}", "[]", "null", "true", "7", "\"text\"", "{}", "{\"unknown\":1}", "{\"name\":1}", "{\"name\":null,\"name\":2}", "{\"name\":\"\\u0000\"}", "{\"name\":\"\\ud800\"}",
            "{\"slug\":\"a\\u0000b\",\"name\":\"x\",\"from_address\":\"a@example.com\"}", "{\"slug\":[]}", "{\"email\":\"a\\u0000@example.com\"}", "{\"email\":{}}", "{\"email\":\"\\ud800@example.com\"}",
            "{\"attributes\":{\"a\":\"\\u0000\"}}", "{\"attributes\":{\"\\u0000\":1}}", "{\"email\":\"x@example.com\",\"attributes\":{\"a\":1e999}}", "{\"email\":\"x@example.com\",\"attributes\":{\"a\":1e-20000}}", "{\"email\":\"a\\ufffeb@example.com\"}", "{\"email\":\"x@example.com\",\"attributes\":{\"a\":{\"b\":[[[]]]}}}",
            "{\"email\":\"x@example.com\",\"attributes\":{\"a\":\"\\udc00\"}}", "{\"email\":\"y@example.com\",\"attributes\":{\"a\":12345678901234567890123456789012345678901234567890}}",
            "{\"expires_at\":\"yesterday\"}", "{\"name\":\"k\",\"scopes\":[null]}", "{\"name\":\"k\",\"scopes\":[\"\\u0000\"]}", "{\"name\":\"k\",\"scopes\":[\"ops\"],\"expires_at\":\"9999-12-31T23:59:59-14:00\"}",
            "{\"name\":\"k\",\"scopes\":[\"ops\"],\"expires_at\":\"0001-01-01T00:00:00+14:00\"}", "{\"to\":[null]}", "{\"to\":[1]}", "{\"to\":\"a@example.com\"}", "{\"state\":null}", "{\"state\":\"\\u0000\"}",
            "{\"at\":\"2031-02-30T08:00\",\"zone\":\"Europe/Berlin\"}", "{\"at\":\"2031-02-03T08:00\",\"zone\":\"../../etc/passwd\"}", "{\"at\":\"2031-02-03T08:00\",\"zone\":\"\\u0000\"}", "{\"at\":\"9999-12-31T23:59\",\"zone\":\"Pacific/Apia\"}",
            "{\"at\":\"0001-01-01T00:00\",\"zone\":\"Asia/Tokyo\"}", "{\"slot\":\"last\"}", "{\"source\":\"---\\nsubject: x\\nnumber: 99999999999\\n---\\n\"}", "{\"newsletter\":\"nope\",\"source\":\"---\\nsubject: x\\n---\\n\"}",
            "{\"source\":\"\\u0000\"}", "{\"revision\":99999999999,\"source\":\"x\"}", "---\nsubject: [\n---\n", "email\n\u0000\n", "a,b\n\"", new string('[', 500), "{\"name\":\"" + new string('x', 100_000) + "\"}",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF, 0xFE, 0x00],
        [.. "{\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8],
        [.. "{\"email\":\"a"u8, 0xED, 0xA0, 0x80, .. "@example.com\"}"u8],
        [.. "email\na"u8, 0xFF, .. "@example.com\n"u8],
    ];

    /// <summary>Of everything there is one with the id 1; the caller's own key has another, so that no nonsense revokes it.</summary>
    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _client = await _server.ClientWithScopesAsync([.. Scopes.All]);
        await Put("/api/newsletters", """{"slug":"tea","name":"Tea","from_address":"tea@example.com","postal_address":"1 Street","cadence":"fridays 08:00"}""");
        await Put("/api/subscribers", """{"email":"ana@example.com","newsletter":"tea"}""");
        await Put("/api/suppressions", """{"email":"bo@example.com"}""");
        await Put("/api/imports?newsletter=tea", "email\ncy@example.com\n", "text/csv");
        using (var picture = new ByteArrayContent(TestPictures.Png()) { Headers = { ContentType = new("image/png") } })
            Assert.Equal(HttpStatusCode.Created, (await _client.PostAsync("/api/images?newsletter=tea&name=a.png", picture)).StatusCode);
        await Put("/api/editions?newsletter=tea", "---\nsubject: Hello\n---\n\nHi.\n", "text/markdown");
        await Put("/api/editions/1/publish", "{}");
        await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(1, default);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task NoBodyIsTheServersFault() => await ForEach(async (method, path, types) =>
    {
        if (method is "get" or "delete")
            return;
        foreach (var type in types)
            foreach (var body in s_bodies)
                await Check(method, path.Replace("{id}", "1", StringComparison.Ordinal).Replace("{newsletter}", "nope", StringComparison.Ordinal).Replace("{name}", "nope", StringComparison.Ordinal), body, type);
    });

    [Fact]
    public async Task NoIdIsTheServersFault() => await ForEach(async (method, path, types) =>
    {
        if (!path.Contains('{', StringComparison.Ordinal))
            return;
        foreach (var id in s_ids)
            await Check(method, path.Replace("{id}", id, StringComparison.Ordinal).Replace("{newsletter}", id, StringComparison.Ordinal).Replace("{name}", id, StringComparison.Ordinal), method is "get" or "delete" ? null : "{}"u8.ToArray(), types[0]);
    });

    [Fact]
    public async Task NoQueryIsTheServersFault() => await ForEach(async (method, path, types) =>
    {
        foreach (var query in s_queries)
            await Check(method, $"{path.Replace("{id}", "1", StringComparison.Ordinal).Replace("{newsletter}", "nope", StringComparison.Ordinal).Replace("{name}", "nope", StringComparison.Ordinal)}?{query}", method is "get" or "delete" ? null : "{}"u8.ToArray(), types[0]);
    });

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/json; charset=latin1")]
    [InlineData("application/json; charset=nonsense")]
    [InlineData("text/markdown; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task NoMediaTypeIsTheServersFault(string? type) => await ForEach(async (method, path, _) =>
    {
        if (method is not ("get" or "delete"))
            await Check(method, path.Replace("{id}", "1", StringComparison.Ordinal).Replace("{newsletter}", "nope", StringComparison.Ordinal).Replace("{name}", "nope", StringComparison.Ordinal), "{}"u8.ToArray(), type);
    });

    private async Task Put(string path, string body, string type = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var answer = await _client.PostAsync(path, content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task ForEach(Func<string, string, string[], Task> check)
    {
        var document = JsonNode.Parse(await _client.GetStringAsync("/openapi/v1.json"))!;
        foreach (var (path, operations) in document["paths"]!.AsObject().Where(pair => pair.Key.StartsWith("/api", StringComparison.Ordinal)))
            foreach (var (method, operation) in operations!.AsObject())
            {
                var types = operation!["requestBody"]?["content"]?.AsObject().Select(content => content.Key).ToArray() ?? ["application/json"];
                await check(method, path, types);
            }
    }

    private async Task Check(string method, string path, byte[]? body, string? type)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), new Uri(_server.Url.ToString().TrimEnd('/') + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        // An issue's progress goes on for as long as the issue: its beginning is enough.
        using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = (int)answer.StatusCode < 400 ? "" : await answer.Content.ReadAsStringAsync();
        var what = $"{method} {path} ({type}: {(body is null ? "" : Encoding.UTF8.GetString(body)[..Math.Min(80, Encoding.UTF8.GetString(body).Length)])}) → {(int)answer.StatusCode} {text}";
        Assert.True((int)answer.StatusCode < 500 && answer.StatusCode != HttpStatusCode.Unauthorized, what);
        // A NUL in the path is refused by Kestrel itself, in fewer words.
        if ((int)answer.StatusCode < 400 || path.Contains("/%00", StringComparison.Ordinal))
            return;
        Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/problem+json", what);
        Assert.True(JsonNode.Parse(text)!["detail"] is not null, what);
    }
}
