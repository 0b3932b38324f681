using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>The mailto of List-Unsubscribe (RFC 2369), which is there only where a mailbox is read (S1).</summary>
public sealed class LeaveAddressTests : MailroomTest
{
    [Fact]
    public async Task WhereAMailboxIsReadEveryMessageNamesAnAddressOfItsOwnToLeaveBy()
    {
        Room.Leave = ReturnedMails.Paths;
        var issue = await Room.FreezeIssueAsync(2);
        await Room.Worker.WorkAsync();

        for (var number = 1; number <= 2; number++)
        {
            var mail = Load(number);
            var parts = mail.Headers["List-Unsubscribe"]!.Split(", ");
            Assert.StartsWith("<https://news.example.com/unsubscribe/", parts[0], StringComparison.Ordinal);
            Assert.EndsWith("?subject=unsubscribe>", parts[1], StringComparison.Ordinal);
            Assert.Equal("List-Unsubscribe=One-Click", mail.Headers["List-Unsubscribe-Post"]);
            var address = parts[1]["<mailto:".Length..parts[1].IndexOf('?', StringComparison.Ordinal)];
            Assert.InRange(address.IndexOf('@', StringComparison.Ordinal), 1, 50);
            var token = ReturnedMails.Paths.Read(Room.Keys, address.ToUpperInvariant(), LinkPurpose.Leave);
            Assert.Equal(new DeliveryToken(issue, int.Parse(mail.MessageId!.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture)), token);
            // One is never good for the other: nobody leaves because their mail came back.
            Assert.Null(ReturnedMails.Paths.Read(Room.Keys, address));
        }
    }

    [Fact]
    public async Task WhereNoneIsReadThereIsNone()
    {
        await Room.FreezeIssueAsync(1);
        await Room.Worker.WorkAsync();

        Assert.DoesNotContain("mailto", Load(1).Headers["List-Unsubscribe"], StringComparison.Ordinal);
    }

    private MimeKit.MimeMessage Load(int number) => MimeKit.MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(number)!.Bytes));
}
