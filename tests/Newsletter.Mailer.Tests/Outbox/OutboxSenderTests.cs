using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Outbox;

/// <summary>Mail to one person on its way; its first users are test sends.</summary>
public sealed class OutboxSenderTests : MailroomTest
{
    private readonly ManualClock _clock = new();
    private PersonalRelays? _relays;

    private OutboxStore Outbox => new(DataSource);

    private PersonalRelays Relays => _relays ??= new(new RelayPool(
        [Room.Relay], new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance), TimeProvider.System, connections: 2));

    private TestSend Tests => new(Outbox, new EditionStore(DataSource), Room.Newsletters, Room.Schedule, Room.Keys, Room.Site);

    public override async Task DisposeAsync()
    {
        if (_relays is not null)
            await _relays.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task ATestSendArrivesMarkedAndIsCountedNowhere()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 3);
        var edition = await Some.EditionAsync(Database, newsletter);

        var put = Assert.IsType<TestSendOutcome.Put>(await Tests.PutAsync(edition.Id, [Address("author@example.org"), Address("reader1@example.net")], default));
        foreach (var id in put.OutboxIds)
            Assert.Null(await SendAsync(id));

        var messages = Room.Inbox.Messages.After(0, 10);
        Assert.Equal(["author@example.org", "reader1@example.net"], messages.Select(message => message.Recipients.Single()));
        Assert.All(messages, message => Assert.Equal("[Test] Edition 1", message.Subject));
        Assert.Equal(2, messages.Select(message => message.MessageId).Distinct().Count());
        Assert.Equal(["sent", "sent"], await Database.ListAsync<string>("select state from outbox"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from issues) + (select count(*) from deliveries)"));
        Assert.Equal(EditionState.Draft, (await new EditionStore(DataSource).FindAsync(edition.Id, default))!.State);
        var message = MimeKit.MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(1)!.Bytes));
        Assert.Equal("auto-generated", message.Headers["Auto-Submitted"]);
        // Its link is a link, and unsubscribes nobody.
        var url = message.Headers["List-Unsubscribe"]!.Trim('<', '>');
        Assert.Equal(0, UnsubscribeToken.Verify(Room.Keys, url[(url.LastIndexOf('/') + 1)..])!.SubscriberId);
    }

    [Fact]
    public async Task ATestOfAnEditionThatCannotBeSentIsRefusedAtOnce()
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { PostalAddress = null });
        var edition = await Some.EditionAsync(Database, newsletter, "{{ subscriber.shoe_size }}");

        var refused = Assert.IsType<TestSendOutcome.NotReady>(await Tests.PutAsync(edition.Id, [Address("author@example.org")], default));

        Assert.Equal(2, refused.Problems.Count);
        Assert.IsType<TestSendOutcome.NoSuchEdition>(await Tests.PutAsync(4711, [Address("author@example.org")], default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from outbox"));
    }

    [Fact]
    public async Task ATestOfAnEditionThatNamesNoAttributeReadsNoAudience()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "lock table subscriptions, subscribers in access exclusive mode";
            await command.ExecuteNonQueryAsync();
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var put = Assert.IsType<TestSendOutcome.Put>(await Tests.PutAsync(edition.Id, [Address("author@example.org")], patience.Token));
        Assert.Null(await Sender(_clock).SendAsync(put.OutboxIds.Single(), patience.Token));

        Assert.Equal("sent", await Database.ScalarAsync<string>("select state from outbox"));
    }

    [Fact]
    public async Task AnEditionDeletedOrSpoiledMeanwhileFailsInWords()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var deleted = await Some.EditionAsync(Database, newsletter);
        var spoiled = await Some.EditionAsync(Database, newsletter);
        var (first, second) = (await PutAsync(deleted), await PutAsync(spoiled));
        await new EditionStore(DataSource).DeleteAsync(deleted.Id, default);
        await Database.ExecuteAsync("update newsletters set postal_address = null");

        Assert.Null(await SendAsync(first));
        Assert.Null(await SendAsync(second));

        Assert.Equal(["failed: The edition was deleted.", "failed: The newsletter 'tea' has no postal address"],
            await Database.ListAsync<string>("select state || ': ' || substr(reply, 1, 42) from outbox order by id"));
        Assert.Equal(0L, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task AMailThatCannotBeMadeFailsInsteadOfComingBackForEver()
    {
        var id = await PutAsync();
        // As if it had been kept before quoted addresses were refused.
        await Database.ExecuteAsync("""update newsletters set reply_to = '"tea house"@example.com'""");

        Assert.Null(await SendAsync(id));

        Assert.Equal("failed", await Database.ScalarAsync<string>("select state from outbox"));
        Assert.Contains("can stand in no header", await Database.ScalarAsync<string>("select reply from outbox"), StringComparison.Ordinal);
        Assert.Null(await SendAsync(id));
    }

    [Fact]
    public async Task ATroubleOfTheDatabaseFailsNoMail()
    {
        var id = await PutAsync();
        await Database.ExecuteAsync("alter table editions rename to editions_away");

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => SendAsync(id));

        Assert.Equal("sending", await Database.ScalarAsync<string>("select state from outbox"));
    }

    [Fact]
    public async Task AKindThatThisProgramDoesNotKnowFails()
    {
        var id = Assert.Single(await Outbox.PutAsync([new OutboxMail { Kind = "love_letter", Address = "ana@example.net", Model = "{}" }], default));

        Assert.Null(await SendAsync(id));

        Assert.Equal("failed", await Database.ScalarAsync<string>("select state from outbox"));
        Assert.Contains("love_letter", await Database.ScalarAsync<string>("select reply from outbox"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APutOffMailIsTriedAgainWithTheSameMessageIdLongerAndLonger()
    {
        var id = await PutAsync();
        Relay(script => script.At(FaultPoint.EndOfData).First(2).KeepingMessage().Reply(451, "4.3.0 Later"));

        var waits = new List<TimeSpan?>();
        for (var i = 0; i < 3; i++)
        {
            waits.Add(await SendAsync(id));
            Assert.Null(i < 2 ? await SendAsync(id) : null);
            await Database.ExecuteAsync("update outbox set next_at = now() where state = 'ready'");
        }

        Assert.Equal([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), null], waits);
        Assert.Equal("sent", await Database.ScalarAsync<string>("select state from outbox"));
        Assert.Equal((3L, 1L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctMessageIds));
    }

    [Theory]
    [InlineData(FaultPoint.Rcpt, 421)]
    [InlineData(FaultPoint.Mail, 553)]
    [InlineData(FaultPoint.Mail, 530)]
    [InlineData(FaultPoint.Connect, 421)]
    public async Task WhatIsNotTheReadersFaultIsTriedAgain(FaultPoint point, int code)
    {
        var id = await PutAsync();
        Relay(script => script.At(point).First(1).ReplyAndClose(code, "Not now"));

        Assert.Equal(TimeSpan.FromSeconds(5), await SendAsync(id));

        Assert.Equal("ready", await Database.ScalarAsync<string>("select state from outbox"));
    }

    [Fact]
    public async Task ALostAnswerIsTriedAgainBecauseAPersonWaits()
    {
        var id = await PutAsync();
        Relay(script => script.At(FaultPoint.EndOfData).First(1).KeepingMessage().Drop());
        Assert.NotNull(await SendAsync(id));
        await Database.ExecuteAsync("update outbox set next_at = now()");

        Assert.Null(await SendAsync(id));

        Assert.Equal((2L, 1L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctMessageIds));
    }

    [Fact]
    public async Task ARejectionIsFinal()
    {
        var id = await PutAsync();
        Relay(script => script.At(FaultPoint.Rcpt).Reply(550, "5.1.1 No such user"));

        Assert.Null(await SendAsync(id));

        Assert.Equal("failed: 550 5.1.1 No such user", await Database.ScalarAsync<string>("select state || ': ' || reply from outbox"));
        Assert.Null(await SendAsync(id));
    }

    [Fact]
    public async Task AfterADayItIsGivenUp()
    {
        var id = await PutAsync();
        await Database.ExecuteAsync("update outbox set created_at = now() - interval '25 hours'");
        Relay(script => script.At(FaultPoint.Rcpt).Reply(450, "4.2.1 Later"));

        Assert.Null(await Sender(TimeProvider.System).SendAsync(id, default));

        Assert.Equal("failed: 450 4.2.1 Later", await Database.ScalarAsync<string>("select state || ': ' || reply from outbox"));
    }

    [Fact]
    public async Task SentTwiceAtOnceItArrivesOnce()
    {
        var id = await PutAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => SendAsync(id))));

        Assert.Equal(1L, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task AnIssueOnAllItsConnectionsDoesNotHoldItUp()
    {
        var issue = await Room.FreezeIssueAsync(50);
        Relay(script => script.At(FaultPoint.EndOfData).ToRecipients(to => to.StartsWith("reader", StringComparison.Ordinal)).Delay(TimeSpan.FromSeconds(10)));
        using var stop = new CancellationTokenSource();
        var sending = Room.Worker.SendAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(Room.Inbox.ConnectionsOpen == Room.Relay.MaxConnections), "the issue took all of its connections");
        var id = await PutAsync(await Some.EditionAsync(Database, (await Room.Newsletters.FindAsync("tea", default))!));

        var started = TimeProvider.System.GetTimestamp();
        Assert.Null(await SendAsync(id));

        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 9);
        await stop.CancelAsync();
        await sending;
        Assert.True((await Room.ReceiptAsync(issue)).Pending > 0);
    }

    private Task<TimeSpan?> SendAsync(long id) => Sender(_clock).SendAsync(id, default);

    private OutboxSender Sender(TimeProvider clock) => new(Outbox, Tests, Room.ReaderMail, Relays, clock, NullLogger<OutboxSender>.Instance);

    private async Task<long> PutAsync(Edition? edition = null)
    {
        edition ??= await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        return Assert.IsType<TestSendOutcome.Put>(await Tests.PutAsync(edition.Id, [Address("author@example.org")], default)).OutboxIds.Single();
    }

    private static EmailAddress Address(string text) => EmailAddress.TryParse(text, out var address, out _) ? address! : throw new ArgumentException(text);
}
