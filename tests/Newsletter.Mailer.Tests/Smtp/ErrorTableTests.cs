using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>ENGINE-NOTES, "Errors", line by line, on a real socket.</summary>
public sealed class ErrorTableTests
{
    [Theory]
    [InlineData(FaultPoint.Mail, false)]
    [InlineData(FaultPoint.Rcpt, false)]
    [InlineData(FaultPoint.Data, false)]
    [InlineData(FaultPoint.EndOfData, true)]
    public async Task A421IsTheRelaysFaultWhereverItComes(FaultPoint point, bool atEndOfData)
    {
        var fault = Assert.IsType<SendOutcome.RelayFault>(
            await Sending.SendOneAsync(FaultScript.None.At(point).Reply(421, "4.3.2 Shutting down")));

        Assert.Equal(atEndOfData, fault.AtEndOfData);
        Assert.Contains("421 4.3.2 Shutting down", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A421EndsTheConnectionEvenWhereTheRelayLeavesItOpen()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Rcpt).First(1).Reply(421, "4.7.0 Too many messages"));
        await using var connection = await inbox.ConnectAsync();

        Assert.IsType<SendOutcome.RelayFault>(await connection.SendAsync(Sending.Mail()));

        Assert.False(connection.IsUsable);
        Assert.IsType<SendOutcome.RelayFault>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(0, inbox.Messages.Count);
    }

    [Fact]
    public async Task ATemporaryRefusalOfTheSenderIsTheRelaysFault()
    {
        var fault = Assert.IsType<SendOutcome.RelayFault>(
            await Sending.SendOneAsync(FaultScript.None.At(FaultPoint.Mail).Reply(452, "4.3.1 Insufficient system storage")));

        Assert.False(fault.AtEndOfData);
        Assert.Contains("Insufficient system storage", fault.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultPoint.Mail, 530)]
    [InlineData(FaultPoint.Mail, 535)]
    [InlineData(FaultPoint.Rcpt, 530)]
    [InlineData(FaultPoint.Rcpt, 535)]
    [InlineData(FaultPoint.Data, 530)]
    [InlineData(FaultPoint.EndOfData, 530)]
    [InlineData(FaultPoint.EndOfData, 535)]
    public async Task A530Or535AfterTheLogInSpeaksOfOurCredentials(FaultPoint point, int code)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).Reply(code, "5.7.0 Authentication required"));
        await using var connection = await inbox.ConnectAsync();

        var refused = Assert.IsType<SendOutcome.CredentialsRefused>(await connection.SendAsync(Sending.Mail()));

        Assert.Equal(new SmtpReply(code, "5.7.0", "Authentication required"), refused.Reply);
        Assert.False(connection.IsUsable);
    }

    [Fact]
    public async Task APermanentRefusalOfTheSenderNamesTheSender()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).First(1).Reply(553, "5.7.1 Sender address rejected: not owned by user"));
        await using var connection = await inbox.ConnectAsync();

        var refused = Assert.IsType<SendOutcome.SenderRefused>(await connection.SendAsync(Sending.Mail()));

        Assert.Equal(new SmtpReply(553, "5.7.1", "Sender address rejected: not owned by user"), refused.Reply);
        Assert.True(connection.IsUsable);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Theory]
    [InlineData(FaultPoint.Rcpt)]
    [InlineData(FaultPoint.Data)]
    [InlineData(FaultPoint.EndOfData)]
    public async Task A4xxToTheRecipientOrTheMessageDefers(FaultPoint point)
    {
        var deferred = Assert.IsType<SendOutcome.Deferred>(
            await Sending.SendOneAsync(FaultScript.None.At(point).Reply(450, "4.2.0 Greylisted, try again later")));

        Assert.Equal(new SmtpReply(450, "4.2.0", "Greylisted, try again later"), deferred.Reply);
        Assert.False(deferred.Throttled);
    }

    [Theory]
    [InlineData(451, "4.7.500 Server busy. Please try again later")]
    [InlineData(450, "4.7.28 Our system has detected an unusual rate of unsolicited mail")]
    [InlineData(451, "Rate limit exceeded")]
    public async Task A4xxThatSpeaksOfPaceThrottles(int code, string text)
    {
        var deferred = Assert.IsType<SendOutcome.Deferred>(await Sending.SendOneAsync(FaultScript.None.At(FaultPoint.Rcpt).Reply(code, text)));

        Assert.True(deferred.Throttled);
    }

    [Theory]
    [InlineData(FaultPoint.Rcpt)]
    [InlineData(FaultPoint.Data)]
    [InlineData(FaultPoint.EndOfData)]
    public async Task A5xxToTheRecipientOrTheMessageRejects(FaultPoint point)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).First(1).Reply(550, "5.1.1 No such user here"));
        await using var connection = await inbox.ConnectAsync();

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail()));

        Assert.Equal(new SmtpReply(550, "5.1.1", "No such user here"), rejected.Reply);
        Assert.Equal(point == FaultPoint.Rcpt ? RejectedAt.Recipient : RejectedAt.Message, rejected.At);
        Assert.True(connection.IsUsable);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(1, inbox.Messages.Count);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task LostAfterTheLastByteIsUnknownWhetherTheRelayHasItOrNot(bool kept, bool chunked)
    {
        var rule = FaultScript.None.At(FaultPoint.EndOfData);
        await using var inbox = await Inboxes.StartAsync((kept ? rule.KeepingMessage() : rule.LosingMessage()).Drop());
        await using var connection = await inbox.ConnectAsync(relay => relay with { UseChunking = chunked });

        var unknown = Assert.IsType<SendOutcome.Unknown>(await connection.SendAsync(Sending.Mail()));

        Assert.Contains("closed the connection", unknown.Reason, StringComparison.Ordinal);
        Assert.False(connection.IsUsable);
        Assert.Equal(kept ? 1 : 0, inbox.Messages.Count);
    }

    [Fact]
    public async Task ResetAfterTheLastByteIsUnknown() =>
        Assert.IsType<SendOutcome.Unknown>(await Sending.SendOneAsync(FaultScript.None.At(FaultPoint.EndOfData).KeepingMessage().Reset()));

    [Theory]
    [InlineData(FaultPoint.Mail)]
    [InlineData(FaultPoint.Rcpt)]
    [InlineData(FaultPoint.Data)]
    public async Task LostBeforeTheMessageIsTheRelaysFault(FaultPoint point)
    {
        var fault = Assert.IsType<SendOutcome.RelayFault>(await Sending.SendOneAsync(FaultScript.None.At(point).Drop()));

        Assert.False(fault.AtEndOfData);
        Assert.Contains("before it had the whole message", fault.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LostInTheMiddleOfTheMessageIsTheRelaysFault(bool chunked)
    {
        // Longer than what the buffers of both ends hold, so that the end of it never leaves.
        var message = Sending.Message(string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 400_000)));
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Body).AfterBytes(10_000).Reset(), o => o.MaxMessageBytes = 1 << 30);
        await using var connection = await inbox.ConnectAsync(relay => relay with { UseChunking = chunked });

        var fault = Assert.IsType<SendOutcome.RelayFault>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.False(fault.AtEndOfData);
        Assert.False(connection.IsUsable);
    }

    [Theory]
    [InlineData(250, false)]
    [InlineData(251, false)]
    [InlineData(252, true)]
    [InlineData(200, true)]
    public async Task Any2xxToTheMessageIsAccepted(int code, bool chunked)
    {
        // MailKit takes only 250 for success and throws for the others.
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.EndOfData).Reply(code, "2.0.0 Fine, queued as 4f2A.1"));
        await using var connection = await inbox.ConnectAsync(relay => relay with { UseChunking = chunked });

        var accepted = Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));

        Assert.Equal(new SmtpReply(code, "2.0.0", "Fine, queued as 4f2A.1"), accepted.Reply);
        Assert.Equal("4f2A.1", accepted.QueueId);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(2, inbox.Messages.Count);
    }

    [Fact]
    public async Task AnAnswerThatMakesNoSenseAfterTheMessageLeavesItUnknown() =>
        Assert.IsType<SendOutcome.Unknown>(await Sending.SendOneAsync(FaultScript.None.At(FaultPoint.EndOfData).Reply(354, "Go ahead")));

    [Theory]
    [InlineData(FaultPoint.Mail, 354)]
    [InlineData(FaultPoint.Rcpt, 354)]
    [InlineData(FaultPoint.Data, 250)]
    public async Task AnAnswerThatMakesNoSenseBeforeTheMessageIsTheRelaysFault(FaultPoint point, int code) =>
        Assert.IsType<SendOutcome.RelayFault>(await Sending.SendOneAsync(FaultScript.None.At(point).Reply(code, "What?")));

    [Fact]
    public async Task WithoutPipeliningTheTableIsTheSame()
    {
        static Task<SendOutcome> Send(FaultScript script) => Sending.SendOneAsync(script, set: o => o.Pipelining = false);

        Assert.IsType<SendOutcome.RelayFault>(await Send(FaultScript.None.At(FaultPoint.Mail).Reply(421, "4.3.2 Closing")));
        Assert.IsType<SendOutcome.SenderRefused>(await Send(FaultScript.None.At(FaultPoint.Mail).Reply(550, "5.1.8 Bad sender")));
        Assert.IsType<SendOutcome.Deferred>(await Send(FaultScript.None.At(FaultPoint.Rcpt).Reply(450, "4.2.1 Later")));
        Assert.IsType<SendOutcome.Rejected>(await Send(FaultScript.None.At(FaultPoint.Rcpt).Reply(550, "5.1.1 Unknown")));
        Assert.IsType<SendOutcome.CredentialsRefused>(await Send(FaultScript.None.At(FaultPoint.Rcpt).Reply(530, "5.7.0 Log in")));
        Assert.IsType<SendOutcome.Unknown>(await Send(FaultScript.None.At(FaultPoint.EndOfData).Drop()));
    }

    [Fact]
    public async Task ARelayThatRefusesResetAfterARefusalIsLeft()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None
            .At(FaultPoint.Rcpt).First(1).Reply(550, "5.1.1 Unknown")
            .At(FaultPoint.Rset).Reply(502, "5.5.1 Not here"));
        await using var connection = await inbox.ConnectAsync();

        Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail()));

        Assert.False(connection.IsUsable);
    }
}
