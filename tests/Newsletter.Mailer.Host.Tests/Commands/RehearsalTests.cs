using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Commands;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Tests.Commands;

/// <summary>What must not pass, shown with mail that a correct sender would not send.</summary>
public sealed class RehearsalTests
{
    [Fact]
    public async Task CopiesThatNoFaultExplainsAreFoundOut()
    {
        await using var inbox = await WithMailAsync((1, "first"), (2, "first"), (1, "first"), (3, "first"), (3, "changed"), (999, "first"));

        var found = Found(inbox, copiesExplained: 1);

        Assert.Equal((6, 2, 1), (found.Arrivals.Messages, found.Arrivals.Copies, found.Arrivals.Strangers));
        Assert.False(found.Passed);
        Assert.Contains("Sent twice: 2 copies, and the faults explain 1 of them.", found.Complaints);
        Assert.Contains("Mail to nobody of the readers: 1 messages.", found.Complaints);
        Assert.Contains("Changed: 1 messages were not the same, byte for byte, when they came a second time.", found.Complaints);
    }

    [Fact]
    public async Task CopiesThatAFaultExplainsPass()
    {
        await using var inbox = await WithMailAsync((1, "first"), (2, "first"), (3, "first"), (1, "first"));

        Assert.Empty(Found(inbox, copiesExplained: 1).Complaints);
    }

    [Fact]
    public async Task RejectionsWithoutAFaultAndUnmadeMessagesAreFoundOut()
    {
        await using var inbox = await WithMailAsync((1, "first"));
        var found = Found(inbox, copiesExplained: 0);
        found = found with { Receipt = found.Receipt with { Accepted = 1, Rejected = 1, Failed = 1 } };

        Assert.Equal(
            ["Rejected: 1 readers, and the faults refused 0 times.", "Not made: the messages of 1 reader. Look at the edition's slots."],
            found.Complaints);
        Assert.Contains("doesn't balance", Assert.Single((found with { Receipt = found.Receipt with { Accepted = 2, Pending = 1, Rejected = 0, Failed = 0 } }).Complaints), StringComparison.Ordinal);
    }

    private static async Task<InboxServer> WithMailAsync(params (int Reader, string Text)[] mail)
    {
        var inbox = new InboxServer(new InboxOptions());
        await inbox.StartAsync();
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", inbox.Port, SecureSocketOptions.None);
        foreach (var (reader, text) in mail)
        {
            using var message = new MimeMessage([new MailboxAddress("", "news@example.com")], [new MailboxAddress("", DemoReaders.Address(reader))], "Hello", new TextPart("plain") { Text = text })
            {
                MessageId = $"{reader}@example.com",
                Date = DateTimeOffset.UnixEpoch,
            };
            await client.SendAsync(message);
        }

        await client.DisconnectAsync(quit: true);
        return inbox;
    }

    private static Rehearsal Found(InboxServer inbox, long copiesExplained) => new()
    {
        Wish = new RehearseWish { Edition = "e.md", Subscribers = 3, Hurry = 300 },
        Setup = new RehearsalSetup(new DeliveryOptions(), new DatabaseOptions(), RelayCaps.None, FaultPlan.None, hurry: 300),
        Receipt = Balanced(),
        Took = TimeSpan.FromSeconds(1),
        Arrivals = Arrivals.Read(inbox.Messages, readers: 3, firstPassOver: null),
        Recipients = inbox.Messages.DistinctRecipients,
        Comparison = new LedgerComparison(),
        Altered = inbox.Messages.Repeated().Count(copies => !copies.HashesAgree),
        Faults = [],
        CopiesExplained = copiesExplained,
        RefusalsExplained = 0,
        PeakMemory = 1,
    };

    private static Receipt Balanced() => new()
    {
        Issue = 1,
        Newsletter = "tea",
        Number = 1,
        State = "finished",
        Audience = 3,
        Accepted = 3,
        Rejected = 0,
        Unknown = 0,
        Expired = 0,
        Cancelled = 0,
        Failed = 0,
        Excluded = new Dictionary<string, long>(),
        Pending = 0,
        Sending = 0,
        Deferred = 0,
        Resent = 0,
        Rounds = [],
        FrozenAt = DateTimeOffset.UnixEpoch,
    };
}
