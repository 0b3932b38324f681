using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What is the relay's fault costs no reader an attempt.</summary>
public sealed class RelayFaultTests : MailroomTest
{
    [Theory]
    [InlineData(FaultPoint.Mail)]
    [InlineData(FaultPoint.Rcpt)]
    [InlineData(FaultPoint.Data)]
    [InlineData(FaultPoint.EndOfData)]
    [Trait("Category", "Faults")]
    public async Task ARelayThatHangsUpNowAndThenLosesAndRepeatsNothing(FaultPoint point)
    {
        var issue = await Room.FreezeIssueAsync(120);
        // At the dot the third time counts, so there nobody may meet it by chance three times.
        Relay(script => (point == FaultPoint.EndOfData ? script.At(point).ToShareOfRecipients(0.1).First(1, FaultScope.Recipient) : script.At(point).Every(10))
            .LosingMessage().Reply(421, "4.3.2 Too many messages on this connection"));

        await Room.Worker.WorkAsync();

        await AssertAllOnceAsync(issue, 120);
        Assert.InRange(Room.Inbox.TimesFired(point.ToString()), 6, 20);
        await KeptAsync("F7", issue);
    }

    [Theory]
    [InlineData(FaultPoint.Mail)]
    [InlineData(FaultPoint.Rcpt)]
    [InlineData(FaultPoint.Data)]
    public async Task AConnectionCutBeforeAMessageIsThereLosesAndRepeatsNothing(FaultPoint point)
    {
        var issue = await Room.FreezeIssueAsync(120);
        Relay(script => script.At(point).Every(10).Reset());

        await Room.Worker.WorkAsync();

        await AssertAllOnceAsync(issue, 120);
    }

    [Fact]
    public async Task WhoeverResumesIsHeardByEveryWorkerWhateverItMetBefore()
    {
        var issue = await Room.FreezeIssueAsync(10);
        var (first, second) = (Room.NewWorker(), Room.NewWorker());
        foreach (var worker in new[] { first, second })
        {
            await worker.Guard.CheckRelaysAsync(default);
            worker.Relays.Pool.Lanes[0].Breaker.CredentialsRefused("535 5.7.8 Authentication failed");
        }

        await first.Guard.CheckRelaysAsync(default);
        Assert.Equal("paused", (await Room.ReceiptAsync(issue)).State);
        await Room.Control.ChangeAsync(issue, "sending", default);

        foreach (var worker in new[] { second, first })
        {
            await worker.Guard.CheckRelaysAsync(default);
            Assert.Equal("sending", (await Room.ReceiptAsync(issue)).State);
        }

        // But refused once more it pauses once more.
        second.Relays.Pool.Lanes[0].Breaker.CredentialsRefused("535 5.7.8 Authentication failed");
        await second.Guard.CheckRelaysAsync(default);
        Assert.Equal("paused", (await Room.ReceiptAsync(issue)).State);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await second.Guard.CheckRelaysAsync(default);
        await second.WorkAsync();
        Assert.Equal("finished", (await Room.ReceiptAsync(issue)).State);
    }

    [Fact]
    public async Task ConnectionsAreReplacedAtTheRelaysLimit()
    {
        Room.Relay = Room.Relay with { MessagesPerConnection = 10, MaxConnections = 2 };
        var issue = await Room.FreezeIssueAsync(100);

        await Room.Worker.WorkAsync();

        await AssertAllOnceAsync(issue, 100);
        Assert.InRange(Room.Inbox.ConnectionsOpened, 10, 12);
    }

    [Fact]
    public async Task AMessageThatTheRelayHangsUpOnThreeTimesIsPutOffAndHoldsNobodyUp()
    {
        var issue = await Room.FreezeIssueAsync(30);
        Relay(script => script.At(FaultPoint.EndOfData).ToRecipient("reader5@example.net").First(3).Reply(421, "4.3.0 Internal error"));

        await Room.Worker.SendAsync();

        var waiting = await Room.ReceiptAsync(issue);
        Assert.Equal((29L, 1L), (waiting.Accepted, waiting.Deferred));
        Assert.Equal((3, 1), (await ShortAsync("dot_faults"), await ShortAsync("attempts")));

        await Room.Worker.WorkAsync();
        Assert.Equal(("finished", 30L, 30L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted, Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task ARelayThatHangsUpOnOneReaderEveryTimeIsNotAskedWithoutPause()
    {
        var issue = await Room.FreezeIssueAsync(30);
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader5@example.net").Drop());

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("sending", 29L, 1L), (receipt.State, receipt.Accepted, receipt.Pending));
        Assert.Equal(4, Room.Inbox.TimesFired("Rcpt"));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from batches where state = 'ready' and not_before > now() + interval '5 seconds'"));

        Relay(script => script);
        await Database.ExecuteAsync("update batches set not_before = now()");
        await Room.Worker.WorkAsync();
        await AssertAllOnceAsync(issue, 30);
    }

    [Fact]
    public async Task WithoutARelayTheIssueWaitsThenPausesAndGoesOnOnceResumed()
    {
        var issue = await Room.FreezeIssueAsync(30);
        Relay(script => script.At(FaultPoint.Connect).ReplyAndClose(421, "4.3.2 Down for maintenance"));
        var worker = Room.NewWorker(options => options.PauseWithoutRelaySeconds = 2);
        using var stop = new CancellationTokenSource();
        var sending = worker.SendAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(Room.Inbox.TimesFired("Connect") > 0), "a try to connect");
        Assert.Equal("sending", (await Room.ReceiptAsync(issue)).State);

        await UntilAsync(async () => (await Room.ReceiptAsync(issue)).State == "paused", "a pause");

        await stop.CancelAsync();
        await sending;
        var paused = await Room.ReceiptAsync(issue);
        Assert.StartsWith($"No usable relay. relay (127.0.0.1:{Room.Inbox.Port}): ", paused.Reason, StringComparison.Ordinal);
        Assert.Contains("Down for maintenance", paused.Reason, StringComparison.Ordinal);
        Assert.EndsWith("Resume once it works.", paused.Reason, StringComparison.Ordinal);
        Assert.Equal(30L, paused.Pending);

        // The outage of before must not count against whoever resumes, nor keep the relay from being tried at once.
        // Longer than a loaded machine takes from here to the first connection.
        worker.Options.PauseWithoutRelaySeconds = 15;
        Relay(script => script);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await worker.Guard.CheckRelaysAsync(default);
        await worker.WorkAsync();
        await AssertAllOnceAsync(issue, 30);
    }

    [Fact]
    public async Task ARelayBackInTimeIsJustADelay()
    {
        var issue = await Room.FreezeIssueAsync(30);
        Relay(script => script.At(FaultPoint.Connect).First(2).ReplyAndClose(421, "4.3.2 Starting"));

        await Room.Worker.WorkAsync();

        await AssertAllOnceAsync(issue, 30);
    }

    [Fact]
    public async Task WrongCredentialsPauseTheIssueAtOnceAndNobodyFails()
    {
        await using var room = await Mailroom.OpenAsync(Database, set: options => (options.UserName, options.Password) = ("tea", "right"));
        room.Relay = room.Relay with { UserName = "tea", Password = "wrong" };
        var issue = await room.FreezeIssueAsync(10);
        var worker = room.NewWorker(options => options.PauseWithoutRelaySeconds = 3600);
        using var stop = new CancellationTokenSource();
        var sending = worker.SendAsync(stop.Token);

        await UntilAsync(async () => (await room.ReceiptAsync(issue)).State == "paused", "a pause");

        await stop.CancelAsync();
        await sending;
        var paused = await room.ReceiptAsync(issue);
        Assert.Contains("refuses our user name and password: 535", paused.Reason, StringComparison.Ordinal);
        Assert.Equal(10L, paused.Pending);

        // A process started anew with the right ones.
        room.Relay = room.Relay with { Password = "right" };
        await room.Control.ChangeAsync(issue, "sending", default);
        await room.NewWorker().WorkAsync();
        Assert.Equal(("finished", 10L), ((await room.ReceiptAsync(issue)).State, room.Inbox.Messages.Count));
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task CredentialsRefusedInMidSessionPauseTheIssueAndNobodyFails()
    {
        var issue = await Room.FreezeIssueAsync(60);
        Relay(script => script.At(FaultPoint.Mail).After(20).Reply(530, "5.7.0 Authentication required"));
        using var stop = new CancellationTokenSource();
        var sending = Room.Worker.SendAsync(stop.Token);

        await UntilAsync(async () => (await Room.ReceiptAsync(issue)).State == "paused", "a pause");

        await stop.CancelAsync();
        await sending;
        var paused = await Room.ReceiptAsync(issue);
        Assert.Equal((20L, 40L, 0L), (paused.Accepted, paused.Pending, paused.Rejected + paused.Deferred + paused.Failed));
        Assert.Contains("530 5.7.0 Authentication required", paused.Reason, StringComparison.Ordinal);
        Assert.Equal(20L, await Database.ScalarAsync<long>("select sum(attempts)::bigint from deliveries"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));

        Relay(script => script);
        await Room.Control.ChangeAsync(issue, "sending", default);
        await Room.Worker.WorkAsync();
        await KeptAsync("F12", issue);
    }

    [Fact]
    public async Task WhereNoRelayIsConfiguredTheIssueSaysSo()
    {
        var issue = await Room.FreezeIssueAsync(3);
        var worker = new MailWorker(Room, [], new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance), Room.Options, NullLoggerFactory.Instance);

        await worker.Guard.CheckRelaysAsync(default);

        Assert.Equal(("paused", "No relay is configured: name one in Delivery:Relays, or make one at /api/relays. Resume once it works."), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Reason));
        await worker.DisposeAsync();
    }

    [Fact]
    public async Task ASecondRelayCarriesTheIssueWhereTheFirstIsGone()
    {
        var issue = await Room.FreezeIssueAsync(60);
        var ids = await new RelayStore(DataSource).IdsOf(["relay", "other"], default);
        await using var gone = new InboxServer(new InboxOptions(), FaultScript.None.At(FaultPoint.Connect).Drop());
        await gone.StartAsync();
        var worker = Room.NewWorker(relays: [Room.Relay with { Name = "other", Id = ids["other"], Port = gone.Port }, Room.Relay]);

        await worker.WorkAsync();

        await AssertAllOnceAsync(issue, 60);
        Assert.Equal([(short)ids["relay"]], await Database.ListAsync<short>("select distinct relay_id from deliveries"));
    }

    private async Task AssertAllOnceAsync(long issue, long all)
    {
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", all, 0L), (receipt.State, receipt.Accepted, receipt.Resent));
        Assert.Equal((all, all), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
        Assert.Equal(all, await Database.ScalarAsync<long>("select count(*) from deliveries where attempts = 1"));
    }

    private Task<short> ShortAsync(string column) => Database.ScalarAsync<short>(
        $"select d.{column} from deliveries d join subscribers b on b.id = d.subscriber_id where b.address = 'reader5@example.net'");
}
