using System.Net;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class ExportEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task ReadersAreExportedAsCsvAllOrThoseOfASegment()
    {
        var (_, newsletter) = await MakeNewsletter();
        var ana = $"{Unique("ana")}@example.com";
        await MakeSubscriber(newsletter, ana, "Ana");
        await MakeSubscriber(newsletter, $"{Unique("bo")}@example.com", "Bo");
        await Post("/api/segments", new { newsletter, name = "Anas", filter = "name = \"ana\"" });

        var all = await Get($"/api/exports?newsletter={newsletter}");
        Assert.Equal((HttpStatusCode.OK, "text/csv"), (all.Status, all.Message.Content.Headers.ContentType!.MediaType));
        Assert.Equal(3, all.Text.TrimEnd().Split("\r\n").Length);
        var some = await Get($"/api/exports?newsletter={newsletter}&segment=anas&status=active");
        Assert.StartsWith($"{ana},Ana,active,free,", some.Text.TrimEnd().Split("\r\n")[1], StringComparison.Ordinal);
        Assert.NotEmpty((await Get("/api/exports")).Error("newsletter"));
        Assert.NotEmpty((await Get($"/api/exports?newsletter={newsletter}&segment=none")).Error("segment"));
    }

    [Fact]
    public async Task AnImportSaysWhatItsColumnsBecomeBeforeItIsOne()
    {
        const string csv = "id,first_name,email,state,created_at,tags\n1,Ana,ana@example.com,active,,\n";
        var look = await SendRaw(HttpMethod.Post, "/api/imports/mapping", Typed(csv, "text/csv"));
        Assert.Equal(("kit", "status"), ((string?)look["source"], (string?)look["columns"].AsArray()[3]!["becomes"]));
        Assert.Equal(HttpStatusCode.BadRequest, (await SendRaw(HttpMethod.Post, "/api/imports/mapping", Typed("a,b\n", "text/csv"))).Status);
        Assert.NotEmpty((await SendRaw(HttpMethod.Post, "/api/imports/mapping?source=excel", Typed(csv, "text/csv"))).Error("source"));

        var (_, newsletter) = await MakeNewsletter();
        var dry = await SendRaw(HttpMethod.Post, $"/api/imports?newsletter={newsletter}&dry_run=true", Typed(csv, "text/csv"));
        var import = await Get($"/api/imports/{(long)dry["id"]}");
        Assert.Equal((true, "kit", "email"), ((bool)import["dry_run"], (string?)import["source"], (string?)import["mapping"].AsArray()[2]!["becomes"]));
    }
}
