using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>ENGINE-NOTES, MailKit 1 and 6: over a stream MailKit's own time-outs do nothing, so ours must.</summary>
public sealed class TimeoutTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Theory]
    [InlineData(FaultPoint.Connect)]
    [InlineData(FaultPoint.Ehlo)]
    public async Task ARelayThatDoesNotGreetIsUnavailableInTime(FaultPoint point)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).GoSilent());

        var (outcome, took) = await Timed(() => Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port) with { ConnectTimeout = Short }, CancellationToken.None));

        Assert.Contains("didn't greet within 300 ms", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
        Assert.InRange(took.TotalSeconds, 0.25, 10);
    }

    [Fact]
    public async Task ARelayThatGreetsByteByByteDoesNotStretchTheTime()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Connect).Tarpit(TimeSpan.FromMilliseconds(100)));

        var (outcome, took) = await Timed(() => Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port) with { ConnectTimeout = Short }, CancellationToken.None));

        Assert.IsType<ConnectOutcome.Unavailable>(outcome);
        Assert.InRange(took.TotalSeconds, 0.25, 10);
    }

    [Fact]
    public async Task ARelaySilentInTheTlsHandshakeIsUnavailableInTime()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var relay = Sending.RelayAt(((IPEndPoint)listener.LocalEndpoint).Port) with { Security = RelaySecurity.ImplicitTls, ConnectTimeout = Short };

        var (outcome, took) = await Timed(() => Sending.Transport().ConnectAsync(relay, CancellationToken.None));

        Assert.IsType<ConnectOutcome.Unavailable>(outcome);
        Assert.InRange(took.TotalSeconds, 0.25, 10);
    }

    [Fact]
    public async Task ARelaySilentAtTheLogInIsUnavailableInTime()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Auth).GoSilent(), o => (o.UserName, o.Password) = ("user", "secret"));
        var relay = Sending.RelayAt(inbox.Port) with { UserName = "user", Password = "secret", ConnectTimeout = TimeSpan.FromSeconds(4) };

        var outcome = await Sending.Transport().ConnectAsync(relay, CancellationToken.None);

        Assert.Contains("log-in", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultPoint.Mail)]
    [InlineData(FaultPoint.Rcpt)]
    [InlineData(FaultPoint.Data)]
    public async Task SilenceAtACommandIsTheRelaysFault(FaultPoint point)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).GoSilent());
        await using var connection = await inbox.ConnectAsync(relay => relay with { CommandTimeout = Short });

        var (outcome, took) = await Timed(() => connection.SendAsync(Sending.Mail()));

        Assert.Contains("silent for 300 ms", Assert.IsType<SendOutcome.RelayFault>(outcome).Reason, StringComparison.Ordinal);
        Assert.InRange(took.TotalSeconds, 0.25, 10);
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task AReplyThatTricklesInDoesNotStretchTheTime()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).Tarpit(TimeSpan.FromMilliseconds(150)));
        await using var connection = await inbox.ConnectAsync(relay => relay with { CommandTimeout = Short });

        var (outcome, took) = await Timed(() => connection.SendAsync(Sending.Mail()));

        Assert.IsType<SendOutcome.RelayFault>(outcome);
        Assert.InRange(took.TotalSeconds, 0.25, 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SilenceAfterTheMessageIsUnknownAndOnlyAfterTheLongTime(bool chunked)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.EndOfData).GoSilent());
        await using var connection = await inbox.ConnectAsync(relay => relay with
        {
            UseChunking = chunked,
            CommandTimeout = TimeSpan.FromSeconds(3),
            FinalReplyTimeout = TimeSpan.FromSeconds(5),
        });

        var (outcome, took) = await Timed(() => connection.SendAsync(Sending.Mail()));

        Assert.Contains("silent for 5 seconds", Assert.IsType<SendOutcome.Unknown>(outcome).Reason, StringComparison.Ordinal);
        Assert.InRange(took.TotalSeconds, 4.9, 30);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AReplyToTheMessageAfterALongSilenceIsStillAccepted(bool chunked)
    {
        // F6: the command's time is long over.
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromSeconds(5)));
        await using var connection = await inbox.ConnectAsync(relay => relay with { UseChunking = chunked, CommandTimeout = TimeSpan.FromSeconds(3) });

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));

        Assert.True(connection.IsUsable);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(2, inbox.Messages.Count);
    }

    [Fact]
    public async Task TheTimeOfOneCommandDoesNotCountForTheNext()
    {
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None.At(FaultPoint.Rcpt).Delay(TimeSpan.FromSeconds(1.5)).At(FaultPoint.Data).Delay(TimeSpan.FromSeconds(1.5)));
        await using var connection = await inbox.ConnectAsync(relay => relay with { CommandTimeout = TimeSpan.FromMilliseconds(2800) });

        for (var i = 0; i < 2; i++)
            Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task ARelayThatStopsReadingIsGivenUp()
    {
        var message = Sending.Message(string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 400_000)));
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Body).AfterBytes(1000).Wait(TimeSpan.FromSeconds(5)).Answer(), o => o.MaxMessageBytes = 1 << 30);
        await using var connection = await inbox.ConnectAsync(relay => relay with { CommandTimeout = Short });

        var fault = Assert.IsType<SendOutcome.RelayFault>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Contains("silent for 300 ms", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClosingDoesNotWaitLongForTheGoodbye()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Quit).GoSilent());
        var connection = await inbox.ConnectAsync();

        var (_, took) = await Timed(async () =>
        {
            await connection.DisposeAsync();
            return 0;
        });

        Assert.InRange(took.TotalSeconds, 0, 8);
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task TheStreamsSynchronousCallsKeepTheTimesToo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint);
        using var silent = await listener.AcceptSocketAsync();
        await using var stream = new RelayStream(socket, Short, TimeSpan.FromMilliseconds(700));

        stream.BeginMessage();
        stream.Write("abc"u8);
        var (_, command) = await Timed(() => Task.FromResult(Assert.Throws<IOException>(() => stream.ReadByte())));
        Assert.False(stream.EndOfMessageSent);
        stream.Write("."u8);
        stream.MessageWritten();
        stream.Flush();
        Assert.True(stream.EndOfMessageSent);
        var (thrown, final) = await Timed(() => Task.FromResult(Assert.Throws<IOException>(() => stream.ReadByte())));

        Assert.Contains("silent for 700 ms", thrown.Message, StringComparison.Ordinal);
        Assert.InRange(command.TotalSeconds, 0.25, 5);
        Assert.InRange(final.TotalSeconds, 0.65, 5);
    }

    private static async Task<(T Result, TimeSpan Took)> Timed<T>(Func<Task<T>> act)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var result = await act();
        return (result, Stopwatch.GetElapsedTime(startedAt));
    }
}
