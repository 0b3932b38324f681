using System.Net;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class SuppressionListEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task ASuppressionIsAddedFoundLiftedAndRemembered()
    {
        var email = $"{Unique("ana")}@example.com";
        var made = await Post("/api/suppressions", new { email, as_hash = true, reason = "complaint" });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal((true, 64), (made.Json!["email"] is null, ((string)made["hash"]!).Length));
        var id = (long)made["id"];
        Assert.Equal(id, (long)(await Post("/api/suppressions/lookup", new { email }))["suppression"]["id"]!);

        Assert.Equal(HttpStatusCode.NoContent, (await Post($"/api/suppressions/{id}/lift", new { note = "She asked for it." })).Status);

        var story = await Post("/api/suppressions/lookup", new { email });
        Assert.Null(story.Json!["suppression"]);
        var lifted = story["lifted"].AsArray().Single()!;
        Assert.Equal(("She asked for it.", id), ((string?)lifted["note"], (long)lifted["suppression_id"]!));
        Assert.True((long)lifted["api_key_id"]! > 0);
        Assert.Contains((await Get("/api/suppressions/lifted?limit=500"))["items"].AsArray(), item => (long)item!["suppression_id"]! == id);
        Assert.NotEmpty((await Post("/api/suppressions", new { hash = "abc" })).Error("hash"));
    }

    [Fact]
    public async Task AListComesInAndGoesOut()
    {
        var email = $"{Unique("bo")}@example.com";
        var taken = await SendRaw(HttpMethod.Post, "/api/suppressions/import", Typed($"email,reason\n{email},complaint\nnobody,\n", "text/csv"));
        Assert.Equal((HttpStatusCode.OK, 1, 1), (taken.Status, (int)taken["added"], (int)taken["invalid"]));
        Assert.Contains($"{email},,,complaint,", (await Get("/api/suppressions/export")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendRaw(HttpMethod.Post, "/api/suppressions/import", Typed("a\n1\n", "text/csv"))).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await Post("/api/suppressions/import", new { email })).Status);
    }
}
