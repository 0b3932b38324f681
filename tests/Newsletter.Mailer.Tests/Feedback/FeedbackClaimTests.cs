using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>Of whom a report speaks: whoever can't show it names nobody.</summary>
public sealed class FeedbackClaimTests : FeedbackTest
{
    [Fact]
    public async Task AComplaintWithoutAnyTokenFindsItsReaderByMessageIdAndAddress()
    {
        var (_, mails) = await SendAsync(2);

        Assert.Equal("complaint", await ReceiveAsync(await mails.ComplaintByMessageIdAsync(2, "reader2@example.net")));
        Assert.Equal("unclear", await ReceiveAsync(await mails.ComplaintByMessageIdAsync(1, "reader2@example.net")));

        Assert.Equal(["reader2@example.net complaint"], await Suppressions());
        Assert.Equal("It speaks of a delivery that is not known here, or of another address than it went to.", await Database.ScalarAsync<string>("select why from mailbox_messages where outcome = 'unclear'"));
    }

    [Fact]
    public async Task WhoHasAMailOfTheIssueCantNameItsOtherReaders()
    {
        var (issue, mails) = await SendAsync(2);
        var theirs = (await mails.MessageIdOf(2)).Replace($"{issue}.2.", $"{issue}.1.", StringComparison.Ordinal);

        Assert.Equal("unclear", await ReceiveAsync(Named(await mails.ComplaintByMessageIdAsync(1, "reader1@example.net"), await mails.MessageIdOf(1))));
        Assert.Equal("unclear", await ReceiveAsync(Named(await mails.BounceByMessageIdAsync(1, "reader1@example.net"), await mails.MessageIdOf(1))));

        Assert.Empty(await Suppressions());

        byte[] Named(byte[] mail, string id) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(mail).Replace(id, theirs, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnIssueOfAVersionBeforeIsNamedByItsMessageIdsOnlyByWhoShowsWhoTheyAre()
    {
        var (issue, mails) = await SendAsync(2);
        await Database.ExecuteAsync("update issues set nonce = '0123456789ab@example.com'");

        Assert.Equal($"{issue}.1.0123456789ab@example.com", await mails.MessageIdOf(1));
        Assert.Equal("unclear", await ReceiveAsync(await mails.ComplaintByMessageIdAsync(1, "reader1@example.net")));
        await new FeedbackStore(DataSource).TakeEventsAsync([new("generic", "1", new FeedbackClaim { IsTrusted = true, Failure = new Failure(FailureKind.Complaint, "complaint") }.ByMessageId(await mails.MessageIdOf(2)))], default);

        Assert.Equal(2, await Database.ScalarAsync<int>("select seq from bounces"));
    }

    [Fact]
    public async Task ABounceOfAnotherMessageIsNotBelieved()
    {
        var (_, mails) = await SendAsync(2);
        var forged = Encoding.Latin1.GetString(await mails.BounceAsync(1)).Replace(await mails.SenderOf(1), "bounce+aaaaaaaaaaaaaaaaaaaaaa@news.example.com", StringComparison.Ordinal);
        forged = Regex.Replace(forged, "(Message-ID|List-Unsubscribe): .*\r\n", "");

        Assert.Equal("unclear", await ReceiveAsync(Encoding.Latin1.GetBytes(forged)));

        Assert.Empty(await Suppressions());
    }
}
