using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class InboxMessageTests
{
    [Fact]
    public async Task PipelinedCommandsAreAnsweredInOrder()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);

        await client.SendAsync("RSET\r\nMAIL FROM:<news@example.com>\r\nRCPT TO:<ana@example.com>\r\nRCPT TO:<nobody>\r\nRCPT TO:<ben@example.com>\r\nDATA\r\n");
        Assert.Equal("250 2.0.0 Ok", await client.ReadAsync());
        Assert.Equal("250 2.1.0 Sender ok", await client.ReadAsync());
        Assert.Equal("250 2.1.5 Recipient ok", await client.ReadAsync());
        Assert.Equal("501 5.1.3 This is no mailbox", await client.ReadAsync());
        Assert.Equal("250 2.1.5 Recipient ok", await client.ReadAsync());
        Assert.StartsWith("354 ", await client.ReadAsync(), StringComparison.Ordinal);
        await client.SendAsync("Subject: x\r\n\r\ny\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\n");
        Assert.Equal("250 2.0.0 Ok: queued as 1", await client.ReadAsync());
        Assert.Equal("250 2.1.0 Sender ok", await client.ReadAsync());
        Assert.Equal("221 2.0.0 Bye", await client.ReadAsync());
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(["ana@example.com", "ben@example.com"], inbox.Latest().Recipients);
    }

    [Fact]
    public async Task WithoutPipeliningCommandsSentAheadAreRefused()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.Pipelining = false);
        await using var client = await SmtpConversation.GreetAsync(inbox);

        await client.SendAsync("MAIL FROM:<news@example.com>\r\nRCPT TO:<ana@example.com>\r\n");
        Assert.Equal("503 5.5.1 PIPELINING was not offered: wait for each reply", await client.ReadAsync());
        Assert.Equal("503 5.5.1 MAIL comes first", await client.ReadAsync());
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SendAsync("BDAT 5 LAST\r\nabc\r\n");
        Assert.Equal("250 2.0.0 Ok: queued as 2", await client.ReadAsync());
    }

    [Fact]
    public async Task DotsAreUnstuffedAndOnlyCrlfDotCrlfEndsAMessage()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SayAsync("DATA");
        await client.SendAsync("..first\r\n...\r\n..\r\na.b\r\n.\n..\n.\r..\r\r\n.c\r\n\r\n.\r\n");

        Assert.StartsWith("250", await client.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(".first\r\n..\r\n.\r\na.b\r\n\n..\n.\r..\r\r\nc\r\n\r\n", Encoding.ASCII.GetString(inbox.LatestBytes()));
    }

    [Fact]
    public async Task AMessageSentByteByByteIsTheSame()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SayAsync("DATA");
        foreach (var one in "..a\r\n.b\r\n.\r\n"u8.ToArray())
            await client.SendAsync([one]);

        Assert.StartsWith("250", await client.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(".a\r\nb\r\n", Encoding.ASCII.GetString(inbox.LatestBytes()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024 - 1)]
    [InlineData(16 * 1024)]
    [InlineData(16 * 1024 + 1)]
    [InlineData(300_000)]
    public async Task DataAndChunksGiveTheSameBytesAndHash(int length)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        var text = Some(length);
        await client.DeliverAsync("ana@example.com", Encoding.ASCII.GetString(text));
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        var half = text.Length / 3;
        await client.SendAsync($"BDAT {half}\r\n");
        await client.SendAsync(text[..half]);
        Assert.Equal($"250 2.0.0 {half} octets received", await client.ReadAsync());
        await client.SendAsync([.. Encoding.ASCII.GetBytes($"bdat {text.Length - half} last\r\n"), .. text[half..]]);
        Assert.StartsWith("250 2.0.0 Ok: queued", await client.ReadAsync(), StringComparison.Ordinal);

        Assert.All([1L, 2L], number =>
        {
            Assert.Equal(text, inbox.Messages.ReadBody(number)!.Bytes);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(text)), inbox.Messages.Find(number)!.Sha256);
        });
        Assert.False(inbox.Messages.ReadBody(1)!.Chunked);
        Assert.True(inbox.Messages.ReadBody(2)!.Chunked);
    }

    [Fact]
    public async Task AChunkRefusedIsStillReadToItsEnd()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);

        await client.SendAsync("BDAT 12\r\nQUIT\r\nQUIT\r\nMAIL FROM:<news@example.com>\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n");
        Assert.Equal("503 5.5.1 MAIL comes first", await client.ReadAsync());
        Assert.Equal("250 2.1.0 Sender ok", await client.ReadAsync());
        Assert.Equal("554 5.5.1 No valid recipients", await client.ReadAsync());
        Assert.Equal("503 5.5.1 MAIL comes first", await client.ReadAsync());
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataAfterChunksIsRefused()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SendAsync("BDAT 3\r\nabc");
        await client.ReadAsync();

        Assert.Equal("503 5.5.1 BDAT was begun", await client.SayAsync("DATA"));
        Assert.StartsWith("250 2.0.0 Ok: queued", await client.SayAsync("BDAT 0 LAST"), StringComparison.Ordinal);
        Assert.Equal("abc"u8.ToArray(), inbox.LatestBytes());
    }

    [Fact]
    public async Task AMessageTooLargeIsReadToItsEndAndRefused()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.MaxMessageBytes = 1000);
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal("552 5.3.4 Message size exceeds the fixed maximum", await client.DeliverAsync("ana@example.com", new string('x', 999) + "\r\n"));
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SendAsync("BDAT 1001\r\n" + new string('x', 1001));
        Assert.Equal("552 5.3.4 Message size exceeds the fixed maximum", await client.ReadAsync());
        Assert.Equal("503 5.5.1 MAIL comes first", await client.SayAsync("BDAT 0 LAST"));
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com", new string('x', 998) + "\r\n"), StringComparison.Ordinal);
        Assert.Equal(1, inbox.Messages.Count);
    }

    [Fact]
    public async Task EightBitTextNeedsEightBitMimeOffered()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.EightBitMime = false);
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal("554 5.6.1 8-bit text, and 8BITMIME was not offered", await client.DeliverAsync("ana@example.com", "Grüße\r\n"));
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com", "Gruesse\r\n"), StringComparison.Ordinal);
        Assert.Equal(1, inbox.Messages.Count);
    }

    [Fact]
    public async Task AnAddressBeyondAsciiIsKeptAsItWasWritten()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com> SMTPUTF8");
        Assert.StartsWith("250", await client.SayAsync("RCPT TO:<用户@例子.test>"), StringComparison.Ordinal);
        await client.SayAsync("DATA");
        await client.SayAsync(".");

        Assert.Equal(["用户@例子.test"], inbox.Latest().Recipients);
        Assert.Equal("", inbox.Latest().MessageId);
        Assert.Equal("", inbox.Latest().Subject);
    }

    private static byte[] Some(int length)
    {
        var text = new StringBuilder("Message-ID: <some@example.com>\r\n\r\n");
        for (var line = 0; text.Length < length; line++)
            text.Append(line % 7 == 0 ? ". a line that begins with a dot " : "a line like any other ").Append(line).Append("\r\n");
        text.Length = length;
        return Encoding.ASCII.GetBytes(length < 2 ? "\r\n"[..length] + "\r\n" : text.ToString()[..^2] + "\r\n");
    }
}
