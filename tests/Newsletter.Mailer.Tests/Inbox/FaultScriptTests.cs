using System.Diagnostics;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class FaultScriptTests
{
    private static readonly TimeSpan hour = TimeSpan.FromHours(1);

    public static TheoryData<FaultPoint, string> Replies => new()
    {
        { FaultPoint.Connect, "" },
        { FaultPoint.Ehlo, "EHLO client.test" },
        { FaultPoint.StartTls, "STARTTLS" },
        { FaultPoint.Auth, "AUTH PLAIN AG5ld3MAc2VjcmV0" },
        { FaultPoint.Mail, "MAIL FROM:<news@example.com>" },
        { FaultPoint.Rcpt, "RCPT TO:<ana@example.com>" },
        { FaultPoint.Data, "DATA" },
        { FaultPoint.Chunk, "BDAT 3\r\nabc" },
        { FaultPoint.EndOfData, "BDAT 3 LAST\r\nabc" },
        { FaultPoint.Rset, "RSET" },
        { FaultPoint.Noop, "NOOP" },
        { FaultPoint.Quit, "QUIT" },
        { FaultPoint.Other, "VRFY ana" },
    };

    [Theory]
    [MemberData(nameof(Replies))]
    public async Task EveryReplyCanBeReplaced(FaultPoint point, string command)
    {
        await using var inbox = await WithEverythingAsync(FaultScript.None.At(point).Reply(450, "4.9.9 Scripted\nin two lines"));
        await using var client = await AtAsync(inbox, point);
        if (command.Length > 0)
            await client.SendAsync(command.StartsWith("BDAT", StringComparison.Ordinal) ? command : command + "\r\n");

        Assert.Equal("450-4.9.9 Scripted\n450 in two lines", await client.ReadAsync());
        Assert.Equal(1, inbox.TimesFired(point.ToString()));
        Assert.Equal(0, inbox.Messages.Count);
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public async Task EveryReplyCanBeLostWithTheConnection(FaultPoint point, string command)
    {
        await using var inbox = await WithEverythingAsync(FaultScript.None.At(point).Drop());
        await using var client = await AtAsync(inbox, point);
        if (command.Length > 0)
            await client.SendAsync(command.StartsWith("BDAT", StringComparison.Ordinal) ? command : command + "\r\n");

        Assert.True(await client.IsClosedAsync());
        Assert.Equal(0, inbox.Messages.Count);
    }

    [Fact]
    public async Task AnyMeansEveryReply()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Any).Named("all").After(2).ReplyAndClose(554, "Enough"));
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal("554 Enough", await client.SayAsync("NOOP"));
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(1, inbox.TimesFired("all"));
        Assert.Equal(0, inbox.TimesFired("Any"));
    }

    [Fact]
    public async Task A421AlwaysCloses()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).OnMessagesOfConnection(n => n > 2).Reply(421, "4.7.0 Enough for one connection"));
        for (var connection = 1; connection <= 2; connection++)
        {
            await using var client = await SmtpConversation.GreetAsync(inbox);
            await client.DeliverAsync("ana@example.com");
            await client.DeliverAsync("ben@example.com");
            Assert.Equal("421 4.7.0 Enough for one connection", await client.SayAsync("MAIL FROM:<news@example.com>"));
            Assert.True(await client.IsClosedAsync());
        }

        Assert.Equal(4, inbox.Messages.Count);
        Assert.Equal(2, inbox.TimesFired("Mail"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AReplyToTheDotCanBeLostWithOrWithoutTheMessage(bool kept)
    {
        var dot = FaultScript.None.At(FaultPoint.EndOfData).OnMessage(1);
        await using var inbox = await Inboxes.StartAsync((kept ? dot.KeepingMessage() : dot.LosingMessage()).Reset());
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await Assert.ThrowsAnyAsync<IOException>(() => client.DeliverAsync("ana@example.com"));
        Assert.Equal(kept ? 1 : 0, inbox.Messages.Count);

        await using var again = await SmtpConversation.GreetAsync(inbox);
        await again.DeliverAsync("ana@example.com");

        var copies = inbox.Messages.CopiesOf("<1@example.com>");
        Assert.Equal(kept ? 2 : 1, copies.Copies.Count);
        Assert.True(copies.HashesAgree);
    }

    [Theory]
    [InlineData(451, null, 0)]
    [InlineData(451, true, 1)]
    [InlineData(251, null, 1)]
    [InlineData(250, false, 0)]
    public async Task WhatIsSaidOfAMessageAndWhatBecomesOfItCanDiffer(int code, bool? keep, long count)
    {
        var dot = FaultScript.None.At(FaultPoint.EndOfData);
        dot = keep switch { true => dot.KeepingMessage(), false => dot.LosingMessage(), null => dot };
        await using var inbox = await Inboxes.StartAsync(dot.Reply(code, "Scripted"));
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal($"{code} Scripted", await client.DeliverAsync("ana@example.com"));
        Assert.Equal(count, inbox.Messages.Count);
        Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReplyCanComeLateByTheClockWithTheMessageLongKept()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None.At(FaultPoint.EndOfData).First(1).Delay(TimeSpan.FromMinutes(9)), options => options.IdleTimeout = hour, clock);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        var reply = client.DeliverAsync("ana@example.com");
        await inbox.Messages.WaitForAsync(1, Inboxes.Patience);
        clock.Advance(TimeSpan.FromMinutes(8));
        Assert.NotSame(reply, await Task.WhenAny(reply, Task.Delay(50)));

        Assert.StartsWith("250 2.0.0 Ok: queued", await clock.AdvanceUntilAsync(reply, TimeSpan.FromMinutes(1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RepliesBeforeALateOneAreNotHeldBack()
    {
        var clock = new ManualClock();
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Rcpt).Wait(TimeSpan.FromMinutes(1)).Reply(450, "Later"), null, clock);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SendAsync("MAIL FROM:<news@example.com>\r\nRCPT TO:<ana@example.com>\r\n");

        Assert.Equal("250 2.1.0 Sender ok", await client.ReadAsync());
        Assert.Equal("450 Later", await clock.AdvanceUntilAsync(client.ReadAsync(), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task ASilentConnectionStaysOpenAndNeverAnswers()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Mail).OnConnection(1).GoSilent(), options => options.IdleTimeout = TimeSpan.FromSeconds(1));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SendAsync("MAIL FROM:<news@example.com>\r\n");
        Assert.True(await client.IsSilentAsync(TimeSpan.FromSeconds(1.5)));
        await client.SendAsync(new byte[500_000]);

        await using var other = await SmtpConversation.GreetAsync(inbox);
        Assert.StartsWith("250", await other.DeliverAsync("ben@example.com"), StringComparison.Ordinal);
        Assert.Equal(2, inbox.ConnectionsOpen);
        client.HangUp();
        for (var i = 0; i < 200 && inbox.ConnectionsOpen > 1; i++)
            await Task.Delay(20);
        Assert.Equal(1, inbox.ConnectionsOpen);
    }

    [Fact]
    public async Task ATarpitAnswersByteByByte()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Noop).Tarpit(TimeSpan.FromMilliseconds(20)));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        var start = Stopwatch.GetTimestamp();

        Assert.Equal("250 2.0.0 Ok", await client.SayAsync("NOOP"));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("DATA")]
    [InlineData("BDAT 100000 LAST")]
    public async Task AConnectionCanBreakInTheMiddleOfAMessage(string command)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Body).First(1).AfterBytes(50_000).Reset());
        for (var round = 0; round < 2; round++)
        {
            await using var client = await SmtpConversation.GreetAsync(inbox);
            await client.SayAsync("MAIL FROM:<news@example.com>");
            await client.SayAsync("RCPT TO:<ana@example.com>");
            if (command == "DATA")
                await client.SayAsync(command);
            else
                await client.SendAsync(command + "\r\n");
            await client.SendAsync(new string('x', 40_000));
            Assert.True(await client.IsSilentAsync(TimeSpan.FromMilliseconds(50)));
            await client.SendAsync(new string('x', 60_000) + (command == "DATA" ? "\r\n.\r\n" : ""));
            if (round == 0)
                Assert.True(await client.IsClosedAsync());
            else
                Assert.StartsWith("250", await client.ReadAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(1, inbox.Messages.Count);
    }

    [Fact]
    public async Task AMessageCanBeCutShortByAReply()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Body).AfterBytes(10).Reply(421, "4.3.1 Disk full"));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SayAsync("DATA");
        await client.SendAsync(new string('x', 100_000));

        Assert.Equal("421 4.3.1 Disk full", await client.ReadAsync());
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task AMessageCanBeReadSlowly()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Body).Tarpit(TimeSpan.FromMicroseconds(10)));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        var start = Stopwatch.GetTimestamp();

        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com", new string('x', 30_000) + "\r\n"), StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task GreylistingRefusesEachOfAShareOfRecipientsOnce()
    {
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None.At(FaultPoint.Rcpt).ToShareOfRecipients(0.3).First(1, FaultScope.Recipient).Reply(450, "4.2.0 Greylisted"));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        var greylisted = await RefusedAsync(client);

        Assert.InRange(greylisted.Count, 40, 80);
        Assert.Empty(await RefusedAsync(client));
        Assert.Equal(greylisted.Count, inbox.TimesFired("Rcpt"));

        inbox.Play(FaultScript.None.At(FaultPoint.Rcpt).ToShareOfRecipients(0.3).First(1, FaultScope.Recipient).Reply(450, "4.2.0 Greylisted"));
        Assert.Equal(greylisted, await RefusedAsync(client));
    }

    [Fact]
    public async Task RulesCountEveryNthPerInboxOrPerConnection()
    {
        var script = FaultScript.None
            .At(FaultPoint.Noop).Named("inbox").Every(4).Reply(450, "inbox")
            .At(FaultPoint.Noop).Named("connection").Every(2, FaultScope.Connection).First(2, FaultScope.Connection).Reply(450, "connection");
        await using var inbox = await Inboxes.StartAsync(script);
        var heard = new List<string>();
        for (var connection = 0; connection < 2; connection++)
        {
            await using var client = await SmtpConversation.GreetAsync(inbox);
            for (var i = 0; i < 7; i++)
                heard.Add((await client.SayAsync("NOOP"))[4..]);
        }

        const string ok = "2.0.0 Ok";
        Assert.Equal([ok, "connection", ok, "inbox", "connection", ok, ok, "inbox", ok, "connection", ok, "inbox", "connection", ok], heard);
        Assert.Equal(3, inbox.TimesFired("inbox"));
        Assert.Equal(4, inbox.TimesFired("connection"));
    }

    [Fact]
    public async Task ARefusedSenderCanBeAnsweredAtRcpt()
    {
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None.At(FaultPoint.Rcpt).FromSender(sender => sender.EndsWith("@blocked.test", StringComparison.Ordinal)).Reply(553, "5.1.8 Sender refused"));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@blocked.test>");
        Assert.Equal("553 5.1.8 Sender refused", await client.SayAsync("RCPT TO:<ana@example.com>"));
        await client.SayAsync("RSET");

        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFirstRuleThatFiresDecides()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None
            .At(FaultPoint.Noop).First(1).Reply(450, "first")
            .At(FaultPoint.Noop).OnConnections(n => n == 1).Reply(450, "second"));
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal("450 first", await client.SayAsync("NOOP"));
        Assert.Equal("450 second", await client.SayAsync("NOOP"));
        inbox.Play(FaultScript.None);
        Assert.Equal("250 2.0.0 Ok", await client.SayAsync("NOOP"));
    }

    [Fact]
    public async Task AScriptedDelayEndsWhenTheInboxStops()
    {
        var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Noop).Delay(hour));
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SendAsync("NOOP\r\n");
        while (inbox.TimesFired("Noop") == 0)
            await Task.Delay(10);

        await inbox.DisposeAsync().AsTask().WaitAsync(Inboxes.Patience);
    }

    [Fact]
    public void ABuilderIsNotChangedByWhatIsBuiltFromIt()
    {
        var builder = FaultScript.None.At(FaultPoint.Mail).OnMessage(3);
        var dropping = builder.Drop();
        var silent = builder.Named("quiet").GoSilent();

        Assert.Equal(FaultEnding.Drop, Assert.Single(dropping.Rules).Action.Ending);
        Assert.Equal("quiet", Assert.Single(silent.Rules).Name);
        Assert.Empty(FaultScript.None.Rules);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Reply(199, ""));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.ReplyAndClose(600, ""));
        Assert.Throws<ArgumentException>(() => builder.Reply(250, "Ok\r\n250 Ok"));
        Assert.Throws<ArgumentException>(() => builder.Reply(250, "schön"));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Every(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.First(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.ToShareOfRecipients(1.1));
    }

    private static Task<InboxServer> WithEverythingAsync(FaultScript script) => Inboxes.StartAsync(script, options =>
    {
        options.StartTls = true;
        (options.UserName, options.Password) = ("news", "secret");
    });

    /// <summary>A conversation that has come to where the reply of that moment is due.</summary>
    private static async Task<SmtpConversation> AtAsync(InboxServer inbox, FaultPoint point)
    {
        var client = await SmtpConversation.ConnectAsync(inbox);
        if (point == FaultPoint.Connect)
            return client;

        await client.ReadAsync();
        if (point == FaultPoint.Ehlo)
            return client;

        await client.SayAsync("EHLO client.test");
        if (point is FaultPoint.Rcpt or FaultPoint.Data or FaultPoint.Chunk or FaultPoint.EndOfData)
            await client.SayAsync("MAIL FROM:<news@example.com>");
        if (point is FaultPoint.Data or FaultPoint.Chunk or FaultPoint.EndOfData)
            await client.SayAsync("RCPT TO:<ana@example.com>");
        return client;
    }

    private static async Task<List<string>> RefusedAsync(SmtpConversation client)
    {
        var refused = new List<string>();
        await client.SayAsync("RSET");
        await client.SayAsync("MAIL FROM:<news@example.com>");
        for (var i = 0; i < 200; i++)
        {
            if ((await client.SayAsync($"RCPT TO:<reader{i}@example.com>")).StartsWith("450", StringComparison.Ordinal))
                refused.Add($"reader{i}@example.com");
        }

        return refused;
    }
}
