using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>The real relay: a private Postfix with STARTTLS and AUTH. Root only; see <see cref="PostfixFixture"/>.</summary>
[Trait("Category", "Postfix")]
public sealed partial class PostfixTests(PostfixTests.RunningPostfix running) : IClassFixture<PostfixTests.RunningPostfix>
{
    private readonly PostfixFixture postfix = running.Postfix;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FiftyMessagesArriveByteForByte(bool chunked)
    {
        var domain = chunked ? "bdat.example.net" : "data.example.net";
        var sent = new Dictionary<string, string>();
        await using (var connection = await Sending.ConnectAsync(Relay with { UseChunking = chunked }))
        {
            for (var i = 0; i < 50; i++)
            {
                var message = Sending.Message(Body(i), $"{i}@example.com");
                var accepted = Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail($"reader{i}@{domain}", message, "bounces+x@example.com")));
                Assert.Equal((250, "2.0.0"), (accepted.Reply.Code, accepted.Reply.EnhancedStatus));
                Assert.EndsWith($"queued as {accepted.QueueId}", accepted.Reply.Text, StringComparison.Ordinal);
                Assert.Matches("^[0-9A-Za-z]{5,20}$", accepted.QueueId);
                sent.Add($"<{i}@example.com>", Encoding.UTF8.GetString(message.Bytes()));
            }
        }

        await postfix.WaitForDeliveredAsync(domain, 50, TimeSpan.FromSeconds(60));
        var arrived = postfix.Delivered(domain).Select(text => text.Replace("\n", "\r\n", StringComparison.Ordinal)).ToList();
        Assert.All(arrived, whole => Assert.Contains("Return-Path: <bounces+x@example.com>\r\n", whole, StringComparison.Ordinal));
        var received = arrived.Select(whole => whole[whole.IndexOf("From: News", StringComparison.Ordinal)..]).ToDictionary(text => MessageId().Match(text).Groups["id"].Value);
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task AnUnknownRecipientIsRejectedAndTheConnectionGoesOn()
    {
        await using var connection = await Sending.ConnectAsync(Relay);

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail("unknown@example.net")));

        Assert.Equal(550, rejected.Reply.Code);
        Assert.Equal("5.1.1", rejected.Reply.EnhancedStatus);
        Assert.Equal(RejectedAt.Recipient, rejected.At);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task ARefusedSenderIsAnsweredAtTheRecipientAndSpeaksOfPolicy()
    {
        // ENGINE-NOTES, Errors: Postfix by default answers a refused sender at RCPT.
        await using var connection = await Sending.ConnectAsync(Relay);

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail(sender: "refused@example.com")));

        Assert.Equal(new SmtpReply(553, "5.7.1", "<refused@example.com>: Sender address rejected: Not one of our senders"), rejected.Reply);
        Assert.Equal(FailureKind.Sender, new RejectionSorting().FailureOf(rejected.Reply, rejected.At)!.Kind);
        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task AWrongPasswordIsOurFault()
    {
        var outcome = await Sending.Transport().ConnectAsync(Relay with { Password = "wrong" }, CancellationToken.None);

        Assert.Contains("535 5.7.8", Assert.IsType<ConnectOutcome.CredentialsRefused>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutALogInNothingIsTaken()
    {
        await using var connection = await Sending.ConnectAsync(Relay with { UserName = null });

        var rejected = Assert.IsType<SendOutcome.Rejected>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal(FailureKind.Sender, new RejectionSorting().FailureOf(rejected.Reply, rejected.At)!.Kind);
    }

    [Fact]
    public async Task ItsOwnCertificateIsRefusedUnlessTheOperatorSaysOtherwise()
    {
        var outcome = await Sending.Transport().ConnectAsync(Relay with { AcceptAnyCertificate = false }, CancellationToken.None);

        Assert.Contains("certificate", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    private Relay Relay => Sending.RelayAt(postfix.Port) with
    {
        Security = RelaySecurity.StartTls,
        AcceptAnyCertificate = true,
        UserName = PostfixFixture.UserName,
        Password = PostfixFixture.Password,
    };

    private static string Body(int i) =>
        $".leading dot {i}\r\n..\r\n{string.Concat(Enumerable.Repeat("From here on, =E2=80=94 and so forth, line after line.\r\n", i * 20))}\r\nlast\r\n.\r\n";

    [GeneratedRegex(@"^Message-ID: (?<id>\S+)\r$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MessageId();

    /// <summary>One Postfix for all tests of the class.</summary>
    public sealed class RunningPostfix : IAsyncLifetime
    {
        public PostfixFixture Postfix { get; private set; } = null!;

        public async Task InitializeAsync() => Postfix = await PostfixFixture.StartAsync();

        public async Task DisposeAsync() => await Postfix.DisposeAsync();
    }
}
