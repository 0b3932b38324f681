using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Tests.Inbox;
using Newsletter.Mailer.Tests.Smtp;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class RelayPoolTests
{
    [Fact]
    public async Task ConnectionsAreKeptBetweenMessagesAndNoMoreThanAllowed()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var pool = Pool(inbox, connections: 2);
        Assert.Equal(2, pool.Capacity);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async n =>
        {
            await using var session = (await pool.RentAsync(default))!;
            Assert.IsType<SendOutcome.Accepted>(await session.SendAsync(Sending.Mail($"reader{n}@example.net")));
        }));

        Assert.Equal((20L, 2), (inbox.Messages.Count, inbox.ConnectionsOpened));
    }

    [Fact]
    public async Task WhoeverWaitsForAConnectionGetsTheNextThatIsFree()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var pool = Pool(inbox, connections: 1);
        var first = (await pool.RentAsync(default))!;
        var waiting = pool.RentAsync(default);
        Assert.False(waiting.IsCompleted);

        await first.DisposeAsync();

        await using var second = await waiting.WaitAsync(Inboxes.Patience);
        Assert.Same(first.Connection, second!.Connection);
    }

    [Fact]
    public async Task WaitingEndsWhenToldTo()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var pool = Pool(inbox, connections: 1);
        await using var only = await pool.RentAsync(default);
        using var stop = new CancellationTokenSource();
        var waiting = pool.RentAsync(stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task AfterThreeFailedConnectsNobodyKnocksUntilTheWaitIsOver()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Connect).ReplyAndClose(421, "4.3.2 Down"));
        await using var pool = Pool(inbox, connections: 4, clock);
        for (var i = 0; i < 6; i++)
            Assert.Null(await pool.RentAsync(default));

        Assert.Equal(3, inbox.ConnectionsOpened);
        Assert.Null(pool.Outage(TimeSpan.FromMinutes(2)));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await pool.RentAsync(default));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("4.3.2 Down", pool.Outage(TimeSpan.FromMinutes(2)), StringComparison.Ordinal);

        inbox.Play(FaultScript.None);
        await using (var session = (await pool.RentAsync(default))!)
            await session.SendAsync(Sending.Mail());
        Assert.Contains(pool.Lanes, lane => lane.Breaker.IsClosed);
        Assert.Null(pool.Outage(TimeSpan.Zero));
    }

    [Fact]
    public async Task AnOutageSeenLongAgoSaysNothingToWhoeverWantsToSendNow()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Connect).ReplyAndClose(421, "4.3.2 Down"));
        await using var pool = Pool(inbox, connections: 4, clock);
        for (var i = 0; i < 6; i++)
            Assert.Null(await pool.RentAsync(default));

        clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(pool.Outage(TimeSpan.FromMinutes(2)));
        Assert.Null(await pool.RentAsync(default));
        Assert.Null(pool.Outage(TimeSpan.FromMinutes(2)));

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await pool.RentAsync(default));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("4.3.2 Down", pool.Outage(TimeSpan.FromMinutes(2)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOutageCountsFromWhereTheFirstConnectBeganHoweverLongItTookToFail()
    {
        var clock = new ManualClock();
        await using var pool = new RelayPool([Sending.RelayAt(25)], new Unreachable(clock, TimeSpan.FromSeconds(30)), clock, connections: 1);
        for (var i = 0; i < 3; i++)
            Assert.Null(await pool.RentAsync(default));
        Assert.DoesNotContain(pool.Lanes, lane => lane.Breaker.IsClosed);

        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Null(pool.Outage(TimeSpan.FromMinutes(2)));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("timed out", pool.Outage(TimeSpan.FromMinutes(2)), StringComparison.Ordinal);

        // Whoever resumes starts anew.
        pool.Rearm();
        var began = clock.GetUtcNow();
        Assert.Null(await pool.RentAsync(default));
        clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Null(await pool.RentAsync(default));
        clock.Advance(began + TimeSpan.FromSeconds(119) - clock.GetUtcNow());
        Assert.Null(pool.Outage(TimeSpan.FromMinutes(2)));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(pool.Outage(TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public async Task AConnectionThatBrokeIsNotGivenToAnyoneElse()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).First(1).Reply(421, "4.3.2 Bye"));
        await using var pool = Pool(inbox, connections: 1);
        await using (var session = (await pool.RentAsync(default))!)
            Assert.IsType<SendOutcome.RelayFault>(await session.SendAsync(Sending.Mail()));

        await using var next = (await pool.RentAsync(default))!;

        Assert.IsType<SendOutcome.Accepted>(await next.SendAsync(Sending.Mail()));
        Assert.Equal(2, inbox.ConnectionsOpened);
    }

    private static RelayPool Pool(InboxServer inbox, int connections, TimeProvider? clock = null) =>
        new([Sending.RelayAt(inbox.Port)], new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance), clock ?? TimeProvider.System, connections);

    // A network that swallows packets can't be had on loopback.
    private sealed class Unreachable(ManualClock clock, TimeSpan timeout) : IMailTransport
    {
        public Task<ConnectOutcome> ConnectAsync(Relay relay, CancellationToken stop)
        {
            clock.Advance(timeout);
            return Task.FromResult<ConnectOutcome>(new ConnectOutcome.Unavailable("timed out"));
        }
    }
}
