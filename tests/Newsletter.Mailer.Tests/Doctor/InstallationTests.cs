using System.Globalization;
using System.Net;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;
using Newsletter.Mailer.Tests.Smtp;

namespace Newsletter.Mailer.Tests.Doctor;

public sealed class InstallationTests : DatabaseTest
{
    [Theory]
    [InlineData(0.5, FindingLevel.Ok, "agree")]
    [InlineData(-5, FindingLevel.Warning, "s ahead of the database's")]
    [InlineData(40, FindingLevel.Error, "s behind the database's: dates of messages")]
    public async Task TheClocksAreCompared(double behind, FindingLevel level, string message)
    {
        var found = await new DatabaseCheck(new InstallationStore(DataSource), new ShiftedClock(TimeSpan.FromSeconds(-behind))).RunAsync(default);

        var clock = Assert.Single(found, one => one.Check == "clock");
        Assert.Equal(level, clock.Level);
        Assert.Contains(message, clock.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADatabaseThatForgetsIsTold()
    {
        // The cluster of the tests is set so on purpose: it need not outlive them.
        var found = await new DatabaseCheck(new InstallationStore(DataSource), TimeProvider.System).RunAsync(default);

        Assert.Contains(found, one => one.Level == FindingLevel.Error && one.Message.Contains("fsync", StringComparison.Ordinal) && one.Remedy!.Contains("alter system set fsync = on", StringComparison.Ordinal));
        Assert.DoesNotContain(found, one => one.Message.Contains("keeps what it has committed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ADatabaseThatIsAwayIsAFinding()
    {
        await using var nowhere = Npgsql.NpgsqlDataSource.Create("Host=127.0.0.1;Port=9;Username=x;Timeout=2");
        var store = new InstallationStore(nowhere);

        foreach (var check in new ICheck[] { new DatabaseCheck(store, TimeProvider.System), new QueueCheck(store), new KeyBackupCheck(new KeyBackupStore(nowhere), KeyRing.Generate(), null) })
            Assert.All(await check.RunAsync(default), found => Assert.True(found.Level >= FindingLevel.Warning));
        Assert.DoesNotContain(await new DiskCheck(store, Path.GetTempPath()).RunAsync(default), found => found.Level == FindingLevel.Error);
    }

    [Fact]
    public async Task WhatWaitsTooLongIsTold()
    {
        Assert.Equal(FindingLevel.Ok, Assert.Single(await Queue()).Level);

        var newsletter = await Some.NewsletterAsync(Database);
        foreach (var state in new[] { "sending", "paused", "freezing" })
        {
            var edition = await Some.EditionAsync(Database, newsletter);
            await Database.ExecuteAsync("""
                insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce, created_at)
                select id, newsletter_id, 1, $2, 'k1', now(), 'x', now() - interval '2 hours' from editions where id = $1
                """, edition.Id, state);
        }

        await Database.ExecuteAsync("insert into outbox (kind, address, model, nonce, state, finished_at) values ('confirm', 'ana@example.com', '{}', 'x', 'failed', now())");

        Assert.Equal(
            [
                (FindingLevel.Error, "1 issue should go out, and no worker is sending."),
                (FindingLevel.Error, "1 issue began to be made ready more than an hour ago and isn't. The log of the workers says why."),
                (FindingLevel.Note, "1 issue paused; 'GET /api/issues' gives the reasons."),
                (FindingLevel.Warning, "1 mail to one person could not be sent in the last seven days."),
            ],
            (await Queue()).Select(found => (found.Level, found.Message)));

        Task<IReadOnlyList<Finding>> Queue() => new QueueCheck(new InstallationStore(DataSource)).RunAsync(default);
    }

    [Fact]
    public async Task MailboxesAndAlarmsAreTold()
    {
        var check = new FeedbackCheck(new MailboxStore(DataSource), ["fresh", "read", "stale", "broken"], new RelayAlarmStore(DataSource), TimeProvider.System);
        await Database.ExecuteAsync("""
            insert into mailboxes (name, last_read_at, backlog, waits_by, error)
            values ('read', now(), 3, 'idle', null), ('stale', now() - interval '2 hours', 0, 'polling', null), ('broken', now(), 0, 'idle', 'The server refuses the password.')
            """);
        await Database.ExecuteAsync("insert into relay_alarms (throttle_group, reason, sample, count) values ('google', 'policy', '550 5.7.1 Our system has detected', 12)");

        var found = await check.RunAsync(default);

        Assert.Equal(
            [("fresh", FindingLevel.Warning), ("read", FindingLevel.Ok), ("stale", FindingLevel.Error), ("broken", FindingLevel.Error), ("", FindingLevel.Warning)],
            found.Select(one => (one.About, one.Level)));
        Assert.Equal("It is read (at once); 3 wait, 0 could not be understood and are kept there.", found[1].Message);
        Assert.Contains("google refuses mail for what it thinks of us, 12 times", found[4].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARelaysTlsIsLookedAt()
    {
        await using var inbox = new InboxServer(new InboxOptions { Port = 0, StartTls = true });
        await inbox.StartAsync(default);
        var relay = new Relay { Id = 1, Name = "main", Host = "127.0.0.1", Port = inbox.Port, Security = RelaySecurity.StartTls };

        var refused = await LookAsync(relay);
        Assert.Equal(FindingLevel.Error, refused.Single(found => found.Check == "relay").Level);
        Assert.Contains("TLS with the relay main", refused[0].Message, StringComparison.Ordinal);

        var trusted = await LookAsync(relay with { AcceptAnyCertificate = true });
        var tls = trusted.Single(found => found.Check == "tls");
        Assert.Equal(FindingLevel.Ok, tls.Level);
        Assert.Matches("^TLS 1\\.[23], certificate good until [0-9-]{10}\\.$", tls.Message);

        var later = await LookAsync(relay with { AcceptAnyCertificate = true }, new ShiftedClock(TimeSpan.FromDays(20_000)));
        Assert.Contains("Its certificate ended on", later.Single(found => found.Check == "tls").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutARelayNothingCanBeSent() =>
        Assert.Equal(FindingLevel.Error, Assert.Single(await new RelayCheck(new DnsRecords(null), new RelayProbe(Sending.Transport()), [], TimeProvider.System).RunAsync(default)).Level);

    [Theory]
    [InlineData(301, "Something else answers there (301, a redirect to https://www.example.com/)")]
    [InlineData(200, "Something else answers there (200 OK)")]
    [InlineData(502, "Something else answers there (502 Bad Gateway)")]
    public async Task WhoeverElseAnswersIsNotUs(int status, string message)
    {
        using var listener = Listen(out var url);
        var answering = AnswerAsync(listener, status);

        var found = await new PublicSiteCheck(new PublicSite(new Uri(url)), KeyRing.Generate(), 1, TimeProvider.System).RunAsync(default);

        await answering;
        var only = Assert.Single(found);
        Assert.Equal((FindingLevel.Error, "public-url"), (only.Level, only.Check));
        Assert.StartsWith(message, only.Message, StringComparison.Ordinal);
        Assert.Contains("proxy_pass", only.Remedy, StringComparison.Ordinal);
    }

    private static HttpListener Listen(out string url)
    {
        while (true)
        {
            var listener = new HttpListener();
            url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Random.Shared.Next(20_000, 30_000)}/");
            listener.Prefixes.Add(url);
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                // Another has the port.
                listener.Close();
            }
        }
    }

    private static async Task AnswerAsync(HttpListener listener, int status)
    {
        var asked = await listener.GetContextAsync();
        asked.Response.StatusCode = status;
        if (status == 301)
            asked.Response.RedirectLocation = "https://www.example.com/";
        asked.Response.Close();
    }

    private static Task<IReadOnlyList<Finding>> LookAsync(Relay relay, TimeProvider? clock = null) =>
        new RelayCheck(new DnsRecords(null), new RelayProbe(Sending.Transport()), [relay], clock ?? TimeProvider.System).RunAsync(default);

    private sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
