using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The whole way of an issue through a real relay: a private Postfix with STARTTLS and AUTH. Root only; see <see cref="PostfixFixture"/>.</summary>
[Trait("Category", "Postfix")]
public sealed class PostfixIssueTests : MailroomTest
{
    private const int Readers = 60;

    [Fact]
    public async Task TheSampleEditionReachesEveryMailboxOnceAndTheReceiptSaysSo()
    {
        await using var postfix = await PostfixFixture.StartAsync();
        Room.Relay = Room.Relay with
        {
            Port = postfix.Port,
            Security = RelaySecurity.StartTls,
            AcceptAnyCertificate = true,
            UserName = PostfixFixture.UserName,
            Password = PostfixFixture.Password,
        };
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Slug = SampleEdition.Newsletter.Slug });
        await Some.SubscribersAsync(Database, newsletter, Readers, domain: "whole-way.example.net");
        // Postfix knows no such mailbox: answered at RCPT, for this one reader only.
        await Database.ExecuteAsync("update subscribers set address = 'unknown@whole-way.example.net' where address = 'reader7@whole-way.example.net'");
        var saved = Assert.IsType<EditionChange.Saved>(
            await new EditionDesk(new EditionStore(Database.DataSource)).CreateAsync(newsletter.Slug, SampleEdition.Source, default));
        var issue = await Room.FreezeAsync(saved.Edition);

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", true), (receipt.State, receipt.Balanced));
        Assert.Equal((Readers, Readers - 1, 1), (receipt.Audience, receipt.Accepted, receipt.Rejected));
        await postfix.WaitForDeliveredAsync("whole-way.example.net", Readers - 1, TimeSpan.FromSeconds(60));
        var arrived = postfix.Delivered("whole-way.example.net").Select(text => MimeKit.MimeMessage.Load(new MemoryStream(System.Text.Encoding.Latin1.GetBytes(text)))).ToList();
        Assert.Equal(Readers - 1, arrived.Select(message => message.To.Mailboxes.Single().Address).Distinct().Count());
        Assert.Equal(Readers - 1, arrived.Select(message => message.MessageId).Distinct().Count());
        Assert.All(arrived, message =>
        {
            Assert.Equal("List-Unsubscribe=One-Click", message.Headers["List-Unsubscribe-Post"]);
            // "with ESMTPSA": both STARTTLS and AUTH (RFC 3848).
            Assert.Contains("ESMTPSA", message.Headers["Received"], StringComparison.Ordinal);
            Assert.Contains("lighthouse", message.TextBody, StringComparison.OrdinalIgnoreCase);
        });

        var why = await Room.Deliveries.WhyAsync(issue, await Database.ScalarAsync<long>("select id from subscribers where address like 'unknown@%'"), default);
        Assert.Contains("5.1.1", why!.Answer, StringComparison.Ordinal);
        Assert.Equal("hard_bounce", await Database.ScalarAsync<string>("select reason from suppressions where address = 'unknown@whole-way.example.net'"));
    }
}
