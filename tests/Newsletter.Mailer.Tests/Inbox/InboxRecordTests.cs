using System.Text.Json.Nodes;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public sealed class InboxRecordTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("newsletter-record-").FullName;

    private string Path => System.IO.Path.Combine(folder, "record.jsonl");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task AMessageIsInTheFileBeforeItsSenderHearsOfIt()
    {
        using var record = InboxRecord.Open(Path);
        await using var inbox = await StartAsync(record);
        for (var connection = 1; connection <= 2; connection++)
        {
            await using var client = await SmtpConversation.GreetAsync(inbox);
            await client.DeliverAsync("Ana@example.com", $"Message-ID: <{connection}@example.com>\r\n\r\n.dot \"ü\"\r\n");

            var line = Lines()[^1];
            var message = inbox.Latest();
            Assert.Equal(
                (connection, connection, "news@example.com", "Ana@example.com", $"<{connection}@example.com>", message.Sha256, message.Size),
                ((int)line["number"]!, (int)line["connection"]!, (string?)line["sender"], (string?)line["recipient"], (string?)line["message_id"], (string?)line["sha256"], (long)line["bytes"]!));
            Assert.Equal(message.ReceivedAt, ((DateTimeOffset)line["at"]!).ToUniversalTime(), TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public async Task EachRecipientHasALine()
    {
        using var record = InboxRecord.Open(Path);
        await using var inbox = await StartAsync(record);
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<>");
        await client.SayAsync("RCPT TO:<ana@example.com>");
        await client.SayAsync("RCPT TO:<ben@example.com>");
        await client.SayAsync("DATA");
        await client.SayAsync("Text\r\n.");

        Assert.Equal(["ana@example.com", "ben@example.com"], Lines().Select(line => (string?)line["recipient"]));
        Assert.Equal([1, 1], Lines().Select(line => (int)line["number"]!));
    }

    [Fact]
    public async Task WhatIsKeptUnansweredIsRecordedAndWhatIsLostIsNot()
    {
        using var record = InboxRecord.Open(Path);
        var script = FaultScript.None.At(FaultPoint.EndOfData).First(1).KeepingMessage().Drop().At(FaultPoint.EndOfData).LosingMessage().Drop();
        await using var inbox = await StartAsync(record, script);
        for (var n = 1; n <= 2; n++)
        {
            await using var client = await SmtpConversation.GreetAsync(inbox);
            await Assert.ThrowsAsync<IOException>(() => client.DeliverAsync($"reader{n}@example.com"));
        }

        Assert.Equal(["reader1@example.com"], Lines().Select(line => (string?)line["recipient"]));
    }

    [Fact]
    public async Task ARecordIsAddedToAndALineLeftHalfIsEnded()
    {
        await File.WriteAllTextAsync(Path, "{\"number\":1}\n{\"numb");
        using (var record = InboxRecord.Open(Path))
        {
            await using var inbox = await StartAsync(record);
            await using var client = await SmtpConversation.GreetAsync(inbox);
            await client.DeliverAsync("ana@example.com");
        }

        var lines = await File.ReadAllLinesAsync(Path);
        Assert.Equal(["{\"number\":1}", "{\"numb"], lines[..2]);
        Assert.Equal("ana@example.com", (string?)JsonNode.Parse(Assert.Single(lines[2..]))!["recipient"]);
    }

    [Fact]
    public async Task WhatCantBeRecordedIsNotTaken()
    {
        using var record = InboxRecord.Open("/dev/full");
        await using var inbox = await StartAsync(record);
        await using var client = await SmtpConversation.GreetAsync(inbox);

        await Assert.ThrowsAsync<IOException>(() => client.DeliverAsync("ana@example.com"));
        Assert.IsType<IOException>(await record.Failed.WaitAsync(Inboxes.Patience));
        Assert.Equal(0, inbox.Messages.Count);
    }

    [Fact]
    public void ARecordNeedsAFolderThatIsThere() =>
        Assert.Throws<DirectoryNotFoundException>(() => InboxRecord.Open(System.IO.Path.Combine(folder, "no", "record")));

    private List<JsonNode> Lines()
    {
        using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private static async Task<InboxServer> StartAsync(InboxRecord record, FaultScript? script = null)
    {
        var inbox = await Inboxes.StartAsync(script);
        inbox.Messages.Arriving = record.Write;
        return inbox;
    }
}
