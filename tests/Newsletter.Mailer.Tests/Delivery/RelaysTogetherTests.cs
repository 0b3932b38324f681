using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>Several relays in one process: who gets what, and who takes over.</summary>
public sealed class RelaysTogetherTests : MailroomTest
{
    private InboxServer _other = null!;
    private Relay _second = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _other = new InboxServer(new InboxOptions());
        await _other.StartAsync();
        var ids = await new RelayStore(DataSource).IdsOf(["second"], default);
        _second = Room.Relay with { Id = ids["second"], Name = "second", Port = _other.Port };
    }

    public override async Task DisposeAsync()
    {
        await _other.DisposeAsync();
        await base.DisposeAsync();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 9)]
    public async Task WeightsShareTheMail(int first, int second)
    {
        await Room.FreezeIssueAsync(400);

        await Room.NewWorker(relays: [Room.Relay with { Weight = first }, _second with { Weight = second }]).WorkAsync();

        Assert.Equal(400, Room.Inbox.Messages.Count + _other.Messages.Count);
        var fair = 400.0 * first / (first + second);
        Assert.InRange(Room.Inbox.Messages.Count, fair - 30, fair + 30);
    }

    [Fact]
    public async Task ASlowRelayHoldsUpNoOther()
    {
        await Room.FreezeIssueAsync(100);
        _other.Play(FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromSeconds(4)));

        var working = Room.NewWorker(relays: [Room.Relay, _second]).WorkAsync();

        await Room.Inbox.Messages.WaitForAsync(80, Patience);
        await working;
        Assert.Equal(100, Room.Inbox.Messages.Count + _other.Messages.Count);
    }

    [Fact]
    public async Task OnlyTheFirstPriorityCarriesMailWhileItCan()
    {
        await Room.FreezeIssueAsync(200);

        await Room.NewWorker(relays: [_second with { Priority = 20 }, Room.Relay with { Priority = 10 }]).WorkAsync();

        Assert.Equal((200L, 0L), (Room.Inbox.Messages.Count, _other.Messages.Count));
    }

    [Fact]
    public async Task TheNextPriorityTakesOverAndGivesWayAgain()
    {
        var issue = await Room.FreezeIssueAsync(400);
        _other.Play(FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(150)));
        Relay(script => script.At(FaultPoint.Connect).ReplyAndClose(421, "4.3.2 Down for maintenance"));
        var working = Room.NewWorker(relays: [Room.Relay with { Priority = 10 }, _second with { Priority = 20 }]).WorkAsync();
        await _other.Messages.WaitForAsync(20, Patience);
        Assert.Equal(0, Room.Inbox.Messages.Count);

        Relay(script => script);

        await working;
        Assert.Equal("finished", (await Room.ReceiptAsync(issue)).State);
        Assert.Equal(400, Room.Inbox.Messages.Count + _other.Messages.Count);
        // The breaker lets a try through after five seconds, and with that the first is the first again.
        Assert.InRange(Room.Inbox.Messages.Count, 1, 380);
        Assert.Equal(400L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'accepted' and attempts = 1"));
    }

    [Fact]
    public async Task AFaultBeforeAcceptanceFailsOverAndOneAfterItDoesNot()
    {
        var issue = await Room.FreezeIssueAsync(60);
        await Database.ExecuteAsync("update issues set unknown_policy = 'leave'");
        // Each connection to the first breaks: half of them after the message has gone.
        Relay(script => script.At(FaultPoint.Mail).Every(2).Drop().At(FaultPoint.EndOfData).First(3).KeepingMessage().Drop());

        var worker = Room.NewWorker(relays: [Room.Relay, _second]);
        await worker.WorkAsync();
        // One under which connections broke again and again waits a while; not here.
        Relay(script => script);
        await Database.ExecuteAsync("update batches set not_before = null");
        await worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 57L, 3L), (receipt.State, receipt.Accepted, receipt.Unknown));
        var received = Room.Inbox.Messages.After(0, 100).Concat(_other.Messages.After(0, 100)).Select(message => message.MessageId).ToList();
        Assert.Equal(received.Count, received.Distinct().Count());
    }

    [Fact]
    public async Task ARelayThatRefusesTheSenderPausesTheIssueThoughAnotherAcceptsInBetween()
    {
        var issue = await Room.FreezeIssueAsync(150);
        _other.Play(FaultScript.None.At(FaultPoint.Rcpt).Reply(554, "5.7.1 Sender not verified"));

        await Room.NewWorker(relays: [Room.Relay, _second]).WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("paused", 0L, 150L), (receipt.State, receipt.Rejected, receipt.Accepted + receipt.Pending));
        Assert.Contains("Sender not verified", receipt.Reason, StringComparison.Ordinal);
        Assert.InRange(receipt.Accepted, 1, 149);
    }

    [Fact]
    public async Task ADayThatIsUsedUpAtOneRelayEndsNothingWhileAnotherIsOnlyDown()
    {
        await using var pool = new RelayPool([Room.Relay with { MessagesPerDay = 1 }, _second], new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance), TimeProvider.System);
        pool.Share(() => { });
        var (limited, down) = (pool.Lanes[0], pool.Lanes[1]);
        limited.Pace.Answer(new DayAnswer(limited.Relay.Id, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime), 0, IsOver: true, TimeSpan.FromHours(9)));
        Assert.True(limited.IsUsedUp);

        for (var refused = 0; refused < 5; refused++)
            down.Breaker.Unreachable("Nobody listens there.", TimeProvider.System.GetUtcNow().AddMinutes(-5));

        Assert.False(pool.IsUsedUp);
        Assert.Contains("Nobody listens there", pool.Outage(TimeSpan.Zero), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStartUsesUpNoIdForARelayThatIsKnown()
    {
        var before = await Database.ScalarAsync<long>("select last_value from pg_sequences where sequencename = 'relays_id_seq'");

        await new RelayStore(DataSource).IdsOf(["second", "SECOND"], default);

        Assert.Equal(before, await Database.ScalarAsync<long>("select last_value from pg_sequences where sequencename = 'relays_id_seq'"));
    }

    [Fact]
    public async Task ARelayWithAProblemIsNeverTriedAndSaysWhy()
    {
        await Room.FreezeIssueAsync(5);
        var worker = Room.NewWorker(relays: [Room.Relay with { Problem = "The password can't be read: its key is gone." }]);

        await worker.Guard.CheckRelaysAsync(default);

        Assert.Contains("its key is gone", await Database.ScalarAsync<string>("select reason from issues"), StringComparison.Ordinal);
        Assert.Null(await worker.Relays.Pool.RentAsync(default));
        Assert.Equal(0, Room.Inbox.ConnectionsOpened);
    }
}
