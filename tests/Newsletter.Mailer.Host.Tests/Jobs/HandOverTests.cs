using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Jobs;

public sealed class HandOverTests
{
    private const int Readers = 600;

    [Fact]
    public async Task SendersThatHandOverTogetherAreFollowedAtOnceNotAtTheNextSweep()
    {
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?> { ["Delivery:HandOverSeconds"] = "1", ["Delivery:BatchSize"] = "20" });

        await PublishAsync(server);

        await FinishesWithoutASweepAsync(server);
        Assert.Equal(Readers, await server.Database.ScalarAsync<long>("select count(*) from deliveries where status = 'accepted'"));
        Assert.True(await server.Database.ScalarAsync<long>("select count(*) from hangfire.job where invocationdata::text like '%SendBatchesJob%'") > 2);
    }

    [Fact]
    public async Task RepliesThatAreLongInComingKeepNoSenderFromStarting()
    {
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?>
        {
            ["Delivery:HandOverSeconds"] = "1",
            ["Delivery:Senders"] = "1",
            ["Delivery:BatchSize"] = "20",
            ["Web:ShutdownSeconds"] = "6",
        });

        await PublishAsync(server, FaultScript.None
            .At(FaultPoint.EndOfData).OnMessages(number => number % 40 == 1 && number <= 161).Delay(TimeSpan.FromMinutes(2))
            .At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(50)));

        // What shares a batch with one of the five in flight waits for it; nobody else does.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await server.Database.ScalarAsync<long>("select count(*) from deliveries where status = 'accepted'") < Readers - 5 * 20)
            await Task.Delay(100, patience.Token);
    }

    // Hangfire's log provider belongs to the process, and it is asked for a logger while a job is being fetched.
    [Fact]
    public async Task TheEndOfAnotherHostInTheProcessLeavesNoJobUnfetched()
    {
        await using var server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?> { ["Delivery:HandOverSeconds"] = "1", ["Delivery:BatchSize"] = "20" });
        await using (var other = await ServerUnderTest.StartAsync())
            other.Services.GetRequiredService<IJobStarter>().TopUpSenders();

        await PublishAsync(server);

        await FinishesWithoutASweepAsync(server);
    }

    // Slow enough for several hand-overs: eight connections, a twentieth of a second a message.
    private static Task PublishAsync(ServerUnderTest server) =>
        PublishAsync(server, FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(50)));

    private static async Task PublishAsync(ServerUnderTest server, FaultScript script)
    {
        server.Services.GetRequiredService<OpenRelays>().Inbox!.Play(script);
        var newsletter = await Some.NewsletterAsync(server.Database);
        await Some.SubscribersAsync(server.Database, newsletter, Readers);
        var edition = await PostAsync(server, "/api/editions?newsletter=tea", "---\nsubject: Hello\n---\n\nHi!\n");
        await PostAsync(server, $"/api/editions/{edition!["id"]}/publish", null);
    }

    // The sweep runs when the server starts and once a minute: what is done sooner was not its work.
    private static async Task FinishesWithoutASweepAsync(ServerUnderTest server)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(45));
        while (await server.Database.ScalarAsync<string>("select coalesce(max(state), '') from issues") != "finished")
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException("Not finished: " + await server.Database.ScalarAsync<string>("""
                    select (select string_agg(status || ' ' || n, ', ') from (select status, count(*) as n from deliveries group by status) d) || '; batches '
                        || (select string_agg(state || ' ' || n, ', ') from (select state, count(*) as n from batches group by state) b) || '; jobs '
                        || (select string_agg(statename || ' ' || n, ', ') from (select statename, count(*) as n from hangfire.job where invocationdata::text like '%SendBatchesJob%' group by statename) j)
                    """));
            await Task.Delay(100);
        }
    }

    private static async Task<JsonNode?> PostAsync(ServerUnderTest server, string path, string? document)
    {
        using var content = document is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(document)) { Headers = { ContentType = new MediaTypeHeaderValue("text/markdown") } };
        using var answer = await server.Client.PostAsync(path, content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text);
    }
}
