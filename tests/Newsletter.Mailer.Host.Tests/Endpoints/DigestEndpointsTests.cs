using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class DigestEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task TheNextDigestIsShownPreviewedMadeAndListed()
    {
        var (slug, id) = await NewsletterAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await Get($"/api/newsletters/{id}/digest/preview")).Status);
        await PublishAsync(slug, "High water");
        var reader = (long)(await Post("/api/subscribers", new { email = $"{Unique("ana")}@example.com", newsletter = slug }))["id"];
        await Server.Database.ExecuteAsync("update subscriptions set frequency = 'digest' where subscriber_id = $1", reader);
        Assert.Equal("digest", (string?)(await Get($"/api/subscribers/{reader}"))["subscriptions"]![0]!["frequency"]);

        var next = await Get($"/api/newsletters/{id}/digest");
        Assert.Equal((true, 1, "High water"), ((bool)next["enabled"], (int)next["readers"], (string?)next["issues"]![0]!["title"]));
        Assert.EndsWith("-01", (string?)next["month"], StringComparison.Ordinal);
        var html = await Get($"/api/newsletters/{id}/digest/preview");
        Assert.Contains($"/n/{slug}/archive/high-water", html.Text, StringComparison.Ordinal);
        Assert.StartsWith("sandbox", html.Message.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("List-Unsubscribe-Post: ", (await Get($"/api/newsletters/{id}/digest/preview?format=mime")).Text, StringComparison.Ordinal);
        Assert.NotEmpty((await Get($"/api/newsletters/{id}/digest/preview?format=pdf")).Error("format"));

        var desk = Server.Services.GetRequiredService<DigestDesk>();
        await Server.Database.ExecuteAsync("update newsletters set created_at = now() - interval '1 year' where id = $1", id);
        await new MakeDigestsJob(desk, Server.Services.GetRequiredService<IJobStarter>()).Run(default);

        var month = (await Get($"/api/digests?newsletter={slug}"))["items"].AsArray().Single()!;
        Assert.Equal(("made", 1), ((string?)month["outcome"], (int)month["issues"]!));
        var edition = (long)month["edition_id"]!;
        Assert.Equal(HttpStatusCode.Accepted, (await Post($"/api/editions/{edition}/publish", new { })).Status);
        await Server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition, default);

        var made = await Get($"/api/editions/{edition}");
        Assert.Equal(("digest", null), ((string?)made["kind"], (int?)made.Json!["number"]));
        Assert.Contains("High water", (await Get($"/api/editions/{edition}/preview?format=text")).Text, StringComparison.Ordinal);
        Assert.Equal(edition, (long)(await Get($"/api/editions?newsletter={slug}&kind=digest"))["items"].AsArray().Single()!["id"]!);
        var issue = (await Get($"/api/issues?newsletter={slug}&kind=digest"))["items"].AsArray().Single()!;
        Assert.Equal(("digest", null, 1), ((string?)issue["kind"], (int?)issue["number"], (int)issue["audience"]!));
        Assert.Equal(2, (await Get($"/api/issues?newsletter={slug}"))["items"].AsArray().Count);
        Assert.Equal(("digest", 1), ((string?)(await Get($"/api/issues/{issue["id"]}/receipt"))["kind"], (int)(await Get($"/api/issues/{issue["id"]}/receipt"))["pending"]));
        Assert.NotEmpty((await Get("/api/issues?kind=letter")).Error("kind"));
        Assert.NotEmpty((await Get("/api/editions?kind=letter")).Error("kind"));
    }

    [Fact]
    public async Task DigestsAreSwitchedOffWithTheNewsletter()
    {
        var (slug, id) = await NewsletterAsync();
        Assert.True((bool)(await Get($"/api/newsletters/{id}"))["digests"]);

        var off = await Put($"/api/newsletters/{id}", new { name = "Tea", from_address = "tea@example.com", digests = false });

        Assert.Equal((HttpStatusCode.OK, false), (off.Status, (bool)off["digests"]));
        Assert.False((bool)(await Get($"/api/newsletters/{id}/digest"))["enabled"]);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/newsletters/4711/digest")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/newsletters/4711/digest/preview")).Status);
        Assert.Empty((await Get($"/api/digests?newsletter={slug}"))["items"].AsArray());
    }

    [Fact]
    public async Task ItsLinksLeadToTheEditionsPage()
    {
        var (slug, _) = await NewsletterAsync();
        await PublishAsync(slug, "High water");
        using var reader = Server.ClientWith(null);

        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using var answer = await reader.SendAsync(new HttpRequestMessage(method, $"/n/{slug}/archive/high-water"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Contains("id=\"high-water\"", await reader.GetStringAsync($"/n/{slug}/archive"), StringComparison.Ordinal);
        foreach (var path in (string[])[$"/n/{slug}/archive/nope", "/n/nope/archive/high-water"])
        {
            using var missing = await reader.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    private async Task<(string Slug, long Id)> NewsletterAsync()
    {
        var slug = Unique("tea");
        var made = await Post("/api/newsletters", new { slug, name = "Tea", from_address = "tea@example.com", postal_address = "1 Street" });
        return (slug, (long)made["id"]);
    }

    private async Task PublishAsync(string slug, string title)
    {
        var edition = (long)(await Post("/api/editions", new { newsletter = slug, source = $"---\ntitle: {title}\nslug: high-water\n---\n\nHi.\n" }))["id"];
        await Post($"/api/editions/{edition}/publish", new { });
        await Server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition, default);
    }
}
