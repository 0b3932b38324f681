using System.Net;
using Newsletter.Mailer.Access;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class KeyEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task AKeyIsMadeUsedAndRevoked()
    {
        var made = await Post("/api/keys", new { name = "studio", scopes = new[] { Scopes.ReadIssues }, expires_at = "2099-01-01T00:00:00+02:00" });

        Assert.Equal(HttpStatusCode.Created, made.Status);
        using var client = Server.ClientWith((string?)made["token"]);
        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/api/issues", client: client)).Status);
        var path = made.Message.Headers.Location!.ToString();
        var shown = await Get(path);
        Assert.DoesNotContain(((string)made["token"]!)[13..], shown.Text, StringComparison.Ordinal);
        Assert.NotNull(shown.Json!["last_used_at"]);
        Assert.Contains((await Get("/api/keys?limit=500"))["items"].AsArray(), item => (long)item!["id"]! == (long)made["key"]["id"]!);

        Assert.Equal(HttpStatusCode.NoContent, (await Delete(path)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send(HttpMethod.Get, "/api/issues", client: client)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Delete("/api/keys/999999")).Status);
    }

    [Fact]
    public async Task WhatIsWrongIsNamed()
    {
        var refused = await Post("/api/keys", new { scopes = new[] { "everything" }, expires_at = "2020-01-01T00:00:00Z" });

        Assert.NotEmpty(refused.Error("name"));
        Assert.Contains("everything", refused.Error("scopes"), StringComparison.Ordinal);
        Assert.Contains("past", refused.Error("expires_at"), StringComparison.Ordinal);
        Assert.NotEmpty((await Post("/api/keys", new { name = "x" })).Error("scopes"));
    }

    [Fact]
    public async Task NoKeyMakesAMightierOne()
    {
        using var clerk = await Server.ClientWithScopesAsync(Scopes.WriteKeys, Scopes.ReadIssues);

        var refused = await Send(HttpMethod.Post, "/api/keys", new { name = "x", scopes = new[] { Scopes.ReadIssues, Scopes.WriteIssues } }, clerk);

        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains(Scopes.WriteIssues, refused.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await Send(HttpMethod.Post, "/api/keys", new { name = "x", scopes = new[] { Scopes.ReadIssues } }, clerk)).Status);
    }

    [Fact]
    public async Task TheSecretOfAKeyIsNotKeptForARepeatedRequest()
    {
        var key = Unique("once");
        var body = Json($$"""{"name":"{{key}}","scopes":["ops"]}""");

        var first = await SendRaw(HttpMethod.Post, "/api/keys", body, headers: ("Idempotency-Key", key));
        var second = await SendRaw(HttpMethod.Post, "/api/keys", Json($$"""{"name":"{{key}}","scopes":["ops"]}"""), headers: ("Idempotency-Key", key));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Conflict), (first.Status, second.Status));
        Assert.Equal(1, await Server.Database.ScalarAsync<long>("select count(*) from api_keys where name = $1", key));
        Assert.Equal(0, await Server.Database.ScalarAsync<int>("select length(body) from idempotency_keys where key = $1", key));
    }
}
