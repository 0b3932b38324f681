using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Wiring;

public sealed class RolesTests
{
    [Fact]
    public async Task AWebProcessPublishesAndAWorkerBesideItSends()
    {
        await using var web = await ServerUnderTest.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        await Post("/api/newsletters", """{"slug":"tea","name":"Tea","from_address":"tea@example.com","postal_address":"1 Street"}""");
        await Post("/api/subscribers", """{"email":"ana@example.com","newsletter":"tea"}""");
        var edition = await Post("/api/editions?newsletter=tea", "---\nsubject: Hello\n---\n\nHi.\n", "text/markdown");
        await Post($"/api/editions/{edition["id"]}/publish", "{}");
        Assert.Equal("scheduled", (string?)(await Get($"/api/editions/{edition["id"]}"))["state"]);

        var worker = Server.Build(new HostSetup
        {
            IgnoreMachine = true,
            Role = HostRole.Worker,
            Overrides = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ConnectionStrings:Newsletter"] = web.Database.ConnectionString,
                ["Links:Keys:k1"] = Convert.ToBase64String(new byte[32].Select((_, i) => (byte)i).ToArray()),
                ["Inbox:Enabled"] = "true",
                ["Web:ShutdownSeconds"] = "10",
                ["Logging:LogLevel:Default"] = "Error",
            },
        });
        await using var owned = (IAsyncDisposable)worker;
        await worker.OpenAsync(WhenRunning.Refuse, patience.Token);
        await worker.StartAsync(patience.Token);

        JsonNode published;
        while ((published = await Get($"/api/editions/{edition["id"]}"))["issue_id"] is null)
            await Task.Delay(100, patience.Token);
        var events = await web.Client.GetStringAsync($"/api/issues/{published["issue_id"]}/progress", patience.Token);
        Assert.Contains("\"accepted\":1", events, StringComparison.Ordinal);
        Assert.Contains("event: end", events, StringComparison.Ordinal);
        await worker.StopAsync(patience.Token);

        async Task<JsonNode> Get(string path) => JsonNode.Parse(await web.Client.GetStringAsync(path, patience.Token))!;

        async Task<JsonNode> Post(string path, string body, string type = "application/json")
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            using var answer = await web.Client.PostAsync(path, content, patience.Token);
            var text = await answer.Content.ReadAsStringAsync(patience.Token);
            Assert.True(answer.IsSuccessStatusCode, text);
            return JsonNode.Parse(text)!;
        }
    }

    [Fact]
    public async Task AWebProcessRunsNoJobServer()
    {
        await using var web = await ServerUnderTest.StartAsync();

        Assert.Empty(web.Services.GetRequiredService<Hangfire.JobStorage>().GetMonitoringApi().Servers());
    }

    [Fact]
    public async Task AWorkerHasAServerForEachLaneAndTheSweepEachMinute()
    {
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true);
        var storage = server.Services.GetRequiredService<Hangfire.JobStorage>();

        var queues = storage.GetMonitoringApi().Servers().Select(each => string.Join(',', each.Queues)).Order();

        Assert.Equal([JobQueues.Transactional, JobQueues.Control, JobQueues.Send, JobQueues.Import], queues);
        using var connection = storage.GetConnection();
        Assert.Equal("* * * * *", Hangfire.Storage.StorageConnectionExtensions.GetRecurringJobs(connection).Single(job => job.Id == "sweep").Cron);
    }
}
