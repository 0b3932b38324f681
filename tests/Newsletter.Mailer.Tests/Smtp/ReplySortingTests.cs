using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>Replies as servers word them, sorted without a network.</summary>
public sealed class ReplySortingTests
{
    [Theory]
    [InlineData(450, "4.2.0 Greylisted", false)]
    [InlineData(451, "4.7.1 Greylisting in action, please come back in 00:05:00", false)]
    [InlineData(450, "Mailbox busy", false)]
    [InlineData(451, "4.3.0 Temporary lookup failure", false)]
    [InlineData(452, "4.2.2 Mailbox full", false)]
    [InlineData(450, "4.7.1 Try again later", true)]
    [InlineData(451, "4.7.650 The mail server has been temporarily rate limited", true)]
    [InlineData(451, "Too many messages from your network, slow down", true)]
    [InlineData(450, "4.2.1 The user you are trying to contact is receiving mail too quickly", true)]
    [InlineData(454, "Throttling failure: Maximum sending rate exceeded.", true)]
    public void A4xxThrottlesOnlyWhereItSpeaksOfPace(int code, string lines, bool throttled) =>
        Assert.Equal(throttled, Assert.IsType<SendOutcome.Deferred>(ReplySorting.Sort(SmtpStep.RcptTo, ReplyReading.Read(code, lines))).Throttled);

    [Theory]
    [InlineData(421, "4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume", true)]
    [InlineData(421, "4.3.2 Service shutting down", false)]
    public void A421ThrottlesToo(int code, string lines, bool throttled) =>
        Assert.Equal(throttled, Assert.IsType<SendOutcome.RelayFault>(ReplySorting.Sort(SmtpStep.EndOfMessage, ReplyReading.Read(code, lines))).Throttled);

    [Theory]
    [InlineData("2.0.0 Ok: queued as 4Ck2V31kXTz9s", "4Ck2V31kXTz9s")]
    [InlineData("Ok: queued as 17.", "17")]
    [InlineData("OK id=1rQx2B-0005Zk-Jd", "1rQx2B-0005Zk-Jd")]
    [InlineData("OK ids=8a5c0a2ed1ee11ef9e5a", "8a5c0a2ed1ee11ef9e5a")]
    [InlineData("2.0.0 48A9kQ1q012345 Message accepted for delivery", "48A9kQ1q012345")]
    [InlineData("ok 1736345532 qp 24519", "24519")]
    [InlineData("2.6.0 <1@example.com> [InternalId=3925868, Hostname=mx.example.com] 4096 bytes in 0.1, 30 KB/sec Queued mail for delivery", "3925868")]
    [InlineData("2.0.0 OK  1693567890 x12-20020a05600c21cc00b003fe-5532si3061.123 - gsmtp", "x12-20020a05600c21cc00b003fe-5532si3061.123")]
    [InlineData("Ok 010001855e6b1b8e-5e0d5c0a-6f39-4a4f-8a06-cc1a2b3c4d5e-000000", "010001855e6b1b8e-5e0d5c0a-6f39-4a4f-8a06-cc1a2b3c4d5e-000000")]
    [InlineData("Message Queued (C0FFEE-1234.1)", "C0FFEE-1234.1")]
    [InlineData("Queued (10.5 seconds)", null)]
    [InlineData("Requested mail action okay, completed", null)]
    [InlineData("", null)]
    public void TheQueueIdIsReadWhereTheReplyShowsOne(string text, string? id) =>
        Assert.Equal(id, Assert.IsType<SendOutcome.Accepted>(ReplySorting.Sort(SmtpStep.EndOfMessage, ReplyReading.Read(250, text))).QueueId);

    [Fact]
    public void TheEnhancedStatusOfEveryLineIsTakenOff() =>
        Assert.Equal(
            new SmtpReply(550, "5.1.1", "The email account that you tried to reach does not exist. Please try double-checking"),
            ReplyReading.Read(550, "5.1.1 The email account that you tried to reach does not exist. Please try\n5.1.1 double-checking"));

    [Fact]
    public void AVersionNumberInTheTextIsNoStatus() =>
        Assert.Equal(new SmtpReply(250, null, "mail 5.1.1 ready"), ReplyReading.Read(250, "mail 5.1.1 ready"));

    [Fact]
    public void ControlCharactersAreTakenOutAndLongTextsCut()
    {
        var reply = ReplyReading.Read(550, "5.1.1 a\0b\u001b[31m\u202Ec " + string.Concat(Enumerable.Repeat("😀", 400)));

        Assert.StartsWith("ab[31mc 😀", reply.Text, StringComparison.Ordinal);
        Assert.InRange(reply.Text.Length, 498, 500);
        Assert.False(char.IsHighSurrogate(reply.Text[^1]));
    }

    [Fact]
    public void ARefusalOfTheSizeAtMailFromSpeaksOfThisMessage()
    {
        Assert.IsType<SendOutcome.Rejected>(ReplySorting.Sort(SmtpStep.MailFrom, new SmtpReply(552, "5.3.4", "Too large")));
        Assert.IsType<SendOutcome.Rejected>(ReplySorting.Sort(SmtpStep.MailFrom, new SmtpReply(552, null, "Too large")));
        Assert.IsType<SendOutcome.SenderRefused>(ReplySorting.Sort(SmtpStep.MailFrom, new SmtpReply(550, "5.7.1", "Not you")));
    }

    [Fact]
    public void ARefusalOfASenderWithSmtpUtf8SpeaksOfThisMessage()
    {
        Assert.IsType<SendOutcome.Rejected>(ReplySorting.Sort(SmtpStep.MailFrom, new SmtpReply(553, "5.6.7", "Non-ASCII addresses not permitted"), smtpUtf8: true));
        Assert.IsType<SendOutcome.RelayFault>(ReplySorting.Sort(SmtpStep.MailFrom, new SmtpReply(451, "4.3.0", "Later"), smtpUtf8: true));
    }
}
