using System.Globalization;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>The bounce mailbox under a real worker: one that is killed while it reads, and one that is sending meanwhile (F24).</summary>
[Collection(FaultsGroup.Name)]
[Trait("Category", "Dovecot")]
public sealed class ReturnedMailTests(FaultServer shared)
{
    private const string User = "bounces@news.example.com";

    [Theory]
    [InlineData("Imap")]
    [InlineData("Pop3")]
    public async Task KilledTwiceWhileReadingNothingIsLostAndNothingCountedTwice(string protocol)
    {
        await using var dovecot = await DovecotFixture.StartAsync();
        await using var field = await FaultField.OpenAsync(shared.Server);
        const int Readers = 1_200;
        var issue = await field.FreezeAsync(Readers, batch: 200);
        await field.Room.Worker.WorkAsync();
        var mails = new ReturnedMails(field.Room, issue);
        var all = new List<byte[]>();
        for (var seq = 1; seq <= Readers; seq++)
            all.Add(await mails.BounceAsync(seq));
        // Some come twice, and some are no bounces.
        all.AddRange([.. all.Take(100), .. Enumerable.Range(0, 20).Select(_ => ReturnedMails.Letter())]);
        dovecot.Deliver(User, all);
        Read(field, dovecot, protocol);
        var worker = field.StartWorker();

        foreach (var point in new[] { 300, 700 })
        {
            await field.UntilAsync(async () => await Count(field, "bounces") >= point, $"{point} bounces");
            worker.Kill();
            // A lease runs out in half a minute; here it need not be waited for.
            await field.Room.Database.ExecuteAsync("update mailboxes set lease_until = now()");
            worker = field.StartWorker();
        }

        await field.UntilAsync(async () => await Count(field, "mailbox_messages") == Readers + 20 && dovecot.Count(User) == (protocol == "Imap" ? 0 : 20), "the mailbox to be read to its end");
        await field.UntilAsync(async () => await Count(field, "suppressions") == Readers, "what follows");
        Assert.Equal(Readers, await Count(field, "bounces"));
        Assert.Equal(Readers, await Count(field, "bounces where kind = 'hard' and consequence = 'suppressed'"));
        Assert.Equal(20, await Count(field, "mailbox_messages where outcome = 'unclear'"));
        if (protocol == "Imap")
            Assert.Equal((Readers + 100, 20), (dovecot.Count(User, "Processed"), dovecot.Count(User, "Unclear")));
    }

    [Fact]
    [Trait("Category", "Faults")]
    public async Task AFloodOfBouncesWhileSendingSuppressesTheRightReadersAndKeepsTheRate()
    {
        // F24. The first issue's bounces come while the third goes out; the second and the fourth show the rate without them.
        await using var dovecot = await DovecotFixture.StartAsync();
        await using var field = await FaultField.OpenAsync(shared.Server);
        var readers = FaultForm.Pick(1_500, 6_000);
        var first = await field.FreezeAsync(readers, batch: 100);
        await field.Room.Worker.WorkAsync();
        var mails = new ReturnedMails(field.Room, first);
        field.Set("Delivery__Relays__0__MessagesPerSecond", "100");
        Read(field, dovecot, "Imap");
        var worker = field.StartWorker();
        var calm = await SendAsync(field);

        // The last half of the audience bounced, of whom the third issue is still far away.
        var bounced = Enumerable.Range((readers / 2) + 1, readers / 2).ToList();
        var flood = new List<byte[]>();
        foreach (var seq in bounced)
            flood.Add(await mails.BounceAsync(seq));
        var (issue, rate) = await SendAsync(field, () => dovecot.Deliver(User, flood));

        Assert.False(worker.HasExited, worker.Said);
        await field.UntilAsync(async () => await Count(field, "suppressions") == bounced.Count, "every suppression");
        var wrong = await field.Room.Database.ScalarAsync<long>(
            "select count(*) from suppressions p join subscribers b on b.address = p.address join deliveries d on d.issue_id = $1 and d.subscriber_id = b.id where d.seq <= $2", first, readers / 2);
        Assert.Equal(0L, wrong);
        // Whoever was suppressed is looked up at each claim and every RenewSeconds (2 here): nobody got it much later.
        var late = await field.Room.Database.ScalarAsync<long>(
            "select count(*) from suppressions p join subscribers b on b.address = p.address join deliveries d on d.issue_id = $1 and d.subscriber_id = b.id where d.status = 'accepted' and d.updated_at > p.created_at + interval '15 seconds'", issue);
        Assert.Equal(0L, late);
        var receipt = await field.Room.ReceiptAsync(issue);
        Assert.True(receipt.Excluded["suppressed"] > 0, receipt.ToString());
        Assert.True(receipt.Balanced);
        // What else the machine does is in all three. The long form has it to itself; in the short one other tests' servers may still be ending.
        var after = await SendAsync(field);
        var without = Math.Min(calm.Rate, after.Rate);
        Assert.True(rate >= without * FaultForm.Pick(0.75, 0.9), string.Create(CultureInfo.InvariantCulture, $"{rate:0.0}/s with bounces, {calm.Rate:0.0}/s before and {after.Rate:0.0}/s after"));
    }

    // Messages a second, from the first that arrives to the last: how soon the end is noticed is not the point.
    // Where something comes meanwhile, the issue waits until the first of it has been dealt with: on a busy machine it would be through before.
    private static async Task<(long Issue, double Rate)> SendAsync(FaultField field, Action? meanwhile = null)
    {
        var newsletter = await field.Room.Newsletters.FindAsync("tea", default);
        var edition = await Some.EditionAsync(field.Room.Database, newsletter!);
        var before = field.Inbox.Messages.Count;
        var issue = await field.Room.FreezeAsync(edition);
        await field.ArrivedAsync(before + 1);
        if (meanwhile is not null)
        {
            await field.Room.Control.ChangeAsync(issue, "paused", default);
            meanwhile();
            await field.UntilAsync(async () => await Count(field, "suppressions") > 0, "the first suppression");
            before = field.Inbox.Messages.Count;
            await field.Room.Control.ChangeAsync(issue, "sending", default);
        }

        await field.FinishedAsync(issue);
        var (first, last) = (field.Inbox.Messages.Find(before + 1)!, field.Inbox.Messages.Find(field.Inbox.Messages.Count)!);
        return (issue, (last.Number - first.Number) / (last.ReceivedAt - first.ReceivedAt).TotalSeconds);
    }

    private static void Read(FaultField field, DovecotFixture dovecot, string protocol)
    {
        field.Set("Delivery__BounceAddress", ReturnedMails.BounceAddress);
        field.Set("Feedback__Mailboxes__0__Protocol", protocol);
        field.Set("Feedback__Mailboxes__0__Host", "127.0.0.1");
        field.Set("Feedback__Mailboxes__0__Port", (protocol == "Imap" ? dovecot.ImapPort : dovecot.PopPort).ToString(CultureInfo.InvariantCulture));
        field.Set("Feedback__Mailboxes__0__Security", "None");
        field.Set("Feedback__Mailboxes__0__UserName", User);
        field.Set("Feedback__Mailboxes__0__Password", DovecotFixture.Password);
        field.Set("Feedback__Mailboxes__0__PollSeconds", "0.5");
    }

    private static Task<int> Count(FaultField field, string what) => field.Room.Database.ScalarAsync<int>($"select count(*)::integer from {what}");
}
