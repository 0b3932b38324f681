using System.Diagnostics;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Faults;

/// <summary>F6, F8, F9: a relay that takes its time over a reply, never gives it, or gives it byte by byte.</summary>
[Trait("Category", "Faults")]
public sealed class SlowRelayTests : MailroomTest
{
    // Seven eighths, less what two measurements of the same thing differ by.
    private const double Fair = 7.0 / 8 * 0.95;

    [Fact]
    public async Task AReplyThatComesLateIsWaitedForThoughLeaseAndCommandTimeOutAreShorter()
    {
        // Nine minutes where a lease is 30 s, a command may take 5 minutes and a message 10: all a hundred times faster.
        Room.Options.LeaseSeconds = 2;
        Room.Options.RenewSeconds = 1;
        Room.Relay = Room.Relay with { CommandTimeout = TimeSpan.FromSeconds(3), FinalReplyTimeout = TimeSpan.FromSeconds(60) };
        var issue = await Room.FreezeIssueAsync(40);
        Relay(script => script.At(FaultPoint.EndOfData).First(4).Delay(TimeSpan.FromSeconds(FaultForm.Pick(6, 30))));
        var other = Room.NewWorker();

        await Task.WhenAll(Room.Worker.WorkAsync(), other.SendAsync());
        await Room.Worker.WorkAsync();

        var line = await KeptAsync("F6", issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
        Assert.Equal(40L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'accepted' and attempts = 1"));
    }

    [Theory]
    [InlineData(FaultPoint.Data, 0)]
    [InlineData(FaultPoint.EndOfData, 1)]
    public async Task WhileOneConnectionIsSilentTheOthersSendOn(FaultPoint point, long resent)
    {
        Room.Relay = Room.Relay with { CommandTimeout = TimeSpan.FromSeconds(10), FinalReplyTimeout = TimeSpan.FromSeconds(10) };
        var issue = await Room.FreezeIssueAsync(120);
        Relay(script => script.At(point).ToRecipient("reader30@example.net").First(1).LosingMessage().GoSilent());
        var working = Room.Worker.WorkAsync();

        await Room.Inbox.Messages.WaitForAsync(80, Patience);
        Assert.Empty(Room.Inbox.Messages.List(1, recipient: "reader30@").Messages);
        await working;

        var line = await KeptAsync("F8", issue);
        Assert.Equal((0L, 0L, 1), (line.Copies, line.Unknown, Room.Inbox.TimesFired(point.ToString())));
        Assert.Equal(resent, (await Room.ReceiptAsync(issue)).Resent);
    }

    [Fact]
    public async Task OneTarpittedConnectionOfEightTakesNothingFromTheOthers()
    {
        Room.Relay = Room.Relay with { MaxConnections = 8, MessagesPerConnection = 10_000 };
        var best = 0.0;
        long issue = 0;
        // The relay's replies set the pace, not this machine; what a loaded machine adds differs from try to try.
        for (var attempt = 0; attempt < 3 && best < Fair; attempt++)
        {
            var (_, free) = await RateAsync(script => script);
            var tarpitted = Room.Inbox.ConnectionsOpened + 1;
            (issue, var rate) = await RateAsync(script => script.At(FaultPoint.Any).OnConnection(tarpitted).Tarpit(TimeSpan.FromMilliseconds(40)));
            best = Math.Max(best, rate / free);
        }

        await KeptAsync("F9", issue);
        Assert.True(best >= Fair, $"With one of eight connections tarpitted the rate was {best:P0} of the rate without.");
    }

    // Messages a second while all connections have work: how an issue begins and ends is of no concern.
    private async Task<(long Issue, double PerSecond)> RateAsync(Func<FaultScript, FaultScript> script)
    {
        const int Begin = 40;
        const int Counted = 320;
        var issue = await FreezeAsync(400);
        var worker = Room.NewWorker();
        Relay(quiet => script(quiet).At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(50)));
        var before = Room.Inbox.Messages.Count;
        var working = worker.WorkAsync();
        await Room.Inbox.Messages.WaitForAsync(before + Begin, Patience);
        var began = Stopwatch.GetTimestamp();
        await Room.Inbox.Messages.WaitForAsync(before + Begin + Counted, Patience);
        var took = Stopwatch.GetElapsedTime(began);
        Relay(quiet => quiet);
        await working;
        await worker.Relays.DisposeAsync();
        return (issue, Counted / took.TotalSeconds);
    }

    private async Task<long> FreezeAsync(int readers)
    {
        if (await Database.ScalarAsync<long?>("select min(id) from newsletters") is not { } id)
            return await Room.FreezeIssueAsync(readers);
        return await Room.FreezeAsync(await Some.EditionAsync(Database, (await Room.Newsletters.GetAsync(id, default))!));
    }
}
