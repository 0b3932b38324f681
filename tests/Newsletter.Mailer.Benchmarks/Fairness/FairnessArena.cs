using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Benchmarks.Fairness;

/// <summary>The whole server with its workers, and a relay that takes its time.</summary>
internal sealed class FairnessArena : IAsyncDisposable
{
    private readonly InboxServer _inbox;
    private readonly ServerUnderTest _server;

    private FairnessArena(InboxServer inbox, ServerUnderTest server) => (_inbox, _server) = (inbox, server);

    public static async Task<FairnessArena> OpenAsync(int connections, TimeSpan delay)
    {
        var inbox = new InboxServer(new InboxOptions { KeptBodies = 0 }, FaultScript.None.At(FaultPoint.EndOfData).Delay(delay));
        await inbox.StartAsync();
        var server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Inbox:Enabled"] = "false",
            ["Delivery:Relays:0:Host"] = "127.0.0.1",
            ["Delivery:Relays:0:Port"] = inbox.Port.ToString(CultureInfo.InvariantCulture),
            ["Delivery:Relays:0:Security"] = "None",
            ["Delivery:Relays:0:MaxConnections"] = connections.ToString(CultureInfo.InvariantCulture),
        });
        return new FairnessArena(inbox, server);
    }

    public async Task<FairnessReport> RunAsync(int large, int small, int runs, CancellationToken stop)
    {
        var little = await NewsletterAsync("little", small);
        var huge = await NewsletterAsync("huge", large);
        var tested = await NewsletterAsync("tested", 1);
        // The first issue pays for compiling the code that sends one.
        await TimeAsync(little, stop);
        var alone = await RepeatAsync(runs, little, stop);

        await FreezeAsync(huge);
        await _inbox.Messages.WaitForAsync(_inbox.Messages.Count + 200, TimeSpan.FromMinutes(5), stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var personal = SendPersonalAsync(tested, over.Token);
        var (before, since) = (_inbox.Messages.Count, Stopwatch.StartNew());
        var beside = await RepeatAsync(runs, little, stop);
        var rate = (_inbox.Messages.Count - before) / since.Elapsed.TotalSeconds;
        if (await _server.Database.ScalarAsync<long>("select count(*) from issues where state = 'sending'") != 1)
            throw new InvalidOperationException("The huge issue was over before the small ones were: give it more readers with --large, or fewer --runs.");
        await over.CancelAsync();
        var waits = await personal;
        return new FairnessReport
        {
            Large = large,
            Small = small,
            AloneSeconds = alone,
            BesideSeconds = beside,
            MessagesPerSecond = rate,
            PersonalMails = waits.Count,
            PersonalMedianSeconds = At(waits, 0.5),
            PersonalP99Seconds = At(waits, 0.99),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _server.Database.ExecuteAsync("update issues set state = 'paused', reason = 'The benchmark is over.' where state = 'sending'");
        await _server.DisposeAsync();
        await _inbox.DisposeAsync();
    }

    private async Task<NewsletterProfile> NewsletterAsync(string slug, int readers)
    {
        var newsletter = await Some.NewsletterAsync(_server.Database, draft => draft with { Slug = slug });
        for (var left = readers; left > 0; left -= 100_000)
            await Some.SubscribersAsync(_server.Database, newsletter, Math.Min(left, 100_000));
        await _server.Database.ExecuteAsync("analyze subscribers, subscriptions");
        return newsletter;
    }

    private async Task<double> RepeatAsync(int runs, NewsletterProfile newsletter, CancellationToken stop)
    {
        var seconds = new List<double>();
        for (var run = 0; run < runs; run++)
            seconds.Add(await TimeAsync(newsletter, stop));
        return At([.. seconds.Order()], 0.5);
    }

    // Frozen, the worker is told as the job that freezes would tell it; the end is seen in the row.
    private async Task<double> TimeAsync(NewsletterProfile newsletter, CancellationToken stop)
    {
        var issue = await FreezeAsync(newsletter);
        while (await _server.Database.ScalarAsync<string>("select state from issues where id = $1", issue) != "finished")
            await Task.Delay(50, stop);
        return await _server.Database.ScalarAsync<double>("select extract(epoch from finished_at - frozen_at)::float8 from issues where id = $1", issue);
    }

    private async Task<long> FreezeAsync(NewsletterProfile newsletter)
    {
        var edition = await Some.EditionAsync(_server.Database, newsletter);
        await Some.DueAsync(_server.Database, edition);
        if (await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default) != Publishing.Frozen)
            throw new InvalidOperationException("The edition was not frozen.");
        _server.Services.GetRequiredService<IJobStarter>().TopUpSenders();
        return await _server.Database.ScalarAsync<long>("select id from issues where edition_id = $1", edition.Id);
    }

    /// <summary>Test sends, five a second: how long each waited, shortest first.</summary>
    private async Task<IReadOnlyList<double>> SendPersonalAsync(NewsletterProfile newsletter, CancellationToken over)
    {
        var edition = await Some.EditionAsync(_server.Database, newsletter);
        var (tests, jobs) = (_server.Services.GetRequiredService<TestSend>(), _server.Services.GetRequiredService<IJobStarter>());
        if (!EmailAddress.TryParse("author@example.com", out var author, out var problem))
            throw new InvalidOperationException(problem);
        while (!over.IsCancellationRequested)
        {
            if (await tests.PutAsync(edition.Id, [author], default) is not TestSendOutcome.Put(var mails))
                throw new InvalidOperationException("The test was not put into the outbox.");
            foreach (var mail in mails)
                jobs.SendOutbox(mail);
            await Task.Delay(200, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        while (await _server.Database.ScalarAsync<long>("select count(*) from outbox where state <> 'sent'") > 0)
            await Task.Delay(50, CancellationToken.None);
        return await _server.Database.ListAsync<double>("select extract(epoch from finished_at - created_at)::float8 as waited from outbox order by waited");
    }

    private static double At(IReadOnlyList<double> ordered, double share) =>
        ordered.Count == 0 ? double.NaN : ordered[Math.Min(ordered.Count - 1, (int)Math.Ceiling(ordered.Count * share) - 1)];
}
