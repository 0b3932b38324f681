using System.Text;
using MimeKit;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class InboxMessageViewTests
{
    [Fact]
    public void PartsHeadersAndAttachmentsAreShown()
    {
        var body = new BodyBuilder { TextBody = "Grüße", HtmlBody = "<p>Grüße <img src=\"cid:tea@x.test\"></p>" };
        var picture = body.LinkedResources.Add("tea.png", new byte[] { 1, 2, 3 }, new ContentType("image", "png"));
        picture.ContentId = "tea@x.test";
        body.Attachments.Add("notes.txt", new byte[] { 1 }, new ContentType("text", "plain"));
        using var message = new MimeMessage { Subject = "Grüße", Date = new DateTimeOffset(2026, 3, 6, 8, 0, 0, TimeSpan.FromHours(1)), Body = body.ToMessageBody() };
        message.From.Add(new MailboxAddress("Näws", "news@example.com"));
        message.To.Add(new MailboxAddress("Ana", "ana@example.com"));
        using var stream = new MemoryStream();
        message.WriteTo(stream);

        var view = InboxMessageView.Parse(stream.ToArray());

        Assert.Equal("Grüße", view.Subject);
        Assert.Equal("\"Näws\" <news@example.com>", view.From);
        Assert.Equal("\"Ana\" <ana@example.com>", view.To);
        Assert.Equal(message.Date, view.Date);
        Assert.Equal("Grüße", view.Text?.TrimEnd());
        Assert.Equal("<p>Grüße <img src=\"data:image/png;base64,AQID\"></p>", view.Html?.TrimEnd());
        Assert.Equal(["notes.txt"], view.Attachments);
        Assert.Contains("multipart/", view.Source, StringComparison.Ordinal);
        Assert.True(view.SourceIsWhole);
    }

    [Fact]
    public void WhatIsNoMimeStillShowsItsSource()
    {
        Assert.All(new[] { "", "\r\n", "no header at all\r\n", ": : :\r\n\r\n", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" }, text =>
            Assert.Equal(text, InboxMessageView.Parse(Encoding.ASCII.GetBytes(text)).Source));
        Assert.Equal("\u0000ÿþ", InboxMessageView.Parse([0x00, 0xFF, 0xFE]).Source);

        var random = new Random(35);
        for (var i = 0; i < 200; i++)
        {
            var junk = new byte[random.Next(4000)];
            random.NextBytes(junk);
            Assert.NotNull(InboxMessageView.Parse(junk));
        }
    }

    [Fact]
    public void AMessageWithOnlyTextHasNoHtmlAndNoDate()
    {
        var view = InboxMessageView.Parse("Subject: x\r\n\r\nText\r\n"u8.ToArray());

        Assert.Null(view.Html);
        Assert.Null(view.Date);
        Assert.Equal("Text\r\n", view.Text?.ReplaceLineEndings("\r\n"));
    }

    [Fact]
    public void AVeryLongSourceIsCut()
    {
        var view = InboxMessageView.Parse(Encoding.ASCII.GetBytes("\r\n" + new string('x', InboxMessageView.MaxSourceBytes)));

        Assert.False(view.SourceIsWhole);
        Assert.Equal(InboxMessageView.MaxSourceBytes, view.Source.Length);
    }
}
