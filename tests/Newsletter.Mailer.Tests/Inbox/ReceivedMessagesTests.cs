using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class ReceivedMessagesTests
{
    private readonly SegmentPool pool = new(64);

    [Fact]
    public void PagesGoFromTheNewestToTheOldestAndBack()
    {
        var messages = Filled(25);

        var first = messages.List(10);
        Assert.Equal(Numbers(25, 16), first.Messages.Select(message => message.Number));
        Assert.Equal((25, false, true), (first.Total, first.HasNewer, first.HasOlder));
        var second = messages.List(10, before: 16);
        Assert.Equal(Numbers(15, 6), second.Messages.Select(message => message.Number));
        Assert.Equal((true, true), (second.HasNewer, second.HasOlder));
        var third = messages.List(10, before: 6);
        Assert.Equal(Numbers(5, 1), third.Messages.Select(message => message.Number));
        Assert.Equal((true, false), (third.HasNewer, third.HasOlder));
        Assert.Equal(second.Messages.Select(message => message.Number), messages.List(10, after: 5).Messages.Select(message => message.Number));
        Assert.Empty(messages.List(10, before: 1).Messages);
        Assert.Empty(messages.List(10, after: 25).Messages);
        Assert.Equal([24, 25], messages.After(23, 10).Select(message => message.Number));
        Assert.Equal([1, 2], messages.After(0, 2).Select(message => message.Number));
        Assert.Empty(messages.After(long.MaxValue, 2));
        Assert.Empty(messages.List(10, after: long.MaxValue).Messages);
        Assert.Equal(25, messages.List(10, before: long.MaxValue).Messages[0].Number);
        Assert.Throws<ArgumentOutOfRangeException>(() => messages.List(0));
    }

    [Fact]
    public void SearchingFindsRecipientsWithoutCaseAcrossPages()
    {
        var messages = Filled(1200);

        var found = messages.List(3, recipient: "READER77");
        Assert.Equal(11, found.Total);
        Assert.Equal([779, 778, 777], found.Messages.Select(message => message.Number));
        Assert.True(found.HasOlder);
        var older = messages.List(20, before: 777, recipient: "reader77");
        Assert.Equal([776, 775, 774, 773, 772, 771, 770, 77], older.Messages.Select(message => message.Number));
        Assert.Equal((true, false), (older.HasNewer, older.HasOlder));
        Assert.Equal([774, 773], messages.List(2, after: 772, recipient: "reader77").Messages.Select(message => message.Number));
        var nothing = messages.List(3, recipient: "nobody");
        Assert.Equal((0, false, false), (nothing.Total, nothing.HasNewer, nothing.HasOlder));
    }

    [Fact]
    public void AnEmptyInboxHasAnEmptyList()
    {
        var messages = Filled(0);

        Assert.Equal(new { Total = 0L, HasNewer = false, HasOlder = false }, new { messages.List(10).Total, messages.List(10).HasNewer, messages.List(10).HasOlder });
        Assert.Null(messages.Find(1));
        Assert.Null(messages.ReadBody(1));
        Assert.Empty(messages.After(0, 10));
        Assert.Empty(messages.Repeated());
        Assert.Empty(messages.CopiesOf("<1@example.com>").Copies);
        Assert.True(messages.CopiesOf("<1@example.com>").HashesAgree);
    }

    [Fact]
    public void EveryMessageIsFoundAsItCame()
    {
        var messages = new ReceivedMessages(new KeptBodies(pool, 1000, 1_000_000));
        using var incoming = new IncomingMessage(pool, 1_000_000, 1_000_000);
        var random = new Random(35);
        var expected = new List<(string Sender, string[] To, string Id, string Subject, int Size, string Hash, DateTimeOffset At)>();
        var at = new DateTimeOffset(2026, 3, 6, 8, 0, 0, TimeSpan.Zero);
        for (var i = 1; i <= 3000; i++)
        {
            at += TimeSpan.FromMilliseconds(random.Next(-50, 5000));
            var to = Enumerable.Range(0, random.Next(1, i % 500 == 0 ? 900 : 4)).Select(n => $"reader{random.Next(100000)}.{n}@{(random.Next(3) == 0 ? "例子.test" : "example.com")}").ToArray();
            var (sender, id, subject) = (i % 11 == 0 ? "" : $"bounce+{random.NextInt64():x}@example.com", i % 13 == 0 ? "" : $"<{i}.{random.NextInt64():x}@example.com>", i % 17 == 0 ? "" : $"Edition {random.Next(4)} · naïve");
            var text = Encoding.UTF8.GetBytes($"{(id.Length > 0 ? $"Message-ID: {id}\r\n" : "")}{(subject.Length > 0 ? $"Subject: {subject}\r\n" : "")}\r\n{new string('x', random.Next(200))}\r\n");
            Add(messages, incoming, sender, to, text, at);
            expected.Add((sender, to, id, subject, text.Length, Convert.ToHexStringLower(SHA256.HashData(text)), at));
        }

        Assert.All(messages.After(0, 5000), message =>
        {
            var (sender, to, id, subject, size, hash, when) = expected[(int)message.Number - 1];
            Assert.Equal((sender, id, subject, size, hash, when), (message.Sender, message.MessageId, message.Subject, message.Size, message.Sha256, message.ReceivedAt));
            Assert.Equal(to, message.Recipients);
        });
        Assert.Equal(3000, messages.After(0, 5000).Count);
        Assert.All(new[] { 1, 2, 499, 500, 501, 2999, 3000 }, number => Assert.Equal(expected[number - 1].Hash, messages.Find(number)!.Sha256));
        Assert.Null(messages.Find(0));
        Assert.Null(messages.Find(3001));
        Assert.Equal(expected.SelectMany(one => one.To).Distinct(StringComparer.OrdinalIgnoreCase).Count(), messages.DistinctRecipients);
        Assert.Equal(expected.Count(one => one.Id.Length > 0), messages.DistinctMessageIds);
    }

    [Fact]
    public void CopiesOfAMessageIdAreFoundAndCompared()
    {
        var messages = new ReceivedMessages(new KeptBodies(pool, 10, 1_000_000));
        using var incoming = new IncomingMessage(pool, 1_000_000, 1_000_000);
        Add(messages, incoming, "", ["ana@example.com"], "Message-ID: <1@x.test>\r\n\r\na"u8);
        Add(messages, incoming, "", ["ben@example.com"], "Message-ID: <2@x.test>\r\n\r\na"u8);
        Add(messages, incoming, "", ["Ana@example.com"], "Message-ID: <1@x.test>\r\n\r\na"u8);
        Add(messages, incoming, "", ["ben@example.com"], "Message-ID: <2@x.test>\r\n\r\nb"u8);
        Add(messages, incoming, "", ["cem@example.com"], "Message-ID: <3@x.test>\r\n\r\nb"u8);
        Add(messages, incoming, "", ["cem@example.com"], "\r\nno id"u8);
        Add(messages, incoming, "", ["cem@example.com"], "\r\nno id"u8);

        Assert.Equal((7, 3, 3), (messages.Count, messages.DistinctRecipients, messages.DistinctMessageIds));
        Assert.Equal(["<1@x.test>", "<2@x.test>"], messages.Repeated().Select(copies => copies.MessageId));
        Assert.Equal([true, false], messages.Repeated().Select(copies => copies.HashesAgree));
        Assert.Equal([2, 4], messages.CopiesOf("<2@x.test>").Copies.Select(copy => copy.Number));
        Assert.Single(messages.CopiesOf("<3@x.test>").Copies);
    }

    [Fact]
    public void OnlyTheLatestBodiesAreKeptByCountAndByBytes()
    {
        var byCount = Filled(25, kept: 10);
        Assert.Equal(Numbers(25, 16), byCount.List(25).Messages.Where(message => message.BodyKept).Select(message => message.Number));
        Assert.Null(byCount.ReadBody(15));
        Assert.NotNull(byCount.ReadBody(16));

        var byBytes = new ReceivedMessages(new KeptBodies(pool, 1000, 100_000));
        using var incoming = new IncomingMessage(pool, 100_000, 1_000_000);
        for (var i = 0; i < 7; i++)
            Add(byBytes, incoming, "", ["ana@example.com"], new byte[30_000]);
        Assert.Equal([7, 6, 5], byBytes.List(25).Messages.Where(message => message.BodyKept).Select(message => message.Number));
        Assert.Equal(90_000, byBytes.BodyBytes);

        Add(byBytes, incoming, "", ["ana@example.com"], new byte[100_001]);
        Assert.Equal([7, 6, 5], byBytes.List(25).Messages.Where(message => message.BodyKept).Select(message => message.Number));
        Assert.Equal(100_001, byBytes.Find(8)!.Size);
    }

    [Fact]
    public void BodiesCanBeLeftOutAltogether()
    {
        var messages = new ReceivedMessages(new KeptBodies(pool, 0, 0));
        using var incoming = new IncomingMessage(pool, 0, 1_000_000);
        Add(messages, incoming, "", ["ana@example.com"], "Message-ID: <1@x.test>\r\n\r\na"u8);

        Assert.Equal("<1@x.test>", messages.Find(1)!.MessageId);
        Assert.False(messages.Find(1)!.BodyKept);
    }

    [Theory]
    [InlineData("message-id:<1@x.test>\r\n\r\n", "<1@x.test>")]
    [InlineData("Message-ID:\r\n <1@x.test> \r\n\r\n", "<1@x.test>")]
    [InlineData("Message-IDs: <0@x.test>\r\nX: y\r\nMESSAGE-ID: <1@x.test>\r\nMessage-ID: <2@x.test>", "<1@x.test>")]
    [InlineData("X: y\nMessage-ID:\t<1@x.test>\n\n", "<1@x.test>")]
    [InlineData("X: y\r\n\r\nMessage-ID: <1@x.test>\r\n", "")]
    [InlineData("Message-ID\r\n:", "")]
    [InlineData("Message-ID", "")]
    [InlineData("", "")]
    public void AHeaderIsFoundHoweverItIsWritten(string message, string value) =>
        Assert.Equal(value, Encoding.ASCII.GetString(HeaderScanner.Find(Encoding.ASCII.GetBytes(message), "Message-ID"u8)));

    [Fact]
    public void AHeaderBehindALongHeaderIsFoundAcrossSegments()
    {
        var messages = new ReceivedMessages(new KeptBodies(pool, 0, 0));
        using var incoming = new IncomingMessage(pool, 0, 10_000_000);
        var text = $"X-Long: {new string('x', SegmentPool.SegmentBytes - 20)}\r\nMessage-ID: <1@x.test>\r\n\r\n{new string('y', 900_000)}";
        Add(messages, incoming, "", ["ana@example.com"], Encoding.ASCII.GetBytes(text));

        Assert.Equal("<1@x.test>", messages.Find(1)!.MessageId);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text))), messages.Find(1)!.Sha256);
    }

    private ReceivedMessages Filled(int count, int kept = 1000)
    {
        var messages = new ReceivedMessages(new KeptBodies(pool, kept, 1_000_000));
        using var incoming = new IncomingMessage(pool, 1_000_000, 1_000_000);
        for (var i = 1; i <= count; i++)
            Add(messages, incoming, "news@example.com", [$"reader{i}@example.com"], Encoding.ASCII.GetBytes($"Message-ID: <{i}@example.com>\r\n\r\nText {i}"));
        return messages;
    }

    internal static void Add(ReceivedMessages messages, IncomingMessage incoming, string sender, string[] to, ReadOnlySpan<byte> text, DateTimeOffset at = default)
    {
        var envelope = new Envelope(sender, "");
        envelope.Recipients.AddRange(to);
        incoming.Append(text);
        messages.Add(incoming, envelope, at, new ReceivedBody
        {
            Bytes = [],
            ClientName = "",
            Connection = 1,
            Secured = false,
            User = null,
            Chunked = false,
            MailParameters = "",
            RecipientParameters = [],
        });
    }

    private static IEnumerable<long> Numbers(int from, int to) => Enumerable.Range(to, from - to + 1).Reverse().Select(n => (long)n);
}
