using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>STANDARDS S5 and F11, F23: what one recipient's message asks of a relay concerns that one recipient.</summary>
public sealed class EnvelopeTests
{
    [Theory]
    [InlineData("ana@example.net")]
    [InlineData("a.b+c=d@example.net")]
    [InlineData("\"quoted part\"@example.net")]
    [InlineData("o'brien/x@example.net")]
    [InlineData("ana@xn--bcher-kva.example")]
    [InlineData("ana@[127.0.0.1]")]
    public async Task TheAddressArrivesAsGivenAndWithoutSmtpUtf8(string recipient)
    {
        // The inbox offers SMTPUTF8; MimeKit, left to itself, would decode the punycode and ask for it.
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(recipient, sender: "bounce+x1y2@xn--bcher-kva.example")));

        Assert.Equal([recipient], inbox.Latest().Recipients);
        Assert.Equal("bounce+x1y2@xn--bcher-kva.example", inbox.Latest().Sender);
        Assert.DoesNotContain("SMTPUTF8", inbox.Messages.ReadBody(1)!.MailParameters, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "bounced", "RET=HDRS ENVID=bounced", "NOTIFY=FAILURE,DELAY ORCPT=rfc822;ana@example.net")]
    [InlineData(true, null, "", "")]
    [InlineData(false, "bounced", "", "")]
    public async Task ReportsAreAskedForWhereTheRelayOffersThem(bool offered, string? id, string atMail, string atRecipient)
    {
        await using var inbox = await Inboxes.StartAsync(options => options.Dsn = offered);
        await using var connection = await inbox.ConnectAsync();

        // Twice: what one message asks for is not asked for the next.
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail() with { EnvelopeId = "another" }));
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail() with { EnvelopeId = id }));

        var body = inbox.Messages.ReadBody(2)!;
        Assert.Equal(atMail.Split(' ').Order(), string.Join(' ', body.MailParameters.Split(' ').Where(word => word.StartsWith("RET", StringComparison.Ordinal) || word.StartsWith("ENVID", StringComparison.Ordinal))).Split(' ').Order());
        Assert.Equal(atRecipient, body.RecipientParameters[0]);
    }

    [Fact]
    public async Task TheNullSenderIsWrittenAsTwoBrackets()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(sender: "")));

        Assert.Equal("", inbox.Latest().Sender);
    }

    [Fact]
    public async Task ANonAsciiLocalPartGoesWithSmtpUtf8WhereItIsOffered()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync();
        var message = Sending.Filled("From: news@example.com\r\nTo: jürgen@xn--bcher-kva.example\r\nSubject: #35\r\n\r\nx\r\n", smtpUtf8: true);

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail("jürgen@xn--bcher-kva.example", message)));

        Assert.Equal(message.Bytes(), inbox.LatestBytes());
        Assert.Equal(["jürgen@xn--bcher-kva.example"], inbox.Latest().Recipients);
        Assert.Equal($"SMTPUTF8 SIZE={message.Length} BODY=8BITMIME", inbox.Messages.ReadBody(1)!.MailParameters);
    }

    [Fact]
    public async Task WithoutSmtpUtf8OnlyThatOneRecipientIsRejectedAndNothingSent()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).Named("asked").Answer(), o => o.SmtpUtf8 = false);
        await using var connection = await inbox.ConnectAsync();

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail("jürgen@example.net", Sending.Message(smtpUtf8: true))));

        Assert.Equal(RejectedAt.Message, rejected.At);
        Assert.Equal(0, rejected.Reply.Code);
        Assert.Contains("offers no SMTPUTF8", rejected.Reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("jürgen", rejected.Reply.Text, StringComparison.Ordinal);
        Assert.Equal(0, inbox.TimesFired("asked"));
        Assert.True(connection.IsUsable);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task ARefusedSenderWithSmtpUtf8SpeaksOfThatRecipientOnly()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).First(1).Reply(553, "5.6.7 Non-ASCII addresses not permitted"));
        await using var connection = await inbox.ConnectAsync();

        Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail("jürgen@example.net", Sending.Message(smtpUtf8: true))));
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task AMessageLargerThanTheRelayTakesIsRejectedBeforeItIsSent()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).Named("asked").Answer(), o => o.MaxMessageBytes = 1000);
        await using var connection = await inbox.ConnectAsync();
        var message = Sending.Message(new string('x', 990) + "\r\n");

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Contains($"{message.Length} bytes", rejected.Reply.Text, StringComparison.Ordinal);
        Assert.Contains("no more than 1000", rejected.Reply.Text, StringComparison.Ordinal);
        Assert.Equal(0, inbox.TimesFired("asked"));
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task AMessageLargerThanTheRelayTakesWithoutSayingSoIsRejectedAtItsEnd()
    {
        await using var inbox = await Inboxes.StartAsync(o => (o.MaxMessageBytes, o.Size) = (1000, false));
        await using var connection = await inbox.ConnectAsync();

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail(message: Sending.Message(new string('x', 990) + "\r\n"))));

        Assert.Equal(552, rejected.Reply.Code);
    }

    [Fact]
    public async Task BytesAbove127AreRejectedWhere8BitMimeIsNotOffered()
    {
        await using var inbox = await Inboxes.StartAsync(o => (o.EightBitMime, o.SmtpUtf8) = (false, false));
        await using var connection = await inbox.ConnectAsync();

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail(message: Sending.Message("café\r\n"))));

        Assert.Contains("8BITMIME", rejected.Reply.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ana@example.net>\r\nRCPT TO:<eve@example.net")]
    [InlineData("ana@example.net\r\nDATA")]
    [InlineData("ana@example.net> NOTIFY=NEVER")]
    [InlineData("Ana <ana@example.net>")]
    [InlineData("ana (comment)@example.net")]
    [InlineData("ana@example.net, eve@example.net")]
    [InlineData("ana\0@example.net")]
    [InlineData(" ana@example.net")]
    public async Task WhatIsNotOneAddressNeverReachesACommand(string recipient)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).Named("asked").Answer());
        await using var connection = await inbox.ConnectAsync();

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail(recipient)));

        Assert.Contains("can't be written in an SMTP command", rejected.Reply.Text, StringComparison.Ordinal);
        Assert.Equal(0, inbox.TimesFired("asked"));
    }
}
