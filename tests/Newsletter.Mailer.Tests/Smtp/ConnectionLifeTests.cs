using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>ENGINE-NOTES, MailKit 7: connections are replaced in time, and no message is spent on finding out that one is gone.</summary>
public sealed class ConnectionLifeTests
{
    [Fact]
    public async Task AConnectionIsReplacedAfterItsMessages()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync(relay => relay with { MessagesPerConnection = 3 });

        for (var i = 0; i < 3; i++)
        {
            Assert.True(connection.IsUsable);
            Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        }

        Assert.False(connection.IsUsable);
        Assert.Equal(1, inbox.ConnectionsOpened);
    }

    [Fact]
    public async Task AConnectionIsReplacedAtItsAge()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync(relay => relay with { ConnectionLifetime = TimeSpan.FromMinutes(5) }, clock);

        clock.Advance(TimeSpan.FromMinutes(4.9));
        Assert.True(connection.IsUsable);
        clock.Advance(TimeSpan.FromMinutes(0.2));
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task AnIdleConnectionIsAskedFirst()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Noop).Named("asked").Answer());
        await using var connection = await inbox.ConnectAsync(clock: clock);

        await connection.SendAsync(Sending.Mail());
        Assert.Equal(0, inbox.TimesFired("asked"));
        clock.Advance(TimeSpan.FromSeconds(30));

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(1, inbox.TimesFired("asked"));
        Assert.Equal(1, inbox.ConnectionsOpened);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ARelayThatHungUpMeanwhileCostsNoMessage(bool farewell)
    {
        // The inbox closes idle connections after 200 ms: with a 421, as RFC 5321 §4.5.3.2.7 has it; or, cut off, without.
        var script = farewell ? FaultScript.None : FaultScript.None.At(FaultPoint.EndOfData).ReplyAndClose(250, "2.0.0 Ok");
        await using var inbox = await Inboxes.StartAsync(script, o => o.IdleTimeout = TimeSpan.FromMilliseconds(200));
        await using var connection = await inbox.ConnectAsync();
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        await WaitUntilAsync(() => inbox.ConnectionsOpen == 0);

        Assert.True(connection.IsUsable);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));

        Assert.Equal(2, inbox.Messages.Count);
        Assert.Equal(2, inbox.ConnectionsOpened);
    }

    [Fact]
    public async Task ARelayThatIsGoneMeanwhileIsTheRelaysFault()
    {
        var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();
        await inbox.DisposeAsync();

        var fault = Assert.IsType<SendOutcome.RelayFault>(await connection.SendAsync(Sending.Mail()));

        Assert.Contains("connection refused", fault.Reason, StringComparison.Ordinal);
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task APasswordChangedMeanwhileSpeaksOfOurCredentials()
    {
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None.At(FaultPoint.Auth).After(1).Reply(535, "5.7.8 No longer"),
            o => (o.UserName, o.Password, o.IdleTimeout) = ("user", "secret", TimeSpan.FromMilliseconds(200)));
        await using var connection = await inbox.ConnectAsync(relay => relay with { UserName = "user", Password = "secret" });
        await WaitUntilAsync(() => inbox.ConnectionsOpen == 0);

        var refused = Assert.IsType<SendOutcome.CredentialsRefused>(await connection.SendAsync(Sending.Mail()));

        Assert.Contains("535 5.7.8 No longer", refused.Reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADisposedConnectionHasSaidGoodbye()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Quit).Named("goodbye").Answer());
        var connection = await inbox.ConnectAsync();

        await connection.DisposeAsync();
        await connection.DisposeAsync();

        Assert.Equal(1, inbox.TimesFired("goodbye"));
        Assert.False(connection.IsUsable);
        Assert.IsType<SendOutcome.RelayFault>(await connection.SendAsync(Sending.Mail()));
        await WaitUntilAsync(() => inbox.ConnectionsOpen == 0);
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Inboxes.Patience);
        while (!condition())
            await Task.Delay(20, limit.Token);
    }
}
