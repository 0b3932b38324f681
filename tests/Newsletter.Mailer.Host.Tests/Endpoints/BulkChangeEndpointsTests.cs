using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class BulkChangeEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task ASegmentIsTaggedAndTheOutcomeCounted()
    {
        var (_, newsletter) = await MakeNewsletter();
        var ana = await MakeSubscriber(newsletter, $"{Unique("ana")}@example.com", "Ana");
        await MakeSubscriber(newsletter, $"{Unique("bo")}@example.com", "Bo");

        var started = await Post("/api/bulk-changes", new { newsletter, filter = "name = \"ana\"", add_tags = new[] { "A-List" } });
        Assert.Equal(HttpStatusCode.Accepted, started.Status);
        var id = (long)started["id"];
        // No worker runs in these tests: this is what its job does.
        Assert.Equal(1, await Server.Database.ScalarAsync<long>("select count(*) from hangfire.job where invocationdata::text like '%ChangeInBulkJob%' and arguments::text like $1", $"%{id}%"));
        await Server.Services.GetRequiredService<BulkChangeStore>().RunAsync(id, default);

        var done = await Get($"/api/bulk-changes/{id}");
        Assert.Equal(("finished", 1, 1), ((string?)done["state"], (int)done["matched"], (int)done["changed"]));
        Assert.Equal("a-list", (string?)(await Get($"/api/subscribers/{ana}"))["tags"].AsArray().Single());
        Assert.Equal("signed_up", (string?)(await Get($"/api/subscribers/{ana}/timeline"))["items"].AsArray()[1]!["kind"]);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/subscribers/999999/timeline")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/bulk-changes/999999")).Status);
        Assert.NotEmpty((await Post("/api/bulk-changes", new { newsletter, filter = "x", add_tags = new[] { "a" } })).Error("filter"));
    }
}
