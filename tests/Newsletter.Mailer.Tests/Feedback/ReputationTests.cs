using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>Rates, and the issue that too many complain of (S9).</summary>
public sealed class ReputationTests : FeedbackTest
{
    private ReputationStore Rates => new(DataSource, Options);

    private ComplaintGuard Guard => new(Rates, Room.Issues, Options, TimeProvider.System, NullLogger<ComplaintGuard>.Instance);

    [Fact]
    public async Task AnIssueThatTooManyComplainOfPausesAndSaysWhy()
    {
        var (issue, mails) = await AcceptedAsync(2_000);
        await ComplainAsync(mails, 1, 5);
        await Guard.CheckAsync(await Consequences.SettleAsync(default), default);
        Assert.Equal("sending", await Room.Issues.StateOf(issue, default));

        await ComplainAsync(mails, 6, 6);
        await Guard.CheckAsync(await Consequences.SettleAsync(default), default);

        Assert.Equal("paused", await Room.Issues.StateOf(issue, default));
        Assert.StartsWith("6 of 2000 readers complained", (await Room.ReceiptAsync(issue)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AfterAResumeOnlyComplaintsBeyondCount()
    {
        var (issue, mails) = await AcceptedAsync(1_000);
        await ComplainAsync(mails, 1, 6);
        await Guard.CheckAsync(await Consequences.SettleAsync(default), default);
        Assert.True(await Room.Issues.ResumeAsync(issue, default));

        await ComplainAsync(mails, 7, 10);
        await Guard.CheckAsync(await Consequences.SettleAsync(default), default);
        Assert.Equal("sending", await Room.Issues.StateOf(issue, default));
        await ComplainAsync(mails, 11, 11);
        await Guard.CheckAsync(await Consequences.SettleAsync(default), default);

        Assert.Equal("paused", await Room.Issues.StateOf(issue, default));
    }

    [Theory]
    [InlineData(4, FindingLevel.Ok)]
    [InlineData(5, FindingLevel.Warning)]
    public async Task TheDoctorSpeaksOfComplaintsUnasked(int complaints, FindingLevel level)
    {
        var (issue, mails) = await AcceptedAsync(5_000);
        await ComplainAsync(mails, 1, complaints);
        await Consequences.SettleAsync(default);
        await Rates.RollUpAsync(default);

        var found = Assert.Single(await new ReputationCheck(Rates).RunAsync(default));

        Assert.Equal(("complaints", level, level == FindingLevel.Ok ? "" : $"issue {issue}"), (found.Check, found.Level, found.About));
    }

    [Fact]
    public async Task TheLogSaysOnceThatTooManyComplain()
    {
        var (_, mails) = await AcceptedAsync(5_000);
        var log = new CountingLog();
        var guard = new ComplaintGuard(Rates, Room.Issues, Options, TimeProvider.System, log);
        await ComplainAsync(mails, 1, 5);
        await guard.CheckAsync(await Consequences.SettleAsync(default), default);
        await ComplainAsync(mails, 6, 6);
        await guard.CheckAsync(await Consequences.SettleAsync(default), default);

        Assert.Equal(1, log.Lines);
    }

    private sealed class CountingLog : ILogger<ComplaintGuard>
    {
        public int Lines { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines++;
    }

    [Fact]
    public async Task FewMessagesAndFewComplaintsSayNothing()
    {
        var (small, mails) = await AcceptedAsync(900);
        await ComplainAsync(mails, 1, 20);
        await Guard.CheckAsync(await Consequences.SettleAsync(default), default);

        Assert.Equal("sending", await Room.Issues.StateOf(small, default));
        await Rates.RollUpAsync(default);
        Assert.Equal("ok", Assert.Single(await Rates.ListAsync("tea", 30, 10, default)).All.Level);
    }

    [Theory]
    [InlineData(4, "ok")]
    [InlineData(5, "warn")]
    [InlineData(14, "warn")]
    [InlineData(15, "pause")]
    public async Task TheLevelFollowsTheComplaints(int complaints, string level)
    {
        var (_, mails) = await AcceptedAsync(5_000);
        await ComplainAsync(mails, 1, complaints);
        await Consequences.SettleAsync(default);
        await Rates.RollUpAsync(default);

        var told = Assert.Single(await Rates.ListAsync(null, 30, 10, default));

        Assert.Equal((5_000L, complaints, level), (told.All.Accepted, (int)told.All.Complaints, told.All.Level));
    }

    [Fact]
    public async Task RatesAreToldByProvider()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 3, domain: "gmail.com");
        await Some.SubscribersAsync(Database, newsletter, 2, domain: "example.net");
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.WorkAsync();
        var mails = new ReturnedMails(Room, issue);
        var google = await Database.ScalarAsync<int>("select d.seq from deliveries d join subscribers b on b.id = d.subscriber_id where b.address = 'reader2@gmail.com'");
        await ReceiveAsync(await mails.BounceAsync(google));
        await Rates.RollUpAsync(default);

        var told = Assert.Single(await Rates.ListAsync("tea", 30, 10, default));

        Assert.Equal((3L, 1L, 2L, 0L), (told.Providers["google"].Accepted, told.Providers["google"].Hard, told.Providers["other"].Accepted, told.Providers["other"].Hard));
        Assert.Equal(Math.Round(1 / 3.0, 6), told.Providers["google"].HardRate);
    }

    [Fact]
    public async Task ListHealthTellsWhoNeverEngagedAndWhoseMailKeepsComingBack()
    {
        var (_, first) = await SendAsync(3);
        await ReceiveAsync(await first.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));
        var (second, mails) = await SendAgainAsync();
        await ReceiveAsync(await mails.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));
        await Database.ExecuteAsync("update subscriptions set created_at = now() - interval '100 days'");
        await Database.ExecuteAsync("insert into engagement (subscriber_id, newsletter_id, received_issue, clicked_issue) select id, 1, $1, case when address like 'reader2@%' then $1 end from subscribers", second);

        var health = await Rates.FindHealthAsync("tea", default);

        Assert.Equal((3L, 2L), (health!.Active, health.NeverEngaged));
        var soft = Assert.Single(health.RepeatedSoft);
        Assert.Equal((2, "mailboxfull"), (soft.Bounces, soft.Reason));
        Assert.Null(await Rates.FindHealthAsync("nope", default));
    }

    // As if it were being sent: accepted so far, and not at its end.
    private async Task<(long Issue, ReturnedMails Mails)> AcceptedAsync(int readers)
    {
        var issue = await Room.FreezeIssueAsync(readers);
        await Database.ExecuteAsync("update deliveries set status = 'accepted', updated_at = now()");
        return (issue, new ReturnedMails(Room, issue));
    }

    private async Task ComplainAsync(ReturnedMails mails, int from, int to)
    {
        for (var seq = from; seq <= to; seq++)
            await TakeAsync(await mails.ComplaintAsync(seq));
    }
}
