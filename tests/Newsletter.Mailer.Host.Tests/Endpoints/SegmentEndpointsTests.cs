using System.Net;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class SegmentEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task ASegmentLivesThroughTheApi()
    {
        var (_, newsletter) = await MakeNewsletter();
        await MakeSubscriber(newsletter, $"{Unique("ana")}@example.com", "Ana Example");
        await MakeSubscriber(newsletter, $"{Unique("bo")}@example.com", "Bo Example");

        var made = await Post("/api/segments", new { newsletter, name = "Anas", filter = "first_name = \"ana\"" });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var id = (long)made["id"];
        Assert.Equal(($"/api/segments/{id}", "anas"), (made.Message.Headers.Location!.ToString(), (string?)made["slug"]));

        Assert.Equal(1, (int)(await Get($"/api/segments/{id}/size"))["audience"]);
        Assert.Single((await Get($"/api/segments?newsletter={newsletter}"))["items"].AsArray());
        Assert.Equal("name contains \"example\"", (string?)(await Put($"/api/segments/{id}", new { name = "All", filter = "name contains \"example\"" }))["filter"]);
        Assert.Equal((2, 0), ((int)(await Get($"/api/segments/{id}/size"))["audience"], (int)(await Get($"/api/segments/{id}/size"))["suppressed"]));
        Assert.Equal(HttpStatusCode.Conflict, (await Post("/api/segments", new { newsletter, name = "all", filter = "tags is empty" })).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await Delete($"/api/segments/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get($"/api/segments/{id}")).Status);
    }

    [Fact]
    public async Task AFilterIsCheckedWithoutBeingSaved()
    {
        var (_, newsletter) = await MakeNewsletter();
        await MakeSubscriber(newsletter, $"{Unique("ana")}@example.com");

        var right = await Post("/api/segments/check", new { newsletter, filter = "tags is empty" });
        Assert.Equal((true, 1), ((bool)right["valid"], (int)right["size"]["audience"]!));

        var wrong = await Post("/api/segments/check", new { newsletter, filter = "tags is empty\nand teir = 'free'" });
        Assert.Equal(HttpStatusCode.OK, wrong.Status);
        var problem = wrong["problems"].AsArray().Single()!;
        Assert.Equal((false, 2, 5, 4), ((bool)wrong["valid"], (int)problem["line"]!, (int)problem["column"]!, (int)problem["length"]!));
        Assert.Empty((await Get($"/api/segments?newsletter={newsletter}"))["items"].AsArray());
    }

    [Fact]
    public async Task WhatIsWrongIsToldByField()
    {
        var (_, newsletter) = await MakeNewsletter();

        var refused = await Post("/api/segments", new { newsletter, filter = "tier = \"gold\"" });

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.NotEmpty(refused.Error("name"));
        Assert.StartsWith("Line 1, column 8: ", refused.Error("filter"), StringComparison.Ordinal);
        Assert.NotEmpty((await Post("/api/segments/check", new { newsletter = "nope", filter = "x" })).Error("newsletter"));
    }

    [Fact]
    public async Task AnEditionIsRefusedWithTheLineOfASegmentThatIsNot()
    {
        var (_, newsletter) = await MakeNewsletter();
        var edition = await MakeEdition(newsletter, extra: "segment: nobody\n");

        var refused = await Send(HttpMethod.Post, $"/api/editions/{edition}/publish");

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("Line 3, column 10", refused.Detail, StringComparison.Ordinal);
    }
}
