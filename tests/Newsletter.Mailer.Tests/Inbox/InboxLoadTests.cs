using System.Globalization;
using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

/// <summary>Memory is the process's: these tests run with no other beside them.</summary>
[CollectionDefinition(nameof(InboxLoadTests), DisableParallelization = true)]
[Collection(nameof(InboxLoadTests))]
public class InboxLoadTests
{
    private const int PerConnection = 5000;

    [Fact]
    public async Task TwentyThousandMessagesKeepMemoryFlat()
    {
        await using var inbox = await Inboxes.StartAsync(options => options.KeptBodies = 100);
        await SendAsync(inbox, 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Task.WhenAll(Enumerable.Range(1, 3).Select(connection => SendAsync(inbox, connection)));
        await inbox.Messages.WaitForAsync(4 * PerConnection, Inboxes.Patience);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.Equal(4 * PerConnection, inbox.Messages.DistinctRecipients);
        Assert.Equal(4 * PerConnection, inbox.Messages.DistinctMessageIds);
        Assert.Empty(inbox.Messages.Repeated());
        Assert.Equal(100, inbox.Messages.List(200).Messages.Count(message => message.BodyKept));
        // 15,000 messages at 150 bytes each, and some room for what else runs in the test process.
        Assert.InRange(grown, long.MinValue, 8_000_000);
    }

    [Fact]
    public void AHundredThousandMessagesTakeFifteenMegabytes()
    {
        var pool = new SegmentPool(64);
        var messages = new ReceivedMessages(new KeptBodies(pool, 0, 0));
        using var incoming = new IncomingMessage(pool, 0, 1_000_000);
        var random = new Random(35);
        var token = new byte[20];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 1; i <= 100_000; i++)
        {
            random.NextBytes(token);
            var id = Convert.ToHexStringLower(token);
            ReceivedMessagesTests.Add(messages, incoming, $"bounce+{id}@bounces.example.com", [$"reader{i:000000}@example.com"], Encoding.ASCII.GetBytes($"Message-ID: <35.{i}.{id[..16]}@news.example.com>\r\nSubject: Here's the tea, reader\r\n\r\n"), TimeProvider.System.GetUtcNow());
        }

        var used = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal(100_000, messages.DistinctRecipients);
        Assert.InRange(used, 0, 15_000_000);
    }

    /// <summary>Sends as fast as PIPELINING allows: everything at once, the replies read beside it.</summary>
    private static async Task SendAsync(InboxServer inbox, int connection)
    {
        await using var client = await SmtpConversation.GreetAsync(inbox);
        var filler = new string('x', 500);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < PerConnection; i++)
            {
                var id = (connection * PerConnection + i).ToString(CultureInfo.InvariantCulture);
                await client.SendAsync($"MAIL FROM:<news@example.com>\r\nRCPT TO:<reader{id}@example.com>\r\nBDAT {60 + id.Length + filler.Length} LAST\r\n{$"Message-ID: <{id}@example.com>\r\n\r\n",-60}{filler}{id}");
            }
        });
        for (var i = 0; i < 3 * PerConnection; i++)
            Assert.StartsWith("250", await client.ReadAsync(), StringComparison.Ordinal);
        await sending;
    }
}
