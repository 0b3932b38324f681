using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class InboxServerTests
{
    [Fact]
    public async Task AMessageIsKeptWithItsEnvelopeHashAndBytes()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        const string text = "Message-ID: <35.7@example.com>\r\nSubject: =?utf-8?q?Th=C3=A9?= et\r\n =?utf-8?q?caf=C3=A9?=\r\n\r\nHere's the tea\r\n";

        Assert.Equal("250 2.0.0 Ok: queued as 1", await client.DeliverAsync("ana@example.com", text, "bounce+7@example.com"));
        Assert.Equal("221 2.0.0 Bye", await client.SayAsync("QUIT"));
        Assert.True(await client.IsClosedAsync());

        var message = inbox.Latest();
        Assert.Equal(1, message.Number);
        Assert.Equal("bounce+7@example.com", message.Sender);
        Assert.Equal(["ana@example.com"], message.Recipients);
        Assert.Equal("<35.7@example.com>", message.MessageId);
        Assert.Equal("Thé et café", message.Subject);
        Assert.Equal(text.Length, message.Size);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text))), message.Sha256);
        Assert.True(message.BodyKept);
        Assert.Equal(TimeSpan.Zero, message.ReceivedAt.Offset);
        Assert.Equal(text, Encoding.ASCII.GetString(inbox.LatestBytes()));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("192.0.2.1")]
    [InlineData("::")]
    [InlineData("localhost")]
    public void AnAddressOtherThanLoopbackIsRefusedWithTheReason(string address)
    {
        var refused = Assert.Throws<ValidationException>(() => new InboxServer(new InboxOptions { Address = address }));

        Assert.Contains(address, refused.Message, StringComparison.Ordinal);
        Assert.Contains("loopback only", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItListensOnIpv6LoopbackToo()
    {
        if (!Socket.OSSupportsIPv6)
            return;

        await using var inbox = await Inboxes.StartAsync(options => options.Address = "::1");
        Assert.Equal(IPAddress.IPv6Loopback, inbox.EndPoint.Address);
    }

    [Fact]
    public async Task APortInUseIsReportedWithItsNumber()
    {
        await using var first = await Inboxes.StartAsync();
        await using var second = new InboxServer(new InboxOptions { Port = first.Port });

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => second.StartAsync());

        Assert.Contains($"127.0.0.1:{first.Port}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Inbox:Port", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartingTwiceIsRefused()
    {
        await using var inbox = await Inboxes.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => inbox.StartAsync());
    }

    [Fact]
    public async Task AConnectionTooManyIsTurnedAway()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.MaxConnections = 1);
        await using var first = await SmtpConversation.GreetAsync(inbox);
        await using var second = await SmtpConversation.ConnectAsync(inbox);

        Assert.Equal("421 4.3.2 Too many connections", await second.ReadAsync());
        Assert.True(await second.IsClosedAsync());
        Assert.StartsWith("250", await first.SayAsync("NOOP"), StringComparison.Ordinal);
        Assert.Equal(2, inbox.ConnectionsOpened);
    }

    [Fact]
    public async Task AnIdleConnectionIsClosedByTheClock()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync(null, options => options.IdleTimeout = TimeSpan.FromMinutes(5), clock);
        await using var client = await SmtpConversation.GreetAsync(inbox);

        clock.Advance(TimeSpan.FromMinutes(4));
        Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);

        Assert.Equal("421 4.4.2 Idle for too long", await clock.AdvanceUntilAsync(client.ReadAsync(), TimeSpan.FromMinutes(6)));
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task StoppingTellsOpenConnectionsAndKeepsWhatArrived()
    {
        var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.DeliverAsync("ana@example.com");
        await inbox.DisposeAsync();

        Assert.Equal("421 4.3.2 Shutting down", await client.ReadAsync());
        Assert.Equal(1, inbox.Messages.Count);
        Assert.Equal(0, inbox.ConnectionsOpen);
        await inbox.DisposeAsync();
    }

    [Fact]
    public async Task AClientThatHangsUpInTheMiddleLeavesNothingBehind()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using (var client = await SmtpConversation.GreetAsync(inbox))
        {
            await client.SayAsync("MAIL FROM:<news@example.com>");
            await client.SayAsync("RCPT TO:<ana@example.com>");
            await client.SayAsync("DATA");
            await client.SendAsync("Subject: half\r\n\r\nhalf a mess");
        }

        await using var next = await SmtpConversation.GreetAsync(inbox);
        await next.DeliverAsync("ben@example.com");

        Assert.Equal(1, inbox.Messages.Count);
        Assert.Equal(["ben@example.com"], inbox.Latest().Recipients);
        Assert.Equal(0, inbox.Failures);
    }

    [Fact]
    public async Task BinaryJunkIsAnsweredOrCutOffButNeverBreaksIt()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.IdleTimeout = TimeSpan.FromSeconds(2));
        var random = new Random(35);
        for (var round = 0; round < 40; round++)
        {
            var junk = new byte[random.Next(1, 100_000)];
            random.NextBytes(junk);
            await using var client = round % 2 == 0 ? await SmtpConversation.ConnectAsync(inbox) : await SmtpConversation.GreetAsync(inbox);
            try
            {
                await client.SendAsync(junk);
                await client.SendAsync("\r\nQUIT\r\n");
            }
            catch (IOException)
            {
                // It has closed already, which is its right.
            }
        }

        await using var sane = await SmtpConversation.GreetAsync(inbox);
        Assert.StartsWith("250", await sane.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
        Assert.Equal(0, inbox.Failures);
    }

    [Fact]
    public async Task WaitingEndsWhenTheMessagesAreThereAndTellsHowManyCameInTime()
    {
        await using var inbox = await Inboxes.StartAsync();
        var waiting = inbox.Messages.WaitForAsync(2, Inboxes.Patience);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.DeliverAsync("ana@example.com");
        Assert.False(waiting.IsCompleted);
        await client.DeliverAsync("ben@example.com");
        await waiting;
        await inbox.Messages.WaitForAsync(1, TimeSpan.Zero);

        var late = await Assert.ThrowsAsync<TimeoutException>(() => inbox.Messages.WaitForAsync(5, TimeSpan.FromMilliseconds(20)));
        Assert.Contains("2 of the 5", late.Message, StringComparison.Ordinal);
    }
}
