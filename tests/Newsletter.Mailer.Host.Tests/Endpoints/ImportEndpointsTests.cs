using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class ImportEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task AFileIsTakenInAndItsWrongRowsAreListed()
    {
        var (_, newsletter) = await MakeNewsletter();
        var accepted = await Import(newsletter, $"email,name,city\n{Unique("a")}@example.com,Ana,Rome\nnobody,,\n{Unique("b")}@example.com,Bo,Oslo\n");

        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        var id = (long)accepted["id"];
        Assert.Equal($"/api/imports/{id}", accepted.Message.Headers.Location!.ToString());
        // No worker runs in these tests: this is what its job does.
        Assert.Equal(1, await Server.Database.ScalarAsync<long>("select count(*) from hangfire.job where invocationdata::text like '%MergeImportJob%' and arguments::text like $1", $"%{id}%"));
        await Server.Services.GetRequiredService<SubscriberImport>().MergeAsync(id, null, default);

        var import = await Get($"/api/imports/{id}");
        Assert.Equal(("finished", 3, 2, 1), ((string?)import["state"], (int)import["rows"], (int)import["subscribed"], (int)import["invalid"]));
        var problem = (await Get($"/api/imports/{id}/problems"))["items"].AsArray().Single()!;
        Assert.Equal((3, "email"), ((int)problem["line"]!, (string?)problem["column"]));
        Assert.Contains((await Get("/api/imports?limit=500"))["items"].AsArray(), item => (long)item!["id"]! == id);
    }

    [Theory]
    [InlineData("name,city\nAna,Rome\n")]
    [InlineData("")]
    [InlineData("\u0001\u0002\u0003\n\u0004")]
    public async Task AFileThatIsNoListOfReadersIsRefusedWithAReason(string csv)
    {
        var (_, newsletter) = await MakeNewsletter();

        var refused = await Import(newsletter, csv);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.NotEmpty(refused.Detail);
    }

    [Fact]
    public async Task BinaryJunkIsRefused()
    {
        var (_, newsletter) = await MakeNewsletter();
        var junk = new byte[100_000];
        new Random(7).NextBytes(junk);

        var refused = await SendRaw(HttpMethod.Post, $"/api/imports?newsletter={newsletter}", new ByteArrayContent(junk) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } });

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }

    [Fact]
    public async Task TheNewsletterMustBeNamedAndKnown()
    {
        Assert.NotEmpty((await SendRaw(HttpMethod.Post, "/api/imports", Typed("email\n", "text/csv"))).Error("newsletter"));
        Assert.NotEmpty((await Import("nope", "email\n")).Error("newsletter"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendRaw(HttpMethod.Post, "/api/imports?newsletter=x", Typed("{}", "application/json"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/imports/999999")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/imports/999999/problems")).Status);
    }

    [Fact]
    public async Task AnImportMayBeLargerThanAnyOtherBody()
    {
        var (_, newsletter) = await MakeNewsletter();
        var csv = new StringBuilder("email,note\n");
        var note = new string('x', 1000);
        for (var i = 0; i < 6_000; i++)
            csv.Append("big").Append(i).Append('.').Append(newsletter).Append("@example.com,").Append(note).Append('\n');

        Assert.Equal(HttpStatusCode.Accepted, (await Import(newsletter, csv.ToString())).Status);
    }

    private Task<Answer> Import(string newsletter, string csv) =>
        SendRaw(HttpMethod.Post, $"/api/imports?newsletter={newsletter}", Typed(csv, "text/csv"));
}
