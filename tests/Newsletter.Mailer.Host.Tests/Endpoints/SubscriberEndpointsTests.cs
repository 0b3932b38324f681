using System.Net;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class SubscriberEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task APersonIsTakenInFoundChangedAndErased()
    {
        var (_, newsletter) = await MakeNewsletter();
        var email = $"{Unique("ana")}@example.com";
        var made = await Post("/api/subscribers", new { email, name = "Ana B", newsletter, attributes = new { city = "Rome" } });

        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        Assert.Equal((email, "Ana", "active"), ((string?)made["email"], (string?)made["first_name"], (string?)made["subscriptions"][0]!["status"]));
        var path = made.Message.Headers.Location!.ToString();

        Assert.Equal(made.Text, (await Post("/api/subscribers/lookup", new { email = email.ToUpperInvariant() })).Text);
        var changed = await Send(HttpMethod.Patch, path, new { name = "", attributes = new { city = (string?)null, club = "red" } });
        Assert.Null(changed.Json!["name"]);
        Assert.Equal("""{"club":"red"}""", changed["attributes"].ToJsonString());

        Assert.Equal(HttpStatusCode.NoContent, (await Delete(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Delete(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Post("/api/subscribers/lookup", new { email })).Status);
    }

    [Fact]
    public async Task AnAddressIsErasedWhoeverItBelongsTo()
    {
        var (_, newsletter) = await MakeNewsletter();
        var email = $"{Unique("ana")}@example.com";
        await Post("/api/subscribers", new { email, newsletter });

        foreach (var address in new[] { email.ToUpperInvariant(), email, $"{Unique("nobody")}@example.com" })
            Assert.Equal(HttpStatusCode.NoContent, (await Post("/api/subscribers/erase", new { email = address })).Status);

        foreach (var replayed in new[] { false, true })
        {
            var answer = await SendRaw(HttpMethod.Post, "/api/subscribers/erase", Json($$"""{"email":"{{email}}"}"""), headers: ("Idempotency-Key", email));
            Assert.Equal((HttpStatusCode.NoContent, replayed), (answer.Status, answer.Message.Headers.Contains("Idempotency-Replayed")));
        }

        Assert.Equal(HttpStatusCode.NotFound, (await Post("/api/subscribers/lookup", new { email })).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await Post("/api/subscribers", new { email, newsletter })).Status);
        var wrong = await Post("/api/subscribers/erase", new { email = "ana" });
        Assert.True(wrong.Status == HttpStatusCode.BadRequest && wrong["errors"]["email"] is not null, wrong.Text);
    }

    [Fact]
    public async Task TakingSomeoneInTwiceIsHarmless()
    {
        var (_, newsletter) = await MakeNewsletter();
        var email = $"{Unique("bo")}@example.com";
        var first = await Post("/api/subscribers", new { email, newsletter });
        var second = await Post("/api/subscribers", new { email, newsletter });

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.Status, second.Status));
        Assert.Equal((long)first["id"], (long)second["id"]);
    }

    [Fact]
    public async Task WhoLeftComesBackOnlyConfirmed()
    {
        var (_, newsletter) = await MakeNewsletter();
        var id = await MakeSubscriber(newsletter, $"{Unique("cy")}@example.com");
        var path = $"/api/subscribers/{id}/subscriptions/{newsletter}";

        Assert.Equal("unsubscribed", (string?)(await Put(path, new { status = "unsubscribed" }))["subscriptions"][0]!["status"]);
        Assert.Equal(HttpStatusCode.Conflict, (await Put(path, new { status = "active" })).Status);
        Assert.Equal("active", (string?)(await Put(path, new { status = "active", confirmed = true }))["subscriptions"][0]!["status"]);
        Assert.Equal("premium", (string?)(await Put(path, new { tier = "premium" }))["subscriptions"][0]!["tier"]);
        Assert.Equal(HttpStatusCode.NotFound, (await Put($"/api/subscribers/{id}/subscriptions/nope", new { status = "active" })).Status);
    }

    [Fact]
    public async Task ListsAreFiltered()
    {
        var (_, newsletter) = await MakeNewsletter();
        var stays = await MakeSubscriber(newsletter, $"{Unique("di")}@example.com");
        var leaves = await MakeSubscriber(newsletter, $"{Unique("ed")}@example.com");
        await Put($"/api/subscribers/{leaves}/subscriptions/{newsletter}", new { status = "unsubscribed" });

        var active = await Get($"/api/subscribers?newsletter={newsletter}&status=active");

        Assert.Equal([stays], active["items"].AsArray().Select(item => (long)item!["id"]!));
        Assert.NotEmpty((await Get("/api/subscribers?status=gone")).Error("status"));
    }

    [Theory]
    [InlineData("no at sign")]
    [InlineData("Name <a@example.com>")]
    [InlineData("a@example.com\nBcc: b@example.com")]
    [InlineData(null)]
    public async Task ABadAddressIsRefusedByField(string? email) =>
        Assert.NotEmpty((await Post("/api/subscribers", new { email })).Error("email"));

    [Fact]
    public async Task ASuppressedAddressIsAConflictUntilItIsLifted()
    {
        var (_, newsletter) = await MakeNewsletter();
        var email = $"{Unique("flo")}@example.com";
        var suppression = await Post("/api/suppressions", new { email, reason = "complaint", evidence = "by phone" });

        Assert.Equal(HttpStatusCode.Created, suppression.Status);
        Assert.Equal((email, "complaint"), ((string?)suppression["email"], (string?)suppression["reason"]));
        Assert.Equal(HttpStatusCode.OK, (await Post("/api/suppressions", new { email, reason = "manual" })).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await Post("/api/subscribers", new { email, newsletter })).Status);

        var path = suppression.Message.Headers.Location!.ToString();
        Assert.Contains((await Get("/api/suppressions?limit=500"))["items"].AsArray(), item => (string?)item!["email"] == email);
        Assert.Equal(HttpStatusCode.NoContent, (await Delete(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get(path)).Status);
        Assert.Equal(HttpStatusCode.Created, (await Post("/api/subscribers", new { email, newsletter })).Status);
    }

    [Fact]
    public async Task ASuppressionIsOfAnAddressOrADomainForAKnownReason()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await Post("/api/suppressions", new { })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await Post("/api/suppressions", new { email = "a@example.com", domain = "example.com" })).Status);
        Assert.NotEmpty((await Post("/api/suppressions", new { email = "a@example.com", reason = "dislike" })).Error("reason"));
    }
}
