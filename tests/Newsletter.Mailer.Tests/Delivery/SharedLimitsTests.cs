using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>A relay's limits, held by two workers over one database.</summary>
public sealed class SharedLimitsTests : MailroomTest
{
    private readonly List<SharingWorker> _workers = [];

    public override async Task DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task TwoWorkersTogetherOpenNoMoreConnectionsThanTheRelayAllows()
    {
        Room.Options.BatchSize = 10;
        await Room.FreezeIssueAsync(150);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(60)));
        Room.Relay = Room.Relay with { MaxConnections = 3 };
        var (one, other) = (Share(), Share());
        var most = 0;

        var working = Task.WhenAll(one.WorkAsync(), other.WorkAsync());
        while (!working.IsCompleted)
        {
            most = Math.Max(most, Room.Inbox.ConnectionsOpen);
            await Task.Delay(5);
        }

        await working;
        Assert.Equal(150, Room.Inbox.Messages.DistinctRecipients);
        // One that is just being closed at the other end may still be counted.
        Assert.InRange(most, 1, 4);
        Assert.InRange(await Database.ScalarAsync<long>("select coalesce(sum(slots), 0) from relay_workers where lease_until > now()"), 0, 3);
    }

    [Fact]
    public async Task TwoWorkersTogetherKeepToTheMessagesASecond()
    {
        Room.Options.BatchSize = 10;
        var issue = await Room.FreezeIssueAsync(120);
        Room.Relay = Room.Relay with { MessagesPerSecond = 20 };
        var (one, other) = (Share(), Share());
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(one.WorkAsync(), other.WorkAsync());

        // A second's worth may come at once, and a second's worth more may be lent ahead.
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(3.5), $"{watch.Elapsed}");
        Assert.Equal(("finished", 120L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted));
    }

    [Fact]
    public async Task TwoWorkersTogetherStopAtTheDaysLastMessageAndGoOnTheNextDay()
    {
        Room.Options.BatchSize = 10;
        var issue = await Room.FreezeIssueAsync(100);
        Room.Relay = Room.Relay with { MessagesPerDay = 30 };
        var (one, other) = (Share(), Share());

        await UntilAsync(async () => await RoundAsync(one, other) && Room.Inbox.Messages.Count >= 30, "the day's last message");
        await RoundAsync(one, other);

        Assert.Equal(30, Room.Inbox.Messages.Count);
        await one.Worker.Guard.CheckRelaysAsync(default);
        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("sending", 70L, 0L), (receipt.State, receipt.Pending, receipt.Sending));
        Assert.Equal(await Database.ScalarAsync<DateTime>("select ((now() at time zone 'utc')::date + 1)::timestamp at time zone 'utc'"), receipt.WaitingUntil!.Value.UtcDateTime);
        var waiting = await Database.ScalarAsync<long>("select subscriber_id from deliveries where status = 'pending' limit 1");
        Assert.Contains("every relay has sent what it may today", (await Room.Deliveries.WhyAsync(issue, waiting, default))!.Answer, StringComparison.Ordinal);

        await Database.ExecuteAsync("update relay_days set day = day - 1");

        await UntilAsync(async () => await RoundAsync(one, other) && Room.Inbox.Messages.Count >= 60, "the next day's last message");
        await RoundAsync(one, other);
        Assert.Equal((60L, 60L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
        Assert.Equal("sending", (await Room.ReceiptAsync(issue)).State);
    }

    [Fact]
    public async Task WhereTheFirstRelayIsWarmingUpTheNextTakesTheRest()
    {
        await Room.FreezeIssueAsync(100);
        await using var old = new InboxServer(new InboxOptions());
        await old.StartAsync();
        var ids = await new RelayStore(DataSource).IdsOf(["old"], default);
        var today = DateOnly.FromDateTime(await Database.ScalarAsync<DateTime>("select (now() at time zone 'utc')::date::timestamp"));
        var worker = Share(
            Room.Relay with { Priority = 1, WarmUp = new WarmUp(today.AddDays(-1), 10, 2, null, 20) },
            Room.Relay with { Id = ids["old"], Name = "old", Port = old.Port, Priority = 2 });

        await worker.WorkAsync();

        Assert.Equal((20L, 80L), (Room.Inbox.Messages.Count, old.Messages.Count));
    }

    [Fact]
    public async Task AThrottledGroupHoldsUpNobodyElseAndIsNotClaimedAhead()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 200, domain: "gmail.com");
        await Some.SubscribersAsync(Database, newsletter, 200);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        Room.Relay = Room.Relay with { Groups = true, GroupRates = new Dictionary<string, double>(StringComparer.Ordinal) { ["google"] = 0.2 } };
        var worker = Share();
        using var stop = new CancellationTokenSource();

        var sending = worker.Worker.SendAsync(stop.Token);
        await UntilAsync(async () => await AcceptedAsync("other") == 200, "everyone else's mail");

        Assert.InRange(await AcceptedAsync("google"), 0, 20);
        Assert.InRange(await Database.ScalarAsync<long>("select count(*) from batches where throttle_group = 'google' and state = 'leased'"), 0, 1);
        await stop.CancelAsync();
        await sending;
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'"));
        Assert.Equal(0, (await Room.ReceiptAsync(issue)).Sending);
    }

    [Fact]
    public async Task OnlyAThrottlingAnswerSlowsItsGroup()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 30, domain: "gmail.com");
        await Some.SubscribersAsync(Database, newsletter, 30);
        await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        Room.Relay = Room.Relay with { Groups = true };
        Relay(script => script
            .At(FaultPoint.Rcpt).ToRecipients(address => address.EndsWith("@gmail.com", StringComparison.Ordinal)).First(2).Reply(450, "4.7.28 Unusual rate of mail")
            .At(FaultPoint.Rcpt).ToRecipients(address => address.EndsWith("@example.net", StringComparison.Ordinal)).First(5).Reply(450, "4.2.0 Try again later"));
        var worker = Share();

        await worker.Worker.SendAsync();
        await UntilAsync(() => Database.ScalarAsync<bool>("select coalesce(bool_or(slowed_to is not null), false) from relay_buckets where throttle_group = 'google'"), "the group to be slowed down");

        Assert.Null(await Database.ScalarAsync<double?>("select slowed_to from relay_buckets where throttle_group = 'other'"));
        var report = Assert.Single(await Desk().ListAsync(default));
        Assert.True(report.State.Pace.Single(pace => pace.Group == "google").Slowed);
        Assert.False(report.State.Pace.Single(pace => pace.Group == "other").Slowed);
    }

    [Fact]
    public async Task ARelayMadeThroughTheApiIsTakenUpAndOneDeletedIsLeftWithoutARestart()
    {
        var issue = await Room.FreezeIssueAsync(40);
        var keys = KeyRing.Generate();
        var directory = await RelayDirectory.LoadAsync(new DeliveryOptions(), new RelayStore(DataSource), keys, "news.example.com", default);
        var worker = Share(directory);
        Assert.Empty(worker.Worker.Relays.Pool.Relays);
        var desk = new RelayDesk(new RelayStore(DataSource), directory, new DeliveryOptions(), new ThrottleGroups(), keys);

        var made = Assert.IsType<RelayChange.Saved>(await desk.CreateAsync(
            new RelayOptions { Name = "new", Host = "127.0.0.1", Port = Room.Inbox.Port, Security = RelaySecurity.None }, default)).Relay;
        await UntilAsync(() => Task.FromResult(worker.Worker.Relays.Pool.Relays.Count == 1), "the new relay");
        await worker.WorkAsync();

        Assert.Equal(40, (await Room.ReceiptAsync(issue)).Accepted);
        await UntilAsync(async () => (await desk.FindAsync(made.Id, default))!.State.MessagesToday == 40, "the day's count");
        Assert.IsType<RelayChange.Deleted>(await desk.DeleteAsync(made.Id, default));
        await UntilAsync(() => Task.FromResult(worker.Worker.Relays.Pool.Relays.Count == 0), "the relay to be left");
        await UntilAsync(() => Task.FromResult(Room.Inbox.ConnectionsOpen == 0), "its connections to be given up");
        var reader = await Database.ScalarAsync<long>("select min(subscriber_id) from deliveries");
        Assert.Contains("the relay new accepted it", (await Room.Deliveries.WhyAsync(issue, reader, default))!.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutTheDatabaseNothingIsSentBeyondWhatWasLent()
    {
        Room.Relay = Room.Relay with { MessagesPerSecond = 5 };
        await Room.FreezeIssueAsync(60);
        var worker = Share();
        using var stop = new CancellationTokenSource();
        var sending = worker.Worker.SendAsync(stop.Token);
        await Room.Inbox.Messages.WaitForAsync(2, Patience);

        await worker.DisposeAsync();
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        var then = Room.Inbox.Messages.Count;
        await Task.Delay(TimeSpan.FromSeconds(1));

        Assert.Equal(then, Room.Inbox.Messages.Count);
        Assert.InRange(then, 2, 59);
        await stop.CancelAsync();
        await sending;
    }

    private async Task<bool> RoundAsync(params SharingWorker[] workers)
    {
        await Task.WhenAll(workers.Select(worker => worker.Worker.SendAsync()));
        await Task.Delay(100);
        return true;
    }

    private Task<long> AcceptedAsync(string group) => Database.ScalarAsync<long>(
        """
        select count(*) from deliveries d
        join batches b on b.issue_id = d.issue_id and d.seq between b.first_seq and b.last_seq and b.kind = 'first'
        where d.status = 'accepted' and b.throttle_group = $1
        """,
        group);

    private RelayDesk Desk() => new(
        new RelayStore(DataSource), RelayDirectory.Of(Room.Relay), new DeliveryOptions { Relays = { new RelayOptions { Name = "relay", Host = "127.0.0.1" } } }, new ThrottleGroups(), Room.Keys);

    private SharingWorker Share(params Relay[] relays) => Share(RelayDirectory.Of(relays is [] ? [Room.Relay] : relays));

    private SharingWorker Share(RelayDirectory directory)
    {
        var worker = new SharingWorker(Room, directory);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>A worker whose relays' limits are shared with other workers.</summary>
    private sealed class SharingWorker : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly PersonalRelays _personal;
        private readonly Task _upkeep;

        public SharingWorker(Mailroom room, RelayDirectory directory)
        {
            var transport = new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance);
            _personal = new PersonalRelays(new RelayPool(directory.Relays, transport, TimeProvider.System, connections: 1));
            Worker = room.NewWorker(null, null, [.. directory.Relays]);
            if (directory.Relays.Count == 0)
                _ = Worker.Relays.Pool.ApplyAsync([]);
            var upkeep = new RelayUpkeep(directory, new PaceStore(room.Database.DataSource), Worker.Relays, _personal, TimeProvider.System, NullLogger<RelayUpkeep>.Instance);
            upkeep.Begin();
            _upkeep = Task.Run(() => upkeep.RunAsync(_stop.Token));
        }

        public MailWorker Worker { get; }

        public Task WorkAsync() => Worker.WorkAsync();

        public async ValueTask DisposeAsync()
        {
            if (_stop.IsCancellationRequested)
                return;
            await _stop.CancelAsync();
            await _upkeep;
            await _personal.DisposeAsync();
            _stop.Dispose();
        }
    }
}
