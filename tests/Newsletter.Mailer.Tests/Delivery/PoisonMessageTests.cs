using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class PoisonMessageTests : MailroomTest
{
    [Fact]
    public async Task AMessageThatBreaksEveryConnectionIsPutOffInsteadOfTriedForEver()
    {
        // A filter on the way that cuts the connection under one message, and only that one, says nothing, ever.
        var issue = await Room.FreezeIssueAsync(30);
        Relay(script => script.At(FaultPoint.Data).ToRecipient("reader5@example.net").Reset());

        for (var lease = 0; lease < 3; lease++)
        {
            await Room.Worker.SendAsync();
            await Database.ExecuteAsync("update batches set not_before = now()");
        }

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal((29L, 1L, 0L), (receipt.Accepted, receipt.Deferred, receipt.Pending));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from retries"));

        Relay(script => script);
        await Room.Worker.WorkAsync();
        Assert.Equal(("finished", 30L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Accepted));
        Assert.Equal(30, Room.Inbox.Messages.Count);
    }
}
