using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class IssueEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task AnIssueIsShownListedAndCounted()
    {
        var (newsletter, issue, _) = await MakeIssue();

        var shown = await Get($"/api/issues/{issue}");
        Assert.Equal((newsletter, "sending", 2), ((string?)shown["newsletter"], (string?)shown["state"], (int)shown["audience"]));
        Assert.Equal([issue], (await Get($"/api/issues?newsletter={newsletter}"))["items"].AsArray().Select(item => (long)item!["id"]!));
        var receipt = await Get($"/api/issues/{issue}/receipt");
        Assert.Equal((2, 2, 0), ((int)receipt["audience"], (int)receipt["pending"], (int)receipt["accepted"]));
        Assert.False((bool)receipt["balanced"]);
    }

    [Fact]
    public async Task WhatIsNotThereIsNotFound()
    {
        foreach (var below in new[] { "", "/receipt", "/progress", "/deliveries" })
            Assert.Equal(HttpStatusCode.NotFound, (await Get($"/api/issues/999999{below}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Put("/api/issues/999999/state", new { state = "paused" })).Status);
    }

    [Fact]
    public async Task WhyAReaderGotItOrDidntIsOneCall()
    {
        var (newsletter, issue, reader) = await MakeIssue();
        var late = await MakeSubscriber(newsletter, $"{Unique("late")}@example.com");

        var waits = await Get($"/api/issues/{issue}/deliveries?subscriber={reader}");
        Assert.Equal("pending", (string?)waits["items"].AsArray().Single()!["status"]);
        Assert.StartsWith("Not yet", (string?)waits["answer"], StringComparison.Ordinal);
        var came = await Get($"/api/issues/{issue}/deliveries?subscriber={late}");
        Assert.Empty(came["items"].AsArray());
        Assert.StartsWith("No: the reader subscribed at", (string?)came["answer"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeliveriesComeByStatusAndByThePage()
    {
        var (_, issue, _) = await MakeIssue();

        var first = await Get($"/api/issues/{issue}/deliveries?status=pending&limit=1");
        var second = await Get($"/api/issues/{issue}/deliveries?status=pending&limit=1&after={first["next"]}");

        Assert.NotEqual((int)first["items"][0]!["seq"]!, (int)second["items"][0]!["seq"]!);
        Assert.Null(second.Json!["next"]);
        Assert.Empty((await Get($"/api/issues/{issue}/deliveries?status=accepted"))["items"].AsArray());
        Assert.NotEmpty((await Get($"/api/issues/{issue}/deliveries?status=lost")).Error("status"));
    }

    [Fact]
    public async Task AnIssueIsPausedContinuedAndCancelled()
    {
        var (_, issue, _) = await MakeIssue();
        var path = $"/api/issues/{issue}/state";

        var paused = await Put(path, new { state = "paused" });
        Assert.Equal(("paused", "Paused by hand."), ((string?)paused["state"], (string?)paused["reason"]));
        Assert.Equal("paused", (string?)(await Put(path, new { state = "paused" }))["state"]);
        Assert.Equal("sending", (string?)(await Put(path, new { state = "sending" }))["state"]);
        Assert.StartsWith("cancel", (string?)(await Put(path, new { state = "cancelled" }))["state"], StringComparison.Ordinal);
        var refused = await Put(path, new { state = "sending" });
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.StartsWith("cancel", (string?)refused["state"], StringComparison.Ordinal);
        Assert.NotEmpty((await Put(path, new { state = "exploded" })).Error("state"));
        Assert.NotEmpty((await Put(path, new { })).Error("state"));
    }

    [Fact]
    public async Task AFinishedIssueIsSentAgainToThoseItMissed()
    {
        var (newsletter, issue, reader) = await MakeIssue();
        var path = $"/api/issues/{issue}/resend";
        var early = await Post(path, null);
        Assert.Equal((HttpStatusCode.Conflict, "sending"), (early.Status, (string?)early["state"]));
        Assert.Equal(HttpStatusCode.NotFound, (await Post("/api/issues/999999/resend", null)).Status);
        await Server.Database.ExecuteAsync(
            "update deliveries set status = case when subscriber_id = $2 then 'expired' else 'rejected' end::delivery_status where issue_id = $1", issue, reader);
        await Server.Database.ExecuteAsync("update batches set state = 'done' where issue_id = $1", issue);
        await Server.Database.ExecuteAsync("update issues set state = 'finished', finished_at = now() where id = $1", issue);

        var nobody = await Post(path, new { statuses = new[] { "unknown" } });
        Assert.Equal((HttpStatusCode.OK, 0, 1, 1), (nobody.Status, (int)nobody["recipients"], (int)nobody["left_out"]["expired"]!, (int)nobody["left_out"]["rejected"]!));
        Assert.Null(nobody.Json!["round"]);
        var opened = await Post(path, null);
        Assert.Equal((HttpStatusCode.Accepted, 2, 1, 1), (opened.Status, (int)opened["round"], (int)opened["recipients"], (int)opened["left_out"]["rejected"]!));
        Assert.Equal(("sending", 2), ((string?)(await Get($"/api/issues/{issue}"))["state"], (int)(await Get($"/api/issues/{issue}"))["round"]));
        Assert.Equal(HttpStatusCode.Conflict, (await Post(path, null)).Status);

        var rounds = (await Get($"/api/issues/{issue}/receipt"))["rounds"].AsArray();
        Assert.Equal((1, 2, 1), ((int)rounds[0]!["expired"]!, (int)rounds[0]!["audience"]!, (int)rounds[1]!["waiting"]!));
        var sent = (await Get($"/api/issues/{issue}/deliveries?round=2"))["items"].AsArray().Single()!;
        Assert.Equal((reader, 2), ((long)sent["subscriber_id"]!, (int)sent["round"]!));
        var left = (await Get($"/api/issues/{issue}/deliveries?left_out=any"))["items"].AsArray().Single()!;
        Assert.Equal(("rejected", "rejected"), ((string?)left["status"], (string?)left["left_out"]));
        Assert.Empty((await Get($"/api/issues/{issue}/deliveries?left_out=suppressed"))["items"].AsArray());
        Assert.Contains("It was sent again in round 2", (string?)(await Get($"/api/issues/{issue}/deliveries?subscriber={reader}"))["answer"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AResendSaysWhomItCanBeAskedFor()
    {
        var (_, issue, _) = await MakeIssue();
        foreach (var statuses in new string?[][] { [], ["accepted"], ["expired", null] })
            Assert.NotEmpty((await Post($"/api/issues/{issue}/resend", new { statuses })).Error("statuses"));
        var reading = await Server.ClientWithScopesAsync(Newsletter.Mailer.Access.Scopes.ReadIssues);
        Assert.Equal(HttpStatusCode.Forbidden, (await Send(HttpMethod.Post, $"/api/issues/{issue}/resend", null, reading)).Status);
    }

    [Fact]
    public async Task ProgressComesAsEventsUntilTheEnd()
    {
        var (_, issue, _) = await MakeIssue();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/issues/{issue}/progress");
        using var answer = await Server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("event: progress", await reader.ReadLineAsync());
        Assert.Contains("\"pending\":2", await reader.ReadLineAsync(), StringComparison.Ordinal);

        await Server.Database.ExecuteAsync("update deliveries set status = 'accepted' where issue_id = $1", issue);
        await Server.Database.ExecuteAsync("update issues set state = 'finished', finished_at = now() where id = $1", issue);

        var rest = await reader.ReadToEndAsync();
        Assert.Contains("event: end", rest, StringComparison.Ordinal);
        Assert.Contains("\"balanced\":true", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RelaysAreListedWithoutSecrets()
    {
        await using var server = await Testing.ServerUnderTest.StartAsync(settings: new Dictionary<string, string?>
        {
            ["Delivery:Relays:0:Name"] = "main",
            ["Delivery:Relays:0:Host"] = "relay.example.com",
            ["Delivery:Relays:0:UserName"] = "us",
            ["Delivery:Relays:0:Password"] = "opensesame",
        });

        var text = await server.Client.GetStringAsync("/api/relays");

        Assert.Contains("relay.example.com", text, StringComparison.Ordinal);
        Assert.DoesNotContain("opensesame", text, StringComparison.Ordinal);
    }

    private async Task<(string Newsletter, long Issue, long Reader)> MakeIssue()
    {
        var (_, newsletter) = await MakeNewsletter();
        var reader = await MakeSubscriber(newsletter, $"{Unique("ana")}@example.com");
        await MakeSubscriber(newsletter, $"{Unique("bo")}@example.com");
        var edition = await MakeEdition(newsletter);
        await Post($"/api/editions/{edition}/publish", null);
        await Server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition, default);
        return (newsletter, (long)(await Get($"/api/editions/{edition}"))["issue_id"], reader);
    }
}
