using System.ComponentModel.DataAnnotations;
using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class InboxSecurityTests
{
    private static readonly string right = Base64("\0news\0sécret");

    [Fact]
    public async Task StartTlsSecuresAndForgetsWhatWasSaid()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.StartTls = true);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        Assert.Equal("501 5.5.4 This command takes no parameter", await client.SayAsync("STARTTLS please"));
        Assert.Equal("220 2.0.0 Ready to start TLS", await client.SayAsync("STARTTLS"));
        await client.SecureAsync(inbox);

        Assert.Equal("503 5.5.1 EHLO comes first", await client.SayAsync("MAIL FROM:<news@example.com>"));
        Assert.DoesNotContain("STARTTLS", await client.SayAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.Equal("503 5.5.1 TLS is on already", await client.SayAsync("STARTTLS"));
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
        Assert.True(inbox.Messages.ReadBody(1)!.Secured);
        Assert.Equal("221 2.0.0 Bye", await client.SayAsync("QUIT"));
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task CommandsSmuggledInBehindStartTlsAreRefused()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.StartTls = true);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SendAsync("STARTTLS\r\nNOOP\r\n");

        Assert.Equal("503 5.5.1 Nothing may follow STARTTLS", await client.ReadAsync());
    }

    [Fact]
    public async Task ImplicitTlsSpeaksTlsFromTheFirstByte()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.ImplicitTls = options.RequireTls = true);
        await using var client = await SmtpConversation.ConnectAsync(inbox);
        await client.SecureAsync(inbox);
        Assert.StartsWith("220", await client.ReadAsync(), StringComparison.Ordinal);
        await client.SayAsync("EHLO client.test");
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);

        await using var plain = await SmtpConversation.ConnectAsync(inbox);
        await plain.SendAsync("EHLO client.test\r\n");
        Assert.True(await plain.IsClosedAsync());
        Assert.Equal(0, inbox.Failures);
    }

    [Fact]
    public async Task MailIsRefusedUntilTheConnectionIsSecured()
    {
        await using var inbox = await Inboxes.StartAsync(options =>
        {
            options.StartTls = options.RequireTls = true;
            (options.UserName, options.Password) = ("news", "sécret");
        });
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal("530 5.7.0 Must issue STARTTLS first", await client.SayAsync("MAIL FROM:<news@example.com>"));
        Assert.Equal("530 5.7.0 Must issue STARTTLS first", await client.SayAsync($"AUTH PLAIN {right}"));
        await client.SayAsync("STARTTLS");
        await client.SecureAsync(inbox);
        await client.SayAsync("EHLO client.test");
        Assert.StartsWith("250", await client.DeliverAsync("ana@example.com"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainTakesTheResponseAtOnceOrWhenAsked()
    {
        await using var inbox = await WithAuthAsync();
        await using var first = await SmtpConversation.GreetAsync(inbox);
        Assert.Equal("530 5.7.0 Authentication required", await first.SayAsync("MAIL FROM:<news@example.com>"));
        Assert.Equal("235 2.7.0 Authenticated", await first.SayAsync($"AUTH PLAIN {right}"));
        Assert.Equal("503 5.5.1 Authenticated already", await first.SayAsync($"AUTH PLAIN {right}"));
        await first.DeliverAsync("ana@example.com");
        Assert.Equal("news", inbox.Messages.ReadBody(1)!.User);

        await using var second = await SmtpConversation.GreetAsync(inbox);
        Assert.Equal("334 ", await second.SayAsync("auth plain"));
        Assert.Equal("235 2.7.0 Authenticated", await second.SayAsync(right));
    }

    [Fact]
    public async Task LoginAsksForNameAndPassword()
    {
        await using var inbox = await WithAuthAsync();
        await using var first = await SmtpConversation.GreetAsync(inbox);
        Assert.Equal("334 VXNlcm5hbWU6", await first.SayAsync("AUTH LOGIN"));
        Assert.Equal("334 UGFzc3dvcmQ6", await first.SayAsync(Base64("news")));
        Assert.Equal("235 2.7.0 Authenticated", await first.SayAsync(Base64("sécret")));

        await using var second = await SmtpConversation.GreetAsync(inbox);
        Assert.Equal("334 UGFzc3dvcmQ6", await second.SayAsync($"AUTH LOGIN {Base64("news")}"));
        Assert.Equal("535 5.7.8 Authentication credentials invalid", await second.SayAsync(Base64("secret")));
    }

    [Theory]
    [InlineData("AUTH", "501 5.5.4 AUTH takes a mechanism and perhaps a response")]
    [InlineData("AUTH CRAM-MD5", "504 5.5.4 Mechanism not offered")]
    [InlineData("AUTH PLAIN not*base64", "501 5.5.2 Not base64, or not of this mechanism")]
    [InlineData("AUTH PLAIN =", "501 5.5.2 Not base64, or not of this mechanism")]
    [InlineData("AUTH PLAIN AG5ld3MAd3Jvbmc=", "535 5.7.8 Authentication credentials invalid")]
    [InlineData("AUTH PLAIN AHdyb25nAHPDqWNyZXQ=", "535 5.7.8 Authentication credentials invalid")]
    [InlineData("AUTH LOGIN ***", "501 5.5.2 Not base64, or not of this mechanism")]
    public async Task AWrongLoginIsRefusedAndMayBeTriedAgain(string command, string reply)
    {
        await using var inbox = await WithAuthAsync();
        await using var client = await SmtpConversation.GreetAsync(inbox);

        Assert.Equal(reply, await client.SayAsync(command));
        Assert.Equal("530 5.7.0 Authentication required", await client.SayAsync("MAIL FROM:<news@example.com>"));
        Assert.StartsWith("235", await client.SayAsync($"AUTH PLAIN {right}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AUTH PLAIN")]
    [InlineData("AUTH LOGIN")]
    [InlineData("AUTH LOGIN bmV3cw==")]
    public async Task ALoginCanBeCancelledOrLeft(string command)
    {
        await using var inbox = await WithAuthAsync();
        await using (var client = await SmtpConversation.GreetAsync(inbox))
        {
            await client.SayAsync(command);
            Assert.Equal("501 5.7.0 Cancelled", await client.SayAsync("*"));
            await client.SayAsync(command);
            Assert.StartsWith("501", await client.SayAsync(new string('A', 20_000)), StringComparison.Ordinal);
            await client.SayAsync(command);
        }

        await using var next = await SmtpConversation.GreetAsync(inbox);
        Assert.Equal(0, inbox.Failures);
    }

    [Fact]
    public void OptionsThatContradictEachOtherAreRefused()
    {
        Refused(new InboxOptions { StartTls = true, ImplicitTls = true }, "exclude each other");
        Refused(new InboxOptions { RequireTls = true }, "Inbox:RequireTls needs");
        Refused(new InboxOptions { UserName = "news" }, "Inbox:Password");
        Refused(new InboxOptions { RequireAuthentication = true }, "Inbox:RequireAuthentication needs");
        Refused(new InboxOptions { HostName = "two words" }, "Inbox:HostName");
        Refused(new InboxOptions { MaxMessageBytes = 0 }, "MaxMessageBytes");
        Refused(new InboxOptions { IdleTimeout = TimeSpan.Zero }, "IdleTimeout");
    }

    private static void Refused(InboxOptions options, string reason) =>
        Assert.Contains(reason, Assert.Throws<ValidationException>(() => new InboxServer(options)).Message, StringComparison.Ordinal);

    private static Task<InboxServer> WithAuthAsync() => Inboxes.StartAsync(options =>
    {
        (options.UserName, options.Password) = ("news", "sécret");
        options.RequireAuthentication = true;
    });

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
