using System.Net;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class NewsletterEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task SearchEnginesAreLetInUnlessKeptOut()
    {
        var made = await Post("/api/newsletters", new { slug = Unique("tea"), name = "Tea", from_address = "tea@example.com" });
        Assert.True((bool)made["indexed"]);

        var changed = await Put($"/api/newsletters/{(long)made["id"]}", new { name = "Tea", from_address = "tea@example.com", indexed = false });

        Assert.False((bool)changed["indexed"]);
        Assert.False((bool)(await Get($"/api/newsletters/{(long)made["id"]}"))["indexed"]);
    }

    [Fact]
    public async Task ANewsletterIsCreatedShownListedAndChanged()
    {
        var slug = Unique("weekly");
        var made = await Post("/api/newsletters", new { slug, name = "Weekly", from_address = "News@Bücher.example", cadence = "fridays 08:00", time_zone = "Europe/Berlin" });

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal("News@xn--bcher-kva.example", (string?)made["from_address"]);
        var path = made.Message.Headers.Location!.ToString();
        Assert.Equal($"/api/newsletters/{made["id"]}", path);
        Assert.Equal(made.Text, (await Get(path)).Text);

        var changed = await Put(path, new { name = "Weekly!", from_address = "news@example.com", postal_address = "1 Street" });
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal(("Weekly!", "Etc/UTC"), ((string?)changed["name"], (string?)changed["time_zone"]));
        Assert.Contains((await Get("/api/newsletters?limit=500"))["items"].AsArray(), item => (string?)item!["slug"] == slug);
    }

    [Fact]
    public async Task EveryWrongFieldIsNamedAtOnce()
    {
        var refused = await Post("/api/newsletters", new { slug = "Not a slug", from_address = "nobody", time_zone = "Mars/Olympus" });

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        foreach (var field in new[] { "slug", "name", "from_address", "time_zone" })
            Assert.NotEmpty(refused.Error(field));
    }

    [Fact]
    public async Task ACadenceMustMeanSomething() =>
        Assert.Contains("fridays 08:00", (await Post("/api/newsletters", new { slug = Unique("x"), name = "X", from_address = "a@example.com", cadence = "sometimes" })).Error("cadence"), StringComparison.Ordinal);

    [Fact]
    public async Task AThemeMustBeOneThereIs() =>
        Assert.Contains("there are letter, magazine, plain", (await Post("/api/newsletters", new { slug = Unique("x"), name = "X", from_address = "a@example.com", theme = "velvet" })).Error("theme"), StringComparison.Ordinal);

    [Fact]
    public async Task ADesignIsKeptPutInOrderAndChecked()
    {
        var made = await Post("/api/newsletters", new { slug = Unique("x"), name = "X", from_address = "a@example.com", premium_url = "https://example.com/premium", design = new { accent = "#0A5", width = 640 } });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var kept = await Get($"/api/newsletters/{made["id"]}");
        Assert.Equal(("#00aa55", 640, "https://example.com/premium", false), ((string?)kept["design"]["accent"], (int?)kept["design"]["width"], (string?)kept["premium_url"], (bool?)kept["raw_html"]));

        var refused = await Put($"/api/newsletters/{made["id"]}", new { name = "X", from_address = "a@example.com", premium_url = "javascript:alert(1)", design = new { accent = "red;}", width = 10, font = "Arial", logo_url = "http://example.com/l.png" } });
        foreach (var field in new[] { "premium_url", "design.accent", "design.width", "design.font", "design.logo_url" })
            Assert.NotEmpty(refused.Error(field));
    }

    [Fact]
    public async Task ALayoutIsCheckedKeptShownAndTakenAway()
    {
        const string Layout = "<!DOCTYPE html><html><head></head><body>{{ content }}<a href=\"{{ unsubscribe_url }}\">x</a>{{ postal_address }}</body></html>";
        var made = await Post("/api/newsletters", new { slug = Unique("x"), name = "X", from_address = "a@example.com" });
        var path = $"/api/newsletters/{made["id"]}/layout";

        Assert.Equal(HttpStatusCode.NotFound, (await Get(path)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendRaw(HttpMethod.Put, path, new StringContent(Layout, System.Text.Encoding.UTF8, "text/html"))).Status);
        Assert.Equal(Layout, (await Get(path)).Text);

        var refused = await SendRaw(HttpMethod.Put, path, new StringContent(Layout.Replace("{{ content }}", "{{ kontent }}<script>x</script>", StringComparison.Ordinal), System.Text.Encoding.UTF8, "text/html"));
        Assert.Contains("Line 1, column ", refused.Error("layout"), StringComparison.Ordinal);
        Assert.Contains("<script>", refused.Error("layout"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendRaw(HttpMethod.Put, path, new StringContent(Layout, System.Text.Encoding.UTF8, "text/plain"))).Status);

        Assert.Equal(HttpStatusCode.OK, (await Put($"/api/newsletters/{made["id"]}", new { name = "Y", from_address = "a@example.com" })).Status);
        Assert.Equal(Layout, (await Get(path)).Text);
        Assert.Equal(HttpStatusCode.NoContent, (await Delete(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Delete("/api/newsletters/4711000/layout")).Status);
    }

    [Fact]
    public async Task ThePicturesOfTheSampleEditionAreWhereItsMailLooksForThem()
    {
        var shown = await Get("/samples/lizard.png");

        Assert.Equal((HttpStatusCode.OK, "image/png"), (shown.Status, shown.Message.Content.Headers.ContentType?.MediaType));
        Assert.Equal(HttpStatusCode.OK, (await Get("/samples/winding.png")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/samples/sample-edition.md")).Status);
    }

    [Fact]
    public async Task ATakenSlugIsAConflict()
    {
        var (_, slug) = await MakeNewsletter();

        var refused = await Post("/api/newsletters", new { slug, name = "Again", from_address = "a@example.com" });

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.NotEmpty(refused.Error("slug"));
    }

    [Theory]
    [InlineData("{\"slgu\":\"x\"}", "slgu", "no such member")]
    [InlineData("{\"name\":7}", "name", "must be text")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}", "name", "twice")]
    [InlineData("{\"name\":\"a\\u0000\"}", "name", "NUL")]
    public async Task AWrongMemberIsNamedWithItsPlace(string body, string field, string says) =>
        Assert.Contains(says, (await Send(HttpMethod.Post, "/api/newsletters", body)).Error(field), StringComparison.Ordinal);

    [Fact]
    public async Task BrokenJsonIsToldByLineAndColumn()
    {
        var refused = await Send(HttpMethod.Post, "/api/newsletters", "{\n  \"name\": oops\n}");

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("line 2, column 11", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PagesFollowEachOther()
    {
        for (var i = 0; i < 3; i++)
            await MakeNewsletter();
        var seen = new List<long>();
        for (string? next = ""; next is not null;)
        {
            var page = await Get($"/api/newsletters?limit=2&after={next}");
            seen.AddRange(page["items"].AsArray().Select(item => (long)item!["id"]!));
            next = (string?)page.Json!["next"];
        }

        Assert.True(seen.Count >= 3);
        Assert.Equal(seen.Distinct().Order(), seen);
        Assert.NotEmpty((await Get("/api/newsletters?after=nonsense")).Error("after"));
        Assert.NotEmpty((await Get("/api/newsletters?limit=501")).Error("limit"));
        Assert.Contains("whole number", (await Get("/api/newsletters?limit=many")).Error("limit"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotThereIsNotFound()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/newsletters/999999")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Put("/api/newsletters/999999", new { name = "X", from_address = "a@example.com" })).Status);
    }
}
