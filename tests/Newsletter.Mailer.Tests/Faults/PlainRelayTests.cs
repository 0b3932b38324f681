using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Faults;

/// <summary>F11, F23: a relay that offers little, or takes little.</summary>
[Trait("Category", "Faults")]
public sealed class PlainRelayTests : MailroomTest
{
    [Fact]
    public async Task WithoutPipeliningEightBitMimeAndSizeTheBytesAreTheSame()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 20);
        await Database.ExecuteAsync("update subscribers set name = 'Zoë Ünïcode ' || id");
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, body: Some.Body + "\n.\n..\nFrom here, größer: \u65e5\u672c\u8a9e\n"));
        await Room.Worker.WorkAsync();
        await using var plain = new InboxServer(new InboxOptions { Pipelining = false, EightBitMime = false, Size = false, Chunking = false, SmtpUtf8 = false, EnhancedStatusCodes = false });
        await plain.StartAsync();

        // The same deliveries once more, as if nothing had been sent.
        await Database.ExecuteAsync("update deliveries set status = 'pending'; update batches set state = 'ready'; update issues set state = 'sending', finished_at = null");
        await Room.NewWorker(relays: [Room.Relay with { Port = plain.Port }]).WorkAsync();

        await KeptAsync("F23", issue);
        Assert.Equal(Hashes(Room.Inbox), Hashes(plain));
        Assert.Equal(20, plain.Messages.Count);
    }

    [Fact]
    public async Task AMessageLargerThanTheRelayTakesFailsBeforeItIsSent()
    {
        await using var room = await Mailroom.OpenAsync(Database, FaultScript.None.At(FaultPoint.Data).Named("sent").Answer(), options => options.MaxMessageBytes = 2_000);
        var issue = await room.FreezeIssueAsync(10);

        await room.Worker.WorkAsync();

        var line = await new Promise("F23") { Refused = 10 }.CheckAsync(room, issue);
        Assert.Equal((10L, 0L), ((await room.ReceiptAsync(issue)).Rejected, line.Copies));
        Assert.Equal((0, 0L), (room.Inbox.TimesFired("sent"), room.Inbox.Messages.Count));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
    }

    [Fact]
    public async Task AnAddressThatNeedsSmtpUtf8FailsAloneWhereItIsNotOffered()
    {
        await using var room = await Mailroom.OpenAsync(Database, set: options => options.SmtpUtf8 = false);
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 20);
        await Database.ExecuteAsync("update subscribers set address = 'zoë@example.net' where address = 'reader7@example.net'");
        var issue = await room.FreezeAsync(await Some.EditionAsync(Database, newsletter));

        await room.Worker.WorkAsync();

        await new Promise("F11") { Refused = 1 }.CheckAsync(room, issue);
        var receipt = await room.ReceiptAsync(issue);
        Assert.Equal((19L, 1L), (receipt.Accepted, receipt.Rejected));
        Assert.Equal(["zoë@example.net"], await Database.ListAsync<string>("select address from deliveries d join subscribers b on b.id = d.subscriber_id where status = 'rejected'"));
    }

    private static IEnumerable<(string, string)> Hashes(InboxServer inbox) =>
        inbox.Messages.After(0, 1_000).Select(message => (message.MessageId, message.Sha256)).Order();
}
