using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class InboxCommandTests
{
    [Fact]
    public async Task EhloListsWhatIsOfferedAndHeloDoesNot()
    {
        await using var inbox = await Inboxes.StartAsync(options =>
        {
            options.Dsn = options.StartTls = true;
            options.UserName = "news";
            options.Password = "secret";
        });
        await using var client = await SmtpConversation.ConnectAsync(inbox);
        Assert.Equal("220 inbox.localhost ESMTP the built-in inbox", await client.ReadAsync());

        Assert.Equal(
            "250-inbox.localhost\n250-PIPELINING\n250-SIZE 52428800\n250-STARTTLS\n250-AUTH PLAIN LOGIN\n250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250-DSN\n250-SMTPUTF8\n250 CHUNKING",
            await client.SayAsync("EHLO client.test"));
        Assert.Equal("250 inbox.localhost", await client.SayAsync("helo client.test"));
    }

    [Fact]
    public async Task EveryCapabilityCanBeSwitchedOff()
    {
        await using var inbox = await Inboxes.StartAsync(options =>
            options.Pipelining = options.Size = options.EnhancedStatusCodes = options.EightBitMime = options.SmtpUtf8 = options.Chunking = false);
        await using var client = await SmtpConversation.ConnectAsync(inbox);
        await client.ReadAsync();

        Assert.Equal("250 inbox.localhost", await client.SayAsync("EHLO client.test"));
        Assert.Equal("502 Not offered here", await client.SayAsync("BDAT 3 LAST"));
        Assert.Equal("502 Not offered here", await client.SayAsync("STARTTLS"));
        Assert.Equal("502 Not offered here", await client.SayAsync("AUTH PLAIN AAAA"));
        foreach (var parameter in new[] { "SIZE=100", "BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "ENVID=x", "AUTH=<>" })
            Assert.Equal("555 Parameter not known or not offered", await client.SayAsync($"MAIL FROM:<news@example.com> {parameter}"));
        Assert.Equal("250 Ok: queued as 1", await client.DeliverAsync("ana@example.com"));
    }

    [Theory]
    [InlineData("NOOP", "250 2.0.0 Ok")]
    [InlineData("noop whatever", "250 2.0.0 Ok")]
    [InlineData("RSET", "250 2.0.0 Ok")]
    [InlineData("RSET now", "501 5.5.4 This command takes no parameter")]
    [InlineData("QUIT now", "501 5.5.4 This command takes no parameter")]
    [InlineData("VRFY ana", "252 2.1.5 Send to it and see")]
    [InlineData("VRFY", "501 5.5.4 VRFY whom?")]
    [InlineData("HELP", "214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT")]
    [InlineData("EXPN list", "502 5.5.1 Not offered here")]
    [InlineData("GET / HTTP/1.1", "500 5.5.2 Command not known")]
    [InlineData("", "500 5.5.2 Command not known")]
    [InlineData("WHATISTHISCOMMAND", "500 5.5.2 Command not known")]
    [InlineData("EHLO", "501 5.5.4 EHLO takes the client's host name")]
    [InlineData("HELO two words", "501 5.5.4 HELO takes the client's host name")]
    [InlineData("RCPT TO:<ana@example.com>", "503 5.5.1 MAIL comes first")]
    [InlineData("DATA", "503 5.5.1 MAIL comes first")]
    [InlineData("DATA now", "501 5.5.4 This command takes no parameter")]
    [InlineData("BDAT", "501 5.5.4 BDAT takes a size and perhaps LAST")]
    [InlineData("BDAT x", "501 5.5.4 BDAT takes a size and perhaps LAST")]
    [InlineData("BDAT -1 LAST", "501 5.5.4 BDAT takes a size and perhaps LAST")]
    [InlineData("BDAT 0 FIRST", "501 5.5.4 BDAT takes a size and perhaps LAST")]
    [InlineData("BDAT 99999999999 LAST", "501 5.5.4 BDAT takes a size and perhaps LAST")]
    [InlineData("BDAT 0 LAST", "503 5.5.1 MAIL comes first")]
    [InlineData("MAIL", "501 5.5.4 Expected FROM:<address>")]
    [InlineData("MAIL TO:<ana@example.com>", "501 5.5.4 Expected FROM:<address>")]
    [InlineData("MAIL FROM:news@example.com", "501 5.1.3 The address belongs between < and >")]
    [InlineData("MAIL FROM:<news@example.com", "501 5.1.3 The address belongs between < and >")]
    [InlineData("MAIL FROM:<news@example.com>SIZE=1", "501 5.1.3 A space is missing after >")]
    [InlineData("MAIL FROM:<news>", "501 5.1.3 This is no mailbox")]
    [InlineData("MAIL FROM:<news@example.com> SIZE=x", "501 5.5.4 SIZE takes a number")]
    [InlineData("MAIL FROM:<news@example.com> SIZE=52428801", "552 5.3.4 Message size exceeds the fixed maximum")]
    [InlineData("MAIL FROM:<news@example.com> SIZE=99999999999999999999", "552 5.3.4 Message size exceeds the fixed maximum")]
    [InlineData("MAIL FROM:<news@example.com> BODY=BINARYMIME", "501 5.5.4 Wrong value of a parameter")]
    [InlineData("MAIL FROM:<news@example.com> SMTPUTF8=yes", "501 5.5.4 Wrong value of a parameter")]
    [InlineData("MAIL FROM:<news@example.com> SIZE=1 size=2", "501 5.5.4 Malformed or repeated parameter")]
    [InlineData("MAIL FROM:<news@example.com> =1", "501 5.5.4 Malformed or repeated parameter")]
    [InlineData("MAIL FROM:<news@example.com> HOLDFOR=9", "555 5.5.4 Parameter not known or not offered")]
    [InlineData("MAIL FROM:<tëst@example.com>", "553 5.6.7 An address beyond ASCII needs SMTPUTF8")]
    [InlineData("MAIL FROM:<>", "250 2.1.0 Sender ok")]
    [InlineData("mail from: <news@example.com> body=8bitmime size=100", "250 2.1.0 Sender ok")]
    [InlineData("MAIL FROM:<tëst@exämple.com> SMTPUTF8", "250 2.1.0 Sender ok")]
    public async Task EachCommandGetsItsReply(string command, string reply)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal(reply, await client.SayAsync(command));
        Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);
        Assert.Equal(0, inbox.Failures);
    }

    [Theory]
    [InlineData("RCPT TO:<>", "501 5.5.4 A recipient can't be empty")]
    [InlineData("RCPT TO:<ana@exa mple.com>", "501 5.1.3 This is no mailbox")]
    [InlineData("RCPT TO:<Postmaster>", "250 2.1.5 Recipient ok")]
    [InlineData("RCPT TO:<@relay.test:ana@example.com>", "250 2.1.5 Recipient ok")]
    [InlineData("RCPT TO:<ana@example.com> NOTIFY=NEVER", "555 5.5.4 Parameter not known or not offered")]
    [InlineData("RCPT TO:<ä@example.com>", "553 5.6.7 An address beyond ASCII needs SMTPUTF8")]
    [InlineData("MAIL FROM:<other@example.com>", "503 5.5.1 Nested MAIL command")]
    [InlineData("DATA", "554 5.5.1 No valid recipients")]
    public async Task EachCommandAfterMailGetsItsReply(string command, string reply)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");

        Assert.Equal(reply, await client.SayAsync(command));
    }

    [Fact]
    public async Task MailBeforeEhloIsRefused()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.ConnectAsync(inbox);
        await client.ReadAsync();

        Assert.Equal("503 5.5.1 EHLO comes first", await client.SayAsync("MAIL FROM:<news@example.com>"));
        Assert.StartsWith("250", await client.SayAsync("HELO client.test"), StringComparison.Ordinal);
        Assert.Equal("555 5.5.4 Parameter not known or not offered", await client.SayAsync("MAIL FROM:<news@example.com> SIZE=1"));
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RSET")]
    [InlineData("EHLO client.test")]
    public async Task ResetAndEhloForgetTheMessageBegun(string command)
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SayAsync(command);

        Assert.Equal("503 5.5.1 MAIL comes first", await client.SayAsync("DATA"));
        await client.DeliverAsync("ben@example.com");
        Assert.Equal(["ben@example.com"], inbox.Latest().Recipients);
    }

    [Fact]
    public async Task DsnParametersAreCheckedAndKept()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.Dsn = true);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        Assert.StartsWith("501", await client.SayAsync("MAIL FROM:<news@example.com> RET=SOME"), StringComparison.Ordinal);
        Assert.StartsWith("501", await client.SayAsync($"MAIL FROM:<news@example.com> ENVID={new string('x', 101)}"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("MAIL FROM:<news@example.com> RET=HDRS ENVID=35.7"), StringComparison.Ordinal);
        Assert.StartsWith("501", await client.SayAsync("RCPT TO:<ana@example.com> NOTIFY=NEVER,DELAY"), StringComparison.Ordinal);
        Assert.StartsWith("501", await client.SayAsync("RCPT TO:<ana@example.com> ORCPT=nothing"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("RCPT TO:<ana@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ana@example.com"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("RCPT TO:<ben@example.com>"), StringComparison.Ordinal);
        await client.SayAsync("DATA");
        Assert.StartsWith("250", await client.SayAsync("."), StringComparison.Ordinal);

        var body = inbox.Messages.ReadBody(1)!;
        Assert.Equal("RET=HDRS ENVID=35.7", body.MailParameters);
        Assert.Equal(["NOTIFY=FAILURE,DELAY ORCPT=rfc822;ana@example.com", ""], body.RecipientParameters);
        Assert.Equal("client.test", body.ClientName);
        Assert.Equal(1, body.Connection);
        Assert.Equal(["ana@example.com", "ben@example.com"], inbox.Latest().Recipients);
    }

    [Fact]
    public async Task RecipientsBeyondTheLimitAreToldToComeLater()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.MaxRecipients = 2);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SayAsync("RCPT TO:<ben@example.com>");

        Assert.Equal("452 4.5.3 Too many recipients", await client.SayAsync("RCPT TO:<cem@example.com>"));
        await client.SayAsync("DATA");
        await client.SayAsync(".");
        Assert.Equal(2, inbox.Latest().Recipients.Count);
    }

    [Fact]
    public async Task LinesTooLongOrWithoutCrAreRefusedWhole()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal("500 5.5.2 Line too long", await client.SayAsync("NOOP " + new string('x', 4092)));
        Assert.Equal("500 5.5.2 Line too long", await client.SayAsync("NOOP " + new string('x', 300_000)));
        await client.SendAsync("NOOP\n");
        Assert.Equal("500 5.5.2 Lines end with CRLF", await client.ReadAsync());
        Assert.Equal("250 2.0.0 Ok", await client.SayAsync("NOOP " + new string('x', 4091)));
    }

    [Fact]
    public async Task TooManyErrorsEndTheConnection()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.MaxErrors = 3);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        for (var i = 0; i < 3; i++)
            Assert.StartsWith("500", await client.SayAsync("WHAT"), StringComparison.Ordinal);

        Assert.Equal("421 4.7.0 Too many errors", await client.ReadAsync());
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task TooManyCommandsWithoutAMessageEndTheConnection()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.MaxCommandsWithoutMessage = 10);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        for (var i = 0; i < 4; i++)
            Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
        for (var i = 0; i < 10; i++)
            Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);

        Assert.Equal("421 4.7.0 Too many commands without a message", await client.ReadAsync());
        Assert.True(await client.IsClosedAsync());
    }
}
