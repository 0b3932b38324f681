using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>Whatever goes wrong before the first message is an outcome with words a person understands.</summary>
public sealed class ConnectingTests
{
    [Fact]
    public async Task ARefusedPortIsNamed()
    {
        var port = FreePorts.Take();

        var reason = await ReasonAsync(Sending.RelayAt(port));

        Assert.Equal($"Could not connect to the relay test: 127.0.0.1:{port}: connection refused. Is it running there, is its port right, does a firewall let us through?", reason);
    }

    [Fact]
    public async Task EveryAddressOfAHostIsTried()
    {
        // localhost may be ::1 as well, where nobody listens.
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync(relay => relay with { Host = "localhost" });

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task AnIpV6AddressMayStandForTheHost()
    {
        var port = FreePorts.Take();

        Assert.Contains($"[::1]:{port}: ", await ReasonAsync(Sending.RelayAt(port) with { Host = "::1" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AHostThatDoesNotExistIsNamed()
    {
        var reason = await ReasonAsync(Sending.RelayAt(25) with { Host = "no-such-relay.invalid" });

        Assert.Contains("Could not find the address of the relay test (no-such-relay.invalid:25)", reason, StringComparison.Ordinal);
        Assert.Contains("Check its host name", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATextThatCanBeNoHostNameIsNamed()
    {
        var reason = await ReasonAsync(Sending.RelayAt(25) with { Host = new string('x', 300) });

        Assert.Contains("Could not find the address", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultPoint.Connect, 421, "4.3.2 Too busy")]
    [InlineData(FaultPoint.Connect, 554, "5.7.1 You are not welcome")]
    [InlineData(FaultPoint.Ehlo, 550, "5.7.1 Bad HELO")]
    public async Task ARelayThatTurnsUsAwayIsQuoted(FaultPoint point, int code, string text)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).Reply(code, text));

        Assert.Contains($"{code} {text}", await ReasonAsync(Sending.RelayAt(inbox.Port)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A421ToEhloIsQuoted()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Ehlo).Reply(421, "4.3.2 Too busy"));

        Assert.Contains("closed the connection, having said: 4.3.2 Too busy", await ReasonAsync(Sending.RelayAt(inbox.Port)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultPoint.Connect)]
    [InlineData(FaultPoint.Ehlo)]
    public async Task ARelayThatHangsUpIsUnavailable(FaultPoint point)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).Drop());

        Assert.Contains("closed the connection", await ReasonAsync(Sending.RelayAt(inbox.Port)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatSpeaksAnotherProtocolIsUnavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var served = ServeAsync(listener, "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());

        var reason = await ReasonAsync(Sending.RelayAt(((IPEndPoint)listener.LocalEndpoint).Port));

        Assert.Contains("doesn't speak SMTP", reason, StringComparison.Ordinal);
        await served;
    }

    [Fact]
    public async Task ARelayWithoutEhloIsGreetedWithHelo()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Ehlo).First(1).Reply(502, "Not known"));
        await using var connection = await inbox.ConnectAsync();

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Theory]
    [InlineData(null, "localhost")]
    [InlineData("mail.example.org", "mail.example.org")]
    public async Task EhloAnnouncesWhatIsConfiguredAndNeverTheMachine(string? configured, string announced)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync(relay => relay with { HeloName = configured });

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));

        Assert.Equal(announced, inbox.Messages.ReadBody(1)!.ClientName);
    }

    [Fact]
    public async Task WhoStopsWaitingGetsNoOutcome()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Connect).GoSilent());
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port), stop.Token));
    }

    [Fact]
    public async Task TheProtocolLogTellsEverythingButThePassword()
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-smtp-log-");
        await using var inbox = await Inboxes.StartAsync(o => (o.UserName, o.Password) = ("user", "a secret"));
        var transport = new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance, folder.FullName);
        var relay = Sending.RelayAt(inbox.Port) with { UserName = "user", Password = "a secret" };

        await using (var connection = Assert.IsType<ConnectOutcome.Connected>(await transport.ConnectAsync(relay, CancellationToken.None)).Connection)
            await connection.SendAsync(Sending.Mail());

        var log = await File.ReadAllTextAsync(Assert.Single(folder.GetFiles("smtp-1-*.log")).FullName);
        Assert.Contains("RCPT TO:<ana@example.net>", log, StringComparison.Ordinal);
        Assert.Contains("C: AUTH PLAIN ********", log, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("\0user\0a secret"u8), log, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    private static async Task<string> ReasonAsync(Relay relay) =>
        Assert.IsType<ConnectOutcome.Unavailable>(await Sending.Transport().ConnectAsync(relay, CancellationToken.None)).Reason;

    private static async Task ServeAsync(TcpListener listener, byte[] answer)
    {
        using var client = await listener.AcceptSocketAsync();
        await client.SendAsync(answer);
    }
}
