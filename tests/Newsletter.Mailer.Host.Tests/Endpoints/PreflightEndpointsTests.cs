using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Scheduling;
using Npgsql;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class PreflightEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task EverythingThatIsWrongIsListed()
    {
        var (_, newsletter) = await MakeNewsletter();
        var id = await Make(newsletter, "Dear [NAME], *|FNAME|*, see [the log](https://localhost/log). {{ subscriber.first_name | default: \"friend\" }}\n");

        var known = await Get($"/api/editions/{id}/preflight?links=known");
        var asked = await Get($"/api/editions/{id}/preflight");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (known.Status, asked.Status));
        Assert.Equal(1, (int)known["errors"]);
        var codes = known["findings"].AsArray().Select(found => (string?)found!["code"]).ToList();
        Assert.Equal("merge-tag-left", codes[0]);
        Assert.Contains("placeholder-left", codes);
        Assert.Contains("link-private", codes);
        Assert.Contains("audience-empty", codes);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/editions/999999/preflight")).Status);
        Assert.NotEmpty((await Get($"/api/editions/{id}/preflight?links=all")).Error("links"));
    }

    [Fact]
    public async Task ReadersWithoutANameAreCounted()
    {
        var (_, newsletter) = await MakeNewsletter();
        await Post("/api/subscribers", new { email = $"a@{newsletter}.example.net", newsletter });
        await Post("/api/subscribers", new { email = $"b@{newsletter}.example.net", newsletter, name = "Bo Example" });
        var id = await Make(newsletter, "Dear {{ subscriber.first_name | default: \"friend\" }}.\n");

        var found = (await Get($"/api/editions/{id}/preflight?links=known"))["findings"].AsArray().Single(found => (string?)found!["code"] == "personalisation-default")!;

        Assert.Equal("1 of 2 have no first name; they read \"friend\".", (string?)found["message"]);
    }

    [Fact]
    public async Task ReadersWithoutANameAreCountedAmongWhomItGoesTo()
    {
        var (_, newsletter) = await MakeNewsletter();
        foreach (var (name, city) in new[] { ("a", "Porto"), ("b", "Porto"), ("c", "Faro") })
            await Post("/api/subscribers", new { email = $"{name}@{newsletter}.example.net", newsletter, attributes = new { city } });
        await Post("/api/subscribers", new { email = $"d@{newsletter}.example.net", newsletter, name = "Di Example", attributes = new { city = "Porto", shoe = "41" } });
        Assert.Equal(HttpStatusCode.Created, (await Post("/api/segments", new { newsletter, name = "Porto", filter = "attributes.city = \"Porto\"" })).Status);
        var id = (long)(await Post("/api/editions", new
        {
            newsletter,
            source = "---\ntitle: Letters\npreheader: Tide\nsegment: porto\n---\nDear {{ subscriber.first_name | default: \"friend\" }} of size {{ subscriber.attributes.shoe | default: \"40\" }}.\n",
        }))["id"];

        var found = (await Get($"/api/editions/{id}/preflight?links=known"))["findings"].AsArray().Where(found => (string?)found!["code"] == "personalisation-default").Select(found => (string?)found!["message"]).ToList();

        Assert.Contains("2 of 3 have no first name; they read \"friend\".", found);
        Assert.Contains(found, message => message!.StartsWith("2 of 3 have no ", StringComparison.Ordinal) && message.Contains("shoe", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WarningsAreSaidWhenItIsScheduledAndPublished()
    {
        var (_, newsletter) = await MakeNewsletter();
        var id = await Make(newsletter, "Dear [NAME], see [the log](https://localhost/log).\n");

        var scheduled = await Put($"/api/editions/{id}/schedule", new { at = "2031-05-06T08:00", zone = "Europe/Berlin" });
        var published = await Post($"/api/editions/{id}/publish", new { });

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Accepted), (scheduled.Status, published.Status));
        foreach (var warnings in new[] { scheduled["warnings"].AsArray(), published["warnings"].AsArray() })
        {
            Assert.All(warnings, warning => Assert.Equal("warning", (string?)warning!["severity"]));
            var left = warnings.Single(warning => (string?)warning!["code"] == "placeholder-left")!;
            Assert.Equal((5, 6), ((int)left["line"]!, (int)left["column"]!));
            Assert.Contains("[NAME]", (string?)left["message"], StringComparison.Ordinal);
            Assert.NotEmpty((string)left["remedy"]!);
        }

        Assert.Null((await Get($"/api/editions/{id}")).Json!["warnings"]);
    }

    [Fact]
    public async Task WarningsThatCanNotBeLookedUpKeepNobodyFromKnowingThatItGoesOut()
    {
        var (_, newsletter) = await MakeNewsletter();
        var id = await Make(newsletter, "Dear [NAME].\n");
        await using var connection = await Server.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var holding = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table link_checks", connection, holding))
            await hold.ExecuteNonQueryAsync();

        var scheduled = await Put($"/api/editions/{id}/schedule", new { at = "2031-05-06T08:00", zone = "Europe/Berlin" });
        var published = await Post($"/api/editions/{id}/publish", new { });

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Accepted), (scheduled.Status, published.Status));
        Assert.Null(scheduled.Json!["warnings"]);
        Assert.Null(published.Json!["warnings"]);
    }

    [Fact]
    public async Task AnErrorBlocksAndSizeCanBeForced()
    {
        var (_, newsletter) = await MakeNewsletter();
        var large = string.Join("\n\n", Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("The tide comes in.", 50)), 110));
        var id = await Make(newsletter, large);

        var refused = await Post($"/api/editions/{id}/publish", new { });
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("Gmail cuts it off", refused.Detail, StringComparison.Ordinal);
        Assert.NotEmpty((await Post($"/api/editions/{id}/publish?force=everything", new { })).Error("force"));
        Assert.NotEmpty((await Put($"/api/editions/{id}/schedule?force=x", new { at = "2031-05-06T08:00" })).Error("force"));

        Assert.Equal(HttpStatusCode.OK, (await Put($"/api/editions/{id}/schedule?force=html-too-large", new { at = "2031-05-06T08:00", zone = "Europe/Berlin" })).Status);
        var listed = await Get($"/api/editions/{id}/preflight?links=known");
        Assert.Equal(0, (int)listed["errors"]);
        Assert.Contains(listed["findings"].AsArray(), found => (string?)found!["code"] == "html-large");
        // What was forced of this revision stays so when it is published.
        Assert.Equal(HttpStatusCode.Accepted, (await Post($"/api/editions/{id}/publish", new { })).Status);
        await Server.Services.GetRequiredService<IssuePublisher>().PublishAsync(id, default);
        Assert.Equal("published", (string?)(await Get($"/api/editions/{id}"))["state"]);
    }

    private async Task<long> Make(string newsletter, string body) =>
        (long)(await Post("/api/editions", new { newsletter, source = $"---\ntitle: Letters\npreheader: Tide\n---\n{body}" }))["id"];
}
