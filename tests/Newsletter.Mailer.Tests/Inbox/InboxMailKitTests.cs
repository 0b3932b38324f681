using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

/// <summary>A client written by others: what it takes for SMTP is SMTP.</summary>
public class InboxMailKitTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MailKitSendsThroughStartTlsWithAuthentication(bool chunking)
    {
        await using var inbox = await Inboxes.StartAsync(options =>
        {
            options.StartTls = options.RequireTls = options.RequireAuthentication = options.Dsn = true;
            options.Chunking = chunking;
            (options.UserName, options.Password) = ("news", "secret");
        });
        using var client = new ChunkingClient();
        client.ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == inbox.Certificate?.GetCertHashString();
        await client.ConnectAsync("127.0.0.1", inbox.Port, SecureSocketOptions.StartTls);
        await client.AuthenticateAsync("news", "secret");
        using var message = Some();
        var reply = await client.SendAsync(message);
        await client.DisconnectAsync(quit: true);

        Assert.Equal("2.0.0 Ok: queued as 1", reply);
        var body = inbox.Messages.ReadBody(1)!;
        Assert.True(body.Secured);
        Assert.Equal("news", body.User);
        Assert.Equal(chunking, body.Chunked);
        Assert.Equal(["ana@example.com"], inbox.Latest().Recipients);
        using var sent = new MemoryStream();
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        await message.WriteToAsync(format, sent);
        Assert.Equal(sent.ToArray(), body.Bytes);
    }

    [Fact]
    public async Task MailKitSendsThroughImplicitTls()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.ImplicitTls = true);
        using var client = new SmtpClient();
        client.ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == inbox.Certificate?.GetCertHashString();
        await client.ConnectAsync("127.0.0.1", inbox.Port, SecureSocketOptions.SslOnConnect);
        using var message = Some();
        await client.SendAsync(message);
        await client.DisconnectAsync(quit: true);

        Assert.True(inbox.Messages.ReadBody(1)!.Secured);
    }

    [Fact]
    public async Task MailKitGetsThroughToARelayThatOffersNothing()
    {
        await using var inbox = await Inboxes.StartAsync(options =>
            options.Pipelining = options.Size = options.EightBitMime = options.SmtpUtf8 = options.Chunking = options.EnhancedStatusCodes = false);
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", inbox.Port, SecureSocketOptions.None);
        Assert.Equal(SmtpCapabilities.None, client.Capabilities);
        using var message = Some();
        await client.SendAsync(message);

        Assert.Equal(1, inbox.Messages.Count);
    }

    [Fact]
    public async Task MailKitUnderstandsEveryRefusal()
    {
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None
                .At(FaultPoint.Rcpt).ToRecipient("ana@example.com").First(1).Reply(550, "5.1.1 No such user")
                .At(FaultPoint.Mail).FromSender(_ => true).After(1).First(1).Reply(451, "4.3.0 Not now"));
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", inbox.Port, SecureSocketOptions.None);
        using var message = Some();

        var unknown = await Assert.ThrowsAsync<SmtpCommandException>(() => client.SendAsync(message));
        Assert.Equal(SmtpErrorCode.RecipientNotAccepted, unknown.ErrorCode);
        Assert.Equal(SmtpStatusCode.MailboxUnavailable, unknown.StatusCode);
        var deferred = await Assert.ThrowsAsync<SmtpCommandException>(() => client.SendAsync(message));
        Assert.Equal(SmtpErrorCode.SenderNotAccepted, deferred.ErrorCode);
        await client.SendAsync(message);
        Assert.Equal(1, inbox.Messages.Count);
    }

    private static MimeMessage Some()
    {
        var body = new BodyBuilder { TextBody = ".\r\n.. dots\r\nGrüße", HtmlBody = "<p>Grüße</p>" };
        var message = new MimeMessage { Subject = "Grüße", Body = body.ToMessageBody() };
        message.From.Add(new MailboxAddress("News", "news@example.com"));
        message.To.Add(new MailboxAddress("Ana", "ana@example.com"));
        return message;
    }

    private sealed class ChunkingClient : SmtpClient
    {
        protected override bool PreferSendAsBinaryData => true;
    }
}
