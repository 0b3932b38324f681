using System.Diagnostics;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Mailboxes;

/// <summary>A mailbox of a real Dovecot, read over IMAP and POP3. Root only; see <see cref="DovecotFixture"/>.</summary>
[Trait("Category", "Dovecot")]
public sealed class MailboxReaderTests : FeedbackTest
{
    private const string User = "bounces@news.example.com";

    private DovecotFixture _dovecot = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _dovecot = await DovecotFixture.StartAsync();
    }

    public override async Task DisposeAsync()
    {
        await _dovecot.DisposeAsync();
        await base.DisposeAsync();
    }

    [Theory]
    [InlineData(MailboxProtocol.Imap, MailboxSecurity.None)]
    [InlineData(MailboxProtocol.Imap, MailboxSecurity.StartTls)]
    [InlineData(MailboxProtocol.Imap, MailboxSecurity.Tls)]
    [InlineData(MailboxProtocol.Pop3, MailboxSecurity.None)]
    [InlineData(MailboxProtocol.Pop3, MailboxSecurity.StartTls)]
    [InlineData(MailboxProtocol.Pop3, MailboxSecurity.Tls)]
    public async Task WhatComesBackIsReadAndPutAwayAndWhatIsUnclearIsKept(MailboxProtocol protocol, MailboxSecurity security)
    {
        var (_, mails) = await SendAsync(4);
        var twice = await mails.BounceAsync(1);
        _dovecot.Deliver(User, [twice, await mails.ComplaintAsync(2), ReturnedMails.Letter(), await mails.LeaveAsync(3), twice, await mails.VacationAsync(4)]);

        await ReadUntilAsync(Mailbox(protocol, security), async () =>
            await Count("mailbox_messages") == 5 && _dovecot.Count(User) == (protocol == MailboxProtocol.Imap ? 0 : 1) && (await Mailboxes.ListAsync(default))[0].Backlog == 0);
        await Consequences.SettleAsync(default);

        Assert.Equal(["reader1@example.net hard_bounce", "reader2@example.net complaint"], await Suppressions());
        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'unsubscribed'"));
        var unclear = Assert.Single((await Mailboxes.ListUnclearAsync("bounces", PageRequest.First, default)).Items);
        Assert.Equal(("A word to the editor", "example.net"), (unclear.Subject, unclear.SenderDomain));
        if (protocol == MailboxProtocol.Imap)
            Assert.Equal((5, 1), (_dovecot.Count(User, "Processed"), _dovecot.Count(User, "Unclear")));
        var state = Assert.Single(await Mailboxes.ListAsync(default));
        Assert.Equal((0, 1, null, protocol == MailboxProtocol.Imap ? "idle" : "polling"), (state.Backlog, state.Unclear, state.Error, state.WaitsBy));
        Assert.NotNull(state.LastReadAt);
    }

    [Theory]
    [InlineData(MailboxProtocol.Imap)]
    [InlineData(MailboxProtocol.Pop3)]
    public async Task ATokenOpensAMailbox(MailboxProtocol protocol)
    {
        var (_, mails) = await SendAsync(1);
        _dovecot.Deliver(User, await mails.BounceAsync(1));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, DovecotFixture.Token(User, TimeSpan.FromHours(1)) + "\n");
        var mailbox = Mailbox(protocol, MailboxSecurity.Tls);
        (mailbox.Password, mailbox.TokenFile) = (null, file);

        await ReadUntilAsync(mailbox, async () => await Count("bounces") == 1);

        File.Delete(file);
    }

    [Fact]
    public async Task WithIdleNewMailIsReadAtOnce()
    {
        var (_, mails) = await SendAsync(2);
        _dovecot.Deliver(User, await mails.BounceAsync(1));
        var mailbox = Mailbox(MailboxProtocol.Imap);
        mailbox.PollSeconds = 3_600;
        using var stop = new CancellationTokenSource();
        var reading = Reader(mailbox).RunAsync(stop.Token);
        await UntilAsync(async () => await Count("bounces") == 1, "the first to be read");
        // It waits by now.
        await Task.Delay(1_000);

        var from = Stopwatch.GetTimestamp();
        _dovecot.Deliver(User, await mails.BounceAsync(2));
        await UntilAsync(async () => await Count("bounces") == 2, "the second to be read");

        Assert.InRange(Stopwatch.GetElapsedTime(from).TotalSeconds, 0, 10);
        await stop.CancelAsync();
        await reading.WaitAsync(Patience);
    }

    [Fact]
    public async Task WithoutIdleTheMailboxIsLookedAtAgainAndAgain()
    {
        await using var dovecot = await DovecotFixture.StartAsync(withoutIdle: true);
        var (_, mails) = await SendAsync(2);
        dovecot.Deliver(User, await mails.BounceAsync(1));
        var mailbox = Mailbox(MailboxProtocol.Imap);
        (mailbox.Port, mailbox.PollSeconds) = (dovecot.ImapPort, 0.2);
        using var stop = new CancellationTokenSource();
        var reading = Reader(mailbox).RunAsync(stop.Token);
        await UntilAsync(async () => await Count("bounces") == 1, "the first to be read");

        dovecot.Deliver(User, await mails.BounceAsync(2));

        await UntilAsync(async () => await Count("bounces") == 2, "the second to be read");
        Assert.Equal("polling", (await Mailboxes.ListAsync(default))[0].WaitsBy);
        await stop.CancelAsync();
        await reading.WaitAsync(Patience);
    }

    [Fact]
    public async Task WithoutADoneFolderWhatIsDealtWithIsDeletedAndWithoutAnUnclearOneTheRestStays()
    {
        var (_, mails) = await SendAsync(2);
        _dovecot.Deliver(User, [await mails.BounceAsync(1), ReturnedMails.Letter(), await mails.BounceAsync(2)]);
        var mailbox = Mailbox(MailboxProtocol.Imap);
        (mailbox.DoneFolder, mailbox.UnclearFolder) = ("", "");

        await ReadUntilAsync(mailbox, async () => await Count("mailbox_messages") == 3 && _dovecot.Count(User) == 1);
        await ReadUntilAsync(mailbox, async () => (await Mailboxes.ListAsync(default))[0].Backlog == 0);

        Assert.Equal(1, _dovecot.Count(User));
        Assert.Equal(3L, await Count("mailbox_messages"));
    }

    [Fact]
    public async Task OneOfTwoReadersReadsAndTheOtherTakesOver()
    {
        var (_, mails) = await SendAsync(2);
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var one = Reader(Mailbox(MailboxProtocol.Imap)).RunAsync(first.Token);
        await UntilAsync(async () => (await Mailboxes.ListAsync(default)).Any(state => state is { IsRead: true, LastReadAt: not null }), "the first reader to read");
        var owner = await Database.ScalarAsync<Guid>("select lease_owner from mailboxes");
        var other = Reader(Mailbox(MailboxProtocol.Imap)).RunAsync(second.Token);
        await Task.Delay(500);
        Assert.Equal(owner, await Database.ScalarAsync<Guid>("select lease_owner from mailboxes"));

        await first.CancelAsync();
        await one.WaitAsync(Patience);
        _dovecot.Deliver(User, await mails.BounceAsync(1));

        await UntilAsync(async () => await Count("bounces") == 1, "the other to read");
        Assert.NotEqual(owner, await Database.ScalarAsync<Guid>("select lease_owner from mailboxes"));
        await second.CancelAsync();
        await other.WaitAsync(Patience);
    }

    [Fact]
    public async Task ACopyOfTheDatabaseReadsNobodysMail()
    {
        var (_, mails) = await SendAsync(1);
        _dovecot.Deliver(User, await mails.BounceAsync(1));
        await Database.ExecuteAsync("insert into instance (system_identifier, database_oid, held_reason, held_at) values ('x', 1, 'a copy', now())");

        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Reader(Mailbox(MailboxProtocol.Imap)).RunAsync(stop.Token);

        Assert.Equal(1, _dovecot.Count(User));
    }

    [Theory]
    [InlineData("password", "refuses the log-in of bounces@news.example.com")]
    [InlineData("token", "refuses the log-in of bounces@news.example.com")]
    [InlineData("port", "can't be reached")]
    [InlineData("certificate", "TLS with localhost:")]
    [InlineData("folder", "There is no folder 'Nowhere'")]
    [InlineData("file", "The token of the mailbox 'bounces' can't be read")]
    public async Task WhatIsWrongIsSaidInWordsAndTriedAgain(string what, string said)
    {
        var (_, mails) = await SendAsync(1);
        _dovecot.Deliver(User, await mails.BounceAsync(1));
        var mailbox = Mailbox(MailboxProtocol.Imap, MailboxSecurity.Tls);
        switch (what)
        {
            case "password": mailbox.Password = "wrong"; break;
            case "token": (mailbox.Password, mailbox.Token) = (null, DovecotFixture.Token(User, TimeSpan.FromMinutes(-1))); break;
            case "port": mailbox.Port = 9; break;
            case "certificate": mailbox.AcceptAnyCertificate = false; break;
            case "folder": mailbox.Folder = "Nowhere"; break;
            case "file": (mailbox.Password, mailbox.TokenFile) = (null, "/nowhere/token"); break;
        }

        using var stop = new CancellationTokenSource();
        var reading = Reader(mailbox).RunAsync(stop.Token);
        await UntilAsync(async () => (await Mailboxes.ListAsync(default)).Any(state => state.Error is not null), "an error");
        var state = Assert.Single(await Mailboxes.ListAsync(default));
        Assert.Contains(said, state.Error, StringComparison.Ordinal);
        Assert.NotNull(state.ErrorAt);

        // Once it is put right, by whoever renews the token for instance, it goes on by itself.
        await stop.CancelAsync();
        await reading.WaitAsync(Patience);
        await ReadUntilAsync(Mailbox(MailboxProtocol.Imap), async () => await Count("bounces") == 1);
        Assert.Null(Assert.Single(await Mailboxes.ListAsync(default)).Error);
    }

    [Theory]
    [InlineData(MailboxProtocol.Imap)]
    [InlineData(MailboxProtocol.Pop3)]
    public async Task CutOffBetweenTheCommitAndTheMailboxAMessageIsSeenAgainAndCountsOnce(MailboxProtocol protocol)
    {
        var (_, mails) = await SendAsync(2);
        _dovecot.Deliver(User, [await mails.BounceAsync(1), await mails.BounceAsync(2)]);
        var mailbox = Mailbox(protocol);
        await using (var session = await MailboxLogIn.OpenAsync(mailbox, default))
            await Assert.ThrowsAsync<IOException>(() => Reader(mailbox).ReadAllAsync(new CutOff(session), default));
        Assert.Equal((2L, 2), (await Count("bounces"), _dovecot.Count(User)));

        await ReadUntilAsync(mailbox, () => Task.FromResult(_dovecot.Count(User) == 0));

        Assert.Equal((2L, 2L), (await Count("bounces"), await Count("mailbox_messages")));
    }

    [SharedTheory]
    [Trait("Category", "Shared")]
    [InlineData(MailboxProtocol.Imap)]
    [InlineData(MailboxProtocol.Pop3)]
    public async Task EverySampleBounceIsTakenAndNoneIsLost(MailboxProtocol protocol)
    {
        var files = Directory.GetFiles(SharedFolder.Of("data", "bounces"), "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".eml").ToArray();
        Assert.True(files.Length >= 143, $"{files.Length} files");
        var samples = files.Select(File.ReadAllBytes).ToArray();
        var different = samples.Select(sample => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(sample))).Distinct().Count();
        _dovecot.Deliver(User, samples);

        await ReadUntilAsync(Mailbox(protocol), async () => await Count("mailbox_messages") >= different && (await Mailboxes.ListAsync(default))[0].Backlog == 0);

        // They speak of nobody here: all that are bounces are kept for a person to see.
        Assert.Equal(0L, await Count("bounces"));
        var unclear = await Database.ScalarAsync<long>("select count(*) from mailbox_messages where outcome = 'unclear'");
        Assert.True(unclear > different / 2, $"{unclear} of {different}");
        if (protocol == MailboxProtocol.Imap)
            Assert.Equal(samples.Length, _dovecot.Count(User, "Processed") + _dovecot.Count(User, "Unclear"));
    }

    private MailboxOptions Mailbox(MailboxProtocol protocol, MailboxSecurity security = MailboxSecurity.None) => new()
    {
        Protocol = protocol,
        Security = security,
        Host = "localhost",
        Port = (protocol, security) switch
        {
            (MailboxProtocol.Imap, MailboxSecurity.Tls) => _dovecot.ImapsPort,
            (MailboxProtocol.Imap, _) => _dovecot.ImapPort,
            (_, MailboxSecurity.Tls) => _dovecot.PopsPort,
            _ => _dovecot.PopPort,
        },
        AcceptAnyCertificate = true,
        UserName = User,
        Password = DovecotFixture.Password,
        PollSeconds = 0.2,
    };

    private Task<long> Count(string table) => Database.ScalarAsync<long>($"select count(*) from {table}");

    private async Task ReadUntilAsync(MailboxOptions mailbox, Func<Task<bool>> isSo)
    {
        using var stop = new CancellationTokenSource();
        var reading = Reader(mailbox).RunAsync(stop.Token);
        try
        {
            await UntilAsync(isSo, "the mailbox to be read");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} {await Count("mailbox_messages")} messages, {_dovecot.Count(User)} left. {string.Join(' ', await Mailboxes.ListAsync(default))} {_dovecot.Log()}", e);
        }
        finally
        {
            await stop.CancelAsync();
            await reading.WaitAsync(Patience);
        }
    }

    /// <summary>The connection is lost before anything can be moved or deleted.</summary>
    private sealed class CutOff(IMailboxSession session) : IMailboxSession
    {
        public string WaitsBy => session.WaitsBy;

        public Task<IReadOnlyList<MailboxItem>> ListAsync(CancellationToken stop) => session.ListAsync(stop);

        public Task<MailboxMessage?> FetchAsync(MailboxItem item, CancellationToken stop) => session.FetchAsync(item, stop);

        public Task PutAwayAsync(IReadOnlyList<MailboxItem> done, CancellationToken stop) => throw new IOException("cut off");

        public Task SetAsideAsync(IReadOnlyList<MailboxItem> unclear, CancellationToken stop) => throw new IOException("cut off");

        public Task WaitAsync(CancellationToken stop) => session.WaitAsync(stop);

        public ValueTask DisposeAsync() => session.DisposeAsync();
    }
}
