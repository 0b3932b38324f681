using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

/// <summary>The way of an issue by the API alone, with real workers and the built-in inbox.</summary>
public sealed class WholeWayTests
{
    [Fact]
    public async Task AnEditionGoesOutOverTheApiAndItsReceiptBalances()
    {
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await Post("/api/newsletters", """{"slug":"tea","name":"Tea","from_address":"tea@example.com","postal_address":"1 Street"}""");
        await Post("/api/suppressions", """{"email":"gone@example.com"}""");
        var import = await Post("/api/imports?newsletter=tea", "email,name\nana@example.com,Ana\nbo@example.com,Bo\ncy@example.com,\n", "text/csv");
        await Until($"/api/imports/{import["id"]}", found => (string?)found["state"] == "finished");
        var edition = await Post("/api/editions?newsletter=tea", "---\nsubject: Hello\n---\n\nHi {{ subscriber.first_name | default: \"friend\" }}!\n", "text/markdown");
        await Post($"/api/editions/{edition["id"]}/test-sends", """{"to":["me@example.com"]}""");
        await Post($"/api/editions/{edition["id"]}/publish", null);

        var published = await Until($"/api/editions/{edition["id"]}", found => found["issue_id"] is not null);
        var events = await server.Client.GetStringAsync($"/api/issues/{published["issue_id"]}/progress", patience.Token);

        Assert.Contains("event: end", events, StringComparison.Ordinal);
        var receipt = JsonNode.Parse(await server.Client.GetStringAsync($"/api/issues/{published["issue_id"]}/receipt", patience.Token))!;
        Assert.Equal(("finished", 3, 3, true), ((string?)receipt["state"], (int)receipt["audience"]!, (int)receipt["accepted"]!, (bool)receipt["balanced"]!));
        // The three readers and the test.
        Assert.Equal(4, await server.Database.ScalarAsync<long>("select (select count(*) from deliveries where status = 'accepted') + (select count(*) from outbox where state = 'sent')"));

        async Task<JsonNode> Post(string path, string? body, string type = "application/json")
        {
            using var content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            using var answer = await server.Client.PostAsync(path, content, patience.Token);
            var text = await answer.Content.ReadAsStringAsync(patience.Token);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
            return JsonNode.Parse(text)!;
        }

        async Task<JsonNode> Until(string path, Predicate<JsonNode> holds)
        {
            while (true)
            {
                var found = JsonNode.Parse(await server.Client.GetStringAsync(path, patience.Token))!;
                if (holds(found))
                    return found;
                await Task.Delay(100, patience.Token);
            }
        }
    }

    [Fact]
    public async Task APictureGoesWithItsEditionAndStays()
    {
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?> { ["PublicUrl"] = "https://news.example.com", ["Inbox:AllowInProduction"] = "true" });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using var anyone = server.ClientWith(null);
        await Post("/api/newsletters", "{\"slug\":\"tea\",\"name\":\"Tea\",\"from_address\":\"tea@example.com\",\"postal_address\":\"1 Street\"}"u8.ToArray(), "application/json");
        await Post("/api/subscribers", "{\"email\":\"ana@example.com\",\"newsletter\":\"tea\"}"u8.ToArray(), "application/json");
        var picture = await Post("/api/images?newsletter=tea&name=boat.png", TestPictures.Png(), "image/png");
        var edition = await Post("/api/editions?newsletter=tea", "---\nsubject: Boats\n---\n\n![A boat](boat.png \"At dusk\")\n"u8.ToArray(), "text/markdown");
        await Post($"/api/editions/{edition["id"]}/publish", [], "application/json");

        var inbox = server.Services.GetRequiredService<Newsletter.Mailer.Host.Wiring.OpenRelays>().Inbox!.Messages;
        await inbox.WaitForAsync(1, TimeSpan.FromSeconds(60), patience.Token);
        // Another picture of the name changes nothing about what was frozen.
        await Post("/api/images?newsletter=tea&name=boat.png", TestPictures.Png(100, 100), "image/png");
        using var message = MimeKit.MimeMessage.Load(new MemoryStream(inbox.ReadBody(inbox.List(1).Messages[0].Number)!.Bytes));
        var image = new AngleSharp.Html.Parser.HtmlParser().ParseDocument(message.HtmlBody!).QuerySelector("img[alt='A boat']")!;

        Assert.Equal(((string?)picture["url"], "320", "200"), (image.GetAttribute("src"), image.GetAttribute("width"), image.GetAttribute("height")));
        Assert.StartsWith("https://news.example.com/images/", image.GetAttribute("src"), StringComparison.Ordinal);
        using var served = await anyone.GetAsync(new Uri(image.GetAttribute("src")!).AbsolutePath, patience.Token);
        Assert.Equal("image/png", served.Content.Headers.ContentType!.MediaType);
        var web = await anyone.GetStringAsync("/n/tea/archive/boats", patience.Token);
        Assert.Contains((string)picture["url"]!, web, StringComparison.Ordinal);
        using var refused = await server.Client.DeleteAsync($"/api/images/{picture["id"]}", patience.Token);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("issue 1", await refused.Content.ReadAsStringAsync(patience.Token), StringComparison.Ordinal);

        async Task<JsonNode> Post(string path, byte[] body, string type)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            using var answer = await server.Client.PostAsync(path, content, patience.Token);
            var text = await answer.Content.ReadAsStringAsync(patience.Token);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
            return JsonNode.Parse(text)!;
        }
    }
}
