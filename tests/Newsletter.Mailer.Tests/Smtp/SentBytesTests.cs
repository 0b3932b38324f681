using System.Text;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>ENGINE-NOTES, MailKit 2, 3, 10: the bytes that arrive are the bytes that were given.</summary>
public sealed class SentBytesTests
{
    public static TheoryData<string, string> Bodies { get; } = new()
    {
        { "empty body", "" },
        { "leading dots", ".\r\n..\r\n.a\r\n...\r\n a.\r\n.\r\n" },
        { "dot at the very end", "last\r\n.\r\n" },
        { "trailing spaces and tabs", "a  \r\nb\t\r\n\r\n\r\n" },
        { "empty lines", "\r\n\r\n\r\n" },
        { "lines of 998 bytes", new string('x', 998) + "\r\n" + new string('.', 998) + "\r\n" },
        { "From at the start of a line", "From here\r\n>From there\r\n" },
        { "many lines", string.Concat(Enumerable.Range(0, 9000).Select(i => $".line {i} =E2=80=94\r\n")) },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task ByDataEveryByteArrives(string what, string body)
    {
        _ = what;
        await ExpectSameBytes(Sending.Message(body), chunked: false);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task ByBdatEveryByteArrives(string what, string body)
    {
        _ = what;
        await ExpectSameBytes(Sending.Message(body), chunked: true);
    }

    [Fact]
    public async Task HeadersThatMailKitWouldHideOrRewriteArriveAsTheyAre()
    {
        await ExpectSameBytes(Sending.Filled(
            "Bcc: hidden@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n\tboundary=\"b\"\r\nContent-Transfer-Encoding: 7bit\r\n"
            + "Resent-Bcc: x@example.com\r\nContent-Length: 5\r\nDKIM-Signature: v=1; a=rsa-sha256;\r\n b=abc\r\nSubject:   odd   spacing \r\nSUBJECT: =?utf-8?q?caf=C3=A9?=\r\n\r\n--b--\r\n"));
    }

    [Fact]
    public async Task AFirstLineThatIsFoldedStaysFolded() =>
        await ExpectSameBytes(Sending.Filled("Subject: a\r\n b\r\nFrom: a@example.com\r\n\r\nx\r\n"));

    [Fact]
    public async Task AMessageOfHeadersOnlyArrives() => await ExpectSameBytes(Sending.Filled("Subject: a\r\n\r\n"));

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task HowTheMessageIsCutMakesNoDifference(int segment) =>
        await ExpectSameBytes(Sending.Filled(Sending.Message(".\r\nabc\r\n.\r\n").Bytes(), segment: segment));

    [Fact]
    public async Task ALengthAtTheEndOfMailKitsOwnBlocksDoesNotStall()
    {
        // MailKit doesn't flush where its 4,096-byte block is just full: BDAT's command and the message together, here.
        foreach (var length in Enumerable.Range(8150, 45))
        {
            var header = "Subject: a\r\n\r\n";
            var message = Sending.Filled(header + new string('x', length - header.Length - 2) + "\r\n", segment: 1000);
            await ExpectSameBytes(message, chunked: true);
        }
    }

    [Fact]
    public async Task LengthsAroundOurOwnBufferArrive()
    {
        foreach (var length in new[] { 65_533, 65_536, 65_539, 131_072 })
        {
            await ExpectSameBytes(Sending.Message(Lines(length)), chunked: false);
            await ExpectSameBytes(Sending.Message(Lines(length)), chunked: true);
        }
    }

    [Fact]
    public async Task SizeIsTheExactLength()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();
        var message = Sending.Message(".dots aren't counted\r\n");

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Equal($"SIZE={message.Length}", inbox.Messages.ReadBody(1)!.MailParameters);
    }

    [Fact]
    public async Task WithoutPipeliningSizeAndEightBitMimeTheBytesAreTheSame()
    {
        await using var inbox = await Inboxes.StartAsync(o => o.Pipelining = o.Size = o.EightBitMime = o.SmtpUtf8 = o.Chunking = o.EnhancedStatusCodes = false);
        await using var connection = await inbox.ConnectAsync(relay => relay with { UseChunking = true });
        var message = Sending.Message(".\r\nHello.\r\n");

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Equal(message.Bytes(), inbox.LatestBytes());
        Assert.Equal("", inbox.Messages.ReadBody(1)!.MailParameters);
        Assert.False(inbox.Messages.ReadBody(1)!.Chunked);
    }

    [Fact]
    public async Task BytesAbove127AreDeclared()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();
        var message = Sending.Message("café\r\n");

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Equal(message.Bytes(), inbox.LatestBytes());
        Assert.Equal($"SIZE={message.Length} BODY=8BITMIME", inbox.Messages.ReadBody(1)!.MailParameters);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Subject: no line end")]
    [InlineData("Subject: bare LF\n\nx\r\n")]
    [InlineData("\r\nno header\r\n")]
    [InlineData("Subject: a\r\n\r\nno line end")]
    public async Task WhatIsNoMessageIsABugAndNotSent(string whole)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => connection.SendAsync(Sending.Mail(message: Sending.Filled(whole))));

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(1, inbox.Messages.Count);
    }

    [Fact]
    public async Task OneFilledMessageCanBeSentAgainAndAtTheSameTime()
    {
        await using var inbox = await Inboxes.StartAsync();
        var message = Sending.Message(Lines(50_000));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var connection = await inbox.ConnectAsync();
            for (var i = 0; i < 5; i++)
                Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(message: message)));
        }));

        Assert.Equal(40, inbox.Messages.Count);
        Assert.True(inbox.Messages.CopiesOf("<1@example.com>").HashesAgree);
        Assert.Equal(message.Bytes(), inbox.LatestBytes());
    }

    private static string Lines(int length)
    {
        var lines = new StringBuilder(length + 80);
        while (lines.Length < length - 80)
            lines.Append(".0123456789 abcdefghijklmnopqrstuvwxyz\r\n");
        return lines.Append('x', length - lines.Length - 2).Append("\r\n").ToString();
    }

    private static async Task ExpectSameBytes(FilledMessage message, bool chunked = false)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync(relay => relay with { UseChunking = chunked });

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Equal(message.Bytes(), inbox.LatestBytes());
        Assert.Equal(chunked, inbox.Messages.ReadBody(1)!.Chunked);
    }
}
