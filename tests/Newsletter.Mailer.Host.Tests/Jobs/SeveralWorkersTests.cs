using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;
using Xunit.Abstractions;

namespace Newsletter.Mailer.Host.Tests.Jobs;

/// <summary>
/// Worker processes and a web process over one PostgreSQL. NEWSLETTER_WORKERS_READERS sets the size of the issue; 200000 is the long form.
/// </summary>
[Trait("Category", "Faults")]
public sealed class SeveralWorkersTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Connections = 4;

    private static readonly int s_readers = int.Parse(Environment.GetEnvironmentVariable("NEWSLETTER_WORKERS_READERS") ?? "2000", CultureInfo.InvariantCulture);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(180 + (s_readers / 50));

    private readonly InboxServer _inbox = new(new InboxOptions { KeptBodies = 0 });
    private ServerUnderTest _web = null!;

    public async Task InitializeAsync()
    {
        await _inbox.StartAsync();
        _web = await ServerUnderTest.StartAsync(settings: Settings());
    }

    public async Task DisposeAsync()
    {
        await _web.DisposeAsync();
        await _inbox.DisposeAsync();
    }

    [Fact]
    public async Task OneKilledAndOneStoppedPastItsLeaseEverybodyGetsTheIssue()
    {
        using var killed = await StartAsync();
        using var stopped = await StartAsync();
        _inbox.Play(FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(10)));
        var issue = await PublishAsync();
        await _inbox.Messages.WaitForAsync(s_readers / 8, s_patience);

        killed.Kill();
        var at = _inbox.Messages.Count;
        stopped.Stop();
        // Nobody is left that works. Another is started, as whoever watches over services would.
        using var successor = await StartAsync();
        var since = Stopwatch.StartNew();
        await _inbox.Messages.WaitForAsync(at + (2 * Connections) + 20, s_patience);
        output.WriteLine($"sending again {since.Elapsed.TotalSeconds:0.0} s after a worker was there again");
        Assert.InRange(since.Elapsed.TotalSeconds, 0, 60);
        await Workers.UntilAsync(
            async () => await _web.Database.ScalarAsync<long>("select count(*) from batches where fence > 1") > 0, "a take-over", s_patience);
        stopped.Continue();

        var receipt = await UntilFinishedAsync(issue);
        var copies = _inbox.Messages.Count - _inbox.Messages.DistinctRecipients;
        output.WriteLine($"{s_readers} readers: {copies} copies, {receipt["unknown"]} unknown, {since.Elapsed.TotalSeconds:0} s from then to the end");
        Assert.Equal((s_readers, true), ((int)receipt["accepted"]! + (int)receipt["unknown"]!, (bool)receipt["balanced"]!));
        Assert.Equal(s_readers, _inbox.Messages.DistinctRecipients);
        Assert.InRange(copies, 0, 2 * Connections);
        Assert.Equal(_inbox.Messages.DistinctRecipients, _inbox.Messages.DistinctMessageIds);
        // A worker that was away for a while goes on as if nothing had been.
        successor.Terminate();
        Assert.Equal(0, await successor.EndAsync(TimeSpan.FromSeconds(40)));
        stopped.Terminate();
        Assert.Equal(0, await stopped.EndAsync(TimeSpan.FromSeconds(40)));
    }

    [Fact]
    public async Task ToldToEndAWorkerFinishesWhatIsInFlightAndGivesTheRestBack()
    {
        using var first = await StartAsync();
        _inbox.Play(FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(200)));
        var issue = await PublishAsync();
        await _inbox.Messages.WaitForAsync(20, s_patience);

        var since = Stopwatch.StartNew();
        first.Terminate();
        Assert.Equal(0, await first.EndAsync(TimeSpan.FromSeconds(40)));

        output.WriteLine($"ended {since.Elapsed.TotalSeconds:0.0} s after SIGTERM");
        var receipt = await ReceiptAsync(issue);
        Assert.Equal((_inbox.Messages.Count, 0L, 0L), ((long)receipt["accepted"]!, (long)receipt["sending"]!, (long)receipt["unknown"]!));
        Assert.Equal(0L, await _web.Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'"));

        _inbox.Play(FaultScript.None);
        using var second = await StartAsync();
        Assert.Equal(s_readers, (int)(await UntilFinishedAsync(issue))["accepted"]!);
        Assert.Equal((s_readers, s_readers), ((int)_inbox.Messages.Count, (int)_inbox.Messages.DistinctRecipients));
    }

    private Dictionary<string, string?> Settings() => Workers.Settings(_inbox, Connections);

    private Task<ProgramProcess> StartAsync() => Workers.StartAsync(_web.Database.ConnectionString, Settings());

    private async Task<long> PublishAsync()
    {
        var newsletter = await Some.NewsletterAsync(_web.Database);
        await Some.SubscribersAsync(_web.Database, newsletter, s_readers);
        var edition = await Some.EditionAsync(_web.Database, newsletter);
        using var content = new StringContent("{}", MediaTypeHeaderValue.Parse("application/json"));
        using var answer = await _web.Client.PostAsync($"/api/editions/{edition.Id}/publish", content);
        answer.EnsureSuccessStatusCode();
        await Workers.UntilAsync(async () => await _web.Database.ScalarAsync<long>("select count(*) from issues where state = 'sending'") == 1, "a frozen issue", s_patience);
        return await _web.Database.ScalarAsync<long>("select id from issues");
    }

    private async Task<JsonNode> ReceiptAsync(long issue) => JsonNode.Parse(await _web.Client.GetStringAsync($"/api/issues/{issue}/receipt"))!;

    private async Task<JsonNode> UntilFinishedAsync(long issue)
    {
        await Workers.UntilAsync(async () => await _web.Database.ScalarAsync<string>("select state from issues where id = $1", issue) == "finished", "the end", s_patience);
        return await ReceiptAsync(issue);
    }
}
