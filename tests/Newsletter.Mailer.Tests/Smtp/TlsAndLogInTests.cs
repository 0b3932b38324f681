using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

public sealed class TlsAndLogInTests
{
    [Theory]
    [InlineData(RelaySecurity.StartTls)]
    [InlineData(RelaySecurity.StartTlsWhenOffered)]
    [InlineData(RelaySecurity.ImplicitTls)]
    public async Task ACertificateNobodyVouchesForIsRefused(RelaySecurity security)
    {
        await using var inbox = await StartSecuredAsync(security);

        var outcome = await Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port) with { Security = security }, CancellationToken.None);

        var reason = Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason;
        Assert.Contains("TLS with the relay test", reason, StringComparison.Ordinal);
        Assert.Contains("certificate", reason, StringComparison.Ordinal);
        Assert.Contains("AcceptAnyCertificate", reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason);
        Assert.Equal(0, inbox.Messages.Count);
    }

    [Theory]
    [InlineData(RelaySecurity.StartTls, false)]
    [InlineData(RelaySecurity.StartTls, true)]
    [InlineData(RelaySecurity.StartTlsWhenOffered, false)]
    [InlineData(RelaySecurity.ImplicitTls, false)]
    [InlineData(RelaySecurity.ImplicitTls, true)]
    public async Task AnyCertificateIsTakenWhereTheOperatorSaysSo(RelaySecurity security, bool chunked)
    {
        await using var inbox = await StartSecuredAsync(security);
        await using var connection = await inbox.ConnectAsync(relay => relay with { Security = security, AcceptAnyCertificate = true, UseChunking = chunked });
        var message = Sending.Message(string.Concat(Enumerable.Repeat(".a line that makes it long enough for several records\r\n", 2000)));

        for (var i = 0; i < 3; i++)
            Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail(message: message)));

        Assert.Equal(message.Bytes(), inbox.LatestBytes());
        Assert.True(inbox.Messages.ReadBody(1)!.Secured);
    }

    [Theory]
    [InlineData(FaultPoint.EndOfData, true)]
    [InlineData(FaultPoint.Data, false)]
    public async Task WhetherTheLastByteHadLeftIsKnownUnderTlsToo(FaultPoint point, bool unknown)
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(point).Drop(), o => o.ImplicitTls = true);
        await using var connection = await inbox.ConnectAsync(relay => relay with { Security = RelaySecurity.ImplicitTls, AcceptAnyCertificate = true });

        var outcome = await connection.SendAsync(Sending.Mail());

        Assert.Equal(unknown, outcome is SendOutcome.Unknown);
        Assert.Equal(unknown, outcome is not SendOutcome.RelayFault);
    }

    [Fact]
    public async Task SilenceAfterTheMessageIsUnknownUnderTlsToo()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.EndOfData).GoSilent(), o => o.StartTls = true);
        await using var connection = await inbox.ConnectAsync(relay => relay with
        {
            Security = RelaySecurity.StartTls,
            AcceptAnyCertificate = true,
            CommandTimeout = TimeSpan.FromSeconds(5),
            FinalReplyTimeout = TimeSpan.FromMilliseconds(300),
        });

        Assert.IsType<SendOutcome.Unknown>(await connection.SendAsync(Sending.Mail()));
    }

    [Fact]
    public async Task StartTlsThatIsDemandedAndNotOfferedMakesTheRelayUnavailable()
    {
        await using var inbox = await Inboxes.StartAsync();

        var outcome = await Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port) with { Security = RelaySecurity.StartTls }, CancellationToken.None);

        Assert.Contains("offers no STARTTLS", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartTlsThatIsNotOfferedIsDoneWithoutWhereThatIsAllowed()
    {
        await using var inbox = await Inboxes.StartAsync();
        await using var connection = await inbox.ConnectAsync(relay => relay with { Security = RelaySecurity.StartTlsWhenOffered });

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.False(inbox.Messages.ReadBody(1)!.Secured);
    }

    [Fact]
    public async Task AStartTlsThatTheRelayRefusesMakesItUnavailable()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.StartTls).Reply(454, "4.7.0 TLS not available"), o => o.StartTls = true);

        var outcome = await Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port) with { Security = RelaySecurity.StartTls }, CancellationToken.None);

        Assert.Contains("454 4.7.0 TLS not available", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TlsWithAPortThatSpeaksPlainTextSaysWhichSettingToLookAt()
    {
        await using var inbox = await Inboxes.StartAsync();

        var outcome = await Sending.Transport().ConnectAsync(Sending.RelayAt(inbox.Port) with { Security = RelaySecurity.ImplicitTls }, CancellationToken.None);

        Assert.Contains("different settings of Security", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainTextWithAPortThatWaitsForTlsSaysWhichSettingToLookAt()
    {
        await using var inbox = await Inboxes.StartAsync(o => o.ImplicitTls = true);
        var relay = Sending.RelayAt(inbox.Port) with { ConnectTimeout = TimeSpan.FromMilliseconds(500) };

        var outcome = await Sending.Transport().ConnectAsync(relay, CancellationToken.None);

        Assert.Contains("set Security to ImplicitTls", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RelaySecurity.None)]
    [InlineData(RelaySecurity.StartTls)]
    [InlineData(RelaySecurity.ImplicitTls)]
    public async Task TheRightPasswordLogsIn(RelaySecurity security)
    {
        await using var inbox = await StartSecuredAsync(security, password: "pässword");
        await using var connection = await inbox.ConnectAsync(relay => WithPassword(relay, security, "pässword"));

        Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail()));
        Assert.Equal("user", inbox.Messages.ReadBody(1)!.User);
    }

    [Theory]
    [InlineData(RelaySecurity.None)]
    [InlineData(RelaySecurity.StartTls)]
    [InlineData(RelaySecurity.ImplicitTls)]
    public async Task TheWrongPasswordIsOurFaultAndNotTheRelays(RelaySecurity security)
    {
        await using var inbox = await StartSecuredAsync(security, password: "right");

        var outcome = await Sending.Transport().ConnectAsync(WithPassword(Sending.RelayAt(inbox.Port), security, "wrong"), CancellationToken.None);

        var reason = Assert.IsType<ConnectOutcome.CredentialsRefused>(outcome).Reason;
        Assert.Contains("535 5.7.8 Authentication credentials invalid", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverTlsAWrongPasswordCountsOnceWithTheRelay()
    {
        await using var inbox = await Inboxes.StartAsync(
            FaultScript.None.At(FaultPoint.Auth).Named("log-in").Reply(535, "5.7.8 No"), o => (o.ImplicitTls, o.UserName, o.Password) = (true, "user", "right"));

        await Sending.Transport().ConnectAsync(WithPassword(Sending.RelayAt(inbox.Port), RelaySecurity.ImplicitTls, "wrong"), CancellationToken.None);

        Assert.Equal(1, inbox.TimesFired("log-in"));
    }

    [Theory]
    [InlineData(421, "4.3.2 Shutting down")]
    [InlineData(454, "4.7.0 Temporary authentication failure")]
    public async Task ATemporaryFailureToLogInIsTheRelaysFault(int code, string text)
    {
        // A 421 there comes out of MailKit as an AuthenticationException.
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Auth).Reply(code, text), o => (o.ImplicitTls, o.UserName, o.Password) = (true, "user", "right"));

        var outcome = await Sending.Transport().ConnectAsync(WithPassword(Sending.RelayAt(inbox.Port), RelaySecurity.ImplicitTls, "right"), CancellationToken.None);

        Assert.Contains(text, Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALogInThatIsNotOfferedIsAMatterOfSettings()
    {
        await using var inbox = await Inboxes.StartAsync();

        var outcome = await Sending.Transport().ConnectAsync(WithPassword(Sending.RelayAt(inbox.Port), RelaySecurity.None, "x"), CancellationToken.None);

        Assert.Contains("offers no AUTH", Assert.IsType<ConnectOutcome.CredentialsRefused>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConnectionLostAtTheLogInIsTheRelaysFault()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScript.None.At(FaultPoint.Auth).Drop(), o => (o.UserName, o.Password) = ("user", "right"));

        var outcome = await Sending.Transport().ConnectAsync(WithPassword(Sending.RelayAt(inbox.Port), RelaySecurity.None, "right"), CancellationToken.None);

        Assert.Contains("while logging in", Assert.IsType<ConnectOutcome.Unavailable>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARelayThatWantsALogInWeDoNotHaveRefusesOurCredentials()
    {
        await using var inbox = await Inboxes.StartAsync(o => (o.UserName, o.Password, o.RequireAuthentication) = ("user", "right", true));
        await using var connection = await inbox.ConnectAsync();

        Assert.Equal(530, Assert.IsType<SendOutcome.CredentialsRefused>(await connection.SendAsync(Sending.Mail())).Reply.Code);
    }

    private static Relay WithPassword(Relay relay, RelaySecurity security, string password) =>
        relay with { Security = security, AcceptAnyCertificate = true, UserName = "user", Password = password };

    private static Task<InboxServer> StartSecuredAsync(RelaySecurity security, string? password = null) => Inboxes.StartAsync(o =>
    {
        o.ImplicitTls = security == RelaySecurity.ImplicitTls;
        o.StartTls = security is RelaySecurity.StartTls or RelaySecurity.StartTlsWhenOffered;
        (o.UserName, o.Password) = password is null ? (null, null) : ("user", password);
    });
}
