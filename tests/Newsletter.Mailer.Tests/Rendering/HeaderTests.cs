using System.Text;
using MimeKit;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>STANDARDS S1, S2, S4, S8 on the bytes themselves.</summary>
public sealed class HeaderTests
{
    private static readonly CompiledMessage Issue = Rendered.Compile("Text", "title: Hello\nnumber: 35");

    [Fact]
    public void OneClickUnsubscribeIsOneHttpsAddress()
    {
        // RFC 8058 §3.1
        Assert.Equal("<https://news.example.com/unsubscribe/k1.abc>", Single("List-Unsubscribe"));
        Assert.Equal("List-Unsubscribe=One-Click", Single("List-Unsubscribe-Post"));
    }

    [Fact]
    public void TheListIsDescribed()
    {
        // RFC 2369, RFC 2919
        Assert.Equal("The Tide Table <the-tide-table.example.com>", Single("List-Id"));
        Assert.Equal("<https://news.example.com/n/the-tide-table/archive>", Single("List-Archive"));
        Assert.Equal("<mailto:letters@example.com?subject=help>", Single("List-Help"));
        Assert.Equal("<mailto:letters@example.com>", Single("List-Owner"));
        Assert.Equal("NO", Single("List-Post"));
    }

    [Fact]
    public void TheListKeepsItsIdWhenItIsRenamed()
    {
        var renamed = Rendered.Compile("Text", newsletter: Rendered.Newsletter with { Name = "Der Gezeitenkalender für Ölmützen", FromName = "Someone" });

        Assert.EndsWith("<the-tide-table.example.com>", Single("List-Id", renamed), StringComparison.Ordinal);
        Assert.Equal("Der Gezeitenkalender für Ölmützen", MailboxName(renamed, "List-Id"));
    }

    [Fact]
    public void AnIssueIsBulkWithAFeedbackId()
    {
        Assert.Equal("35:the-tide-table:issue:nlmailer", Single("Feedback-ID"));
        Assert.Equal("bulk", Single("Precedence"));
        Assert.Empty(All("Auto-Submitted", Issue));
        Assert.Empty(All("X-Mailer", Issue));
    }

    [Theory]
    [InlineData("Date")]
    [InlineData("From")]
    [InlineData("To")]
    [InlineData("Subject")]
    [InlineData("Message-ID")]
    [InlineData("MIME-Version")]
    public void WhatMustBeThereOnceIsThereOnce(string name) => Assert.Single(All(name, Issue));

    [Fact]
    public void DateAndMessageIdAreThoseGiven()
    {
        Assert.Equal("Fri, 19 Apr 2024 08:00:00 +0000", Single("Date"));
        Assert.Equal("<35.1@example.com>", Single("Message-ID"));
    }

    [Fact]
    public void TextAndHtmlAreAlternatives()
    {
        var alternative = Assert.IsType<MultipartAlternative>(Rendered.Parse(Issue.Fill(Rendered.Ana)).Body);

        Assert.Equal(["text/plain", "text/html"], alternative.Select(part => part.ContentType.MimeType));
        Assert.All(alternative, part => Assert.Equal("utf-8", part.ContentType.Charset));
    }

    [Fact]
    public void AnswersGoWhereTheNewsletterWants()
    {
        var message = Rendered.Compile("Text", newsletter: Rendered.Newsletter with { ReplyTo = "desk@example.com", FromName = "Böll, \"H.\"" });

        Assert.Equal("desk@example.com", Single("Reply-To", message));
        Assert.Equal("<mailto:desk@example.com>", Single("List-Owner", message));
        Assert.Equal("Böll, \"H.\"", Rendered.Parse(message.Fill(Rendered.Ana)).From.Mailboxes.Single().Name);
        Assert.Empty(All("Reply-To", Issue));
    }

    [Fact]
    public void ALongSubjectIsFolded()
    {
        var subject = string.Join(' ', Enumerable.Repeat("lighthouse", 25));
        var message = Rendered.Compile("Text", $"title: {subject}").Fill(Rendered.Ana);

        Assert.Equal(subject, Rendered.Parse(message).Subject);
        Assert.All(Rendered.Lines(message).TakeWhile(line => line.Length > 0).Where(line => !line.StartsWith("List-", StringComparison.Ordinal)), line => Assert.True(line.Length <= 78, line));
    }

    [Fact]
    public void ANameCannotForgeAHeader()
    {
        var message = Issue.Fill(Rendered.Ana with { Name = "Ana\r\nBcc: victim@example.com\r\n\r\n<script>" });

        Assert.Null(Rendered.Parse(message).Headers[HeaderId.Bcc]);
        Assert.Equal("Ana Bcc: victim@example.com  <script>", Rendered.Parse(message).To.Mailboxes.Single().Name);
    }

    [Fact]
    public void TheHeaderBlockIsApartFromTheBody()
    {
        var filled = Issue.Fill(Rendered.Ana);
        var block = Encoding.ASCII.GetString([.. filled.Segments.Take(filled.HeaderSegments).SelectMany(segment => segment.ToArray())]);

        Assert.EndsWith("\r\n\r\n", block, StringComparison.Ordinal);
        Assert.Equal(block.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, block.Length);
        Assert.Equal(Rendered.Parse(filled).Headers.Select(header => header.Field).Append("Content-Type"), filled.ReadHeaders().Select(header => header.Name));
    }

    [Fact]
    public void ATestSendIsTheEditionItselfMarked()
    {
        var message = MessageCompiler.CompileTest(Rendered.Body("Text").Variants[0], Rendered.Friday);

        Assert.Equal("[Test] Hello", Single("Subject", message));
        Assert.Equal("auto-generated", Single("Auto-Submitted", message));
        Assert.Empty(All("Precedence", message));
        Assert.Equal("<https://news.example.com/unsubscribe/k1.abc>", Single("List-Unsubscribe", message));
    }

    [Fact]
    public void MailToOnePersonHasNoListHeaders()
    {
        var message = MessageCompiler.CompilePersonal(new PersonalMail
        {
            Newsletter = Rendered.Newsletter,
            Subject = "Please confirm {{ x }}",
            Text = "Click.\nhttps://news.example.com/confirm/abc",
            Html = "<p>Click <b>{{ y }}</b></p>",
            Date = Rendered.Friday,
        });
        var parsed = Rendered.Parse(message.Fill(Rendered.Ana with { UnsubscribeUrl = "" }));

        Assert.Equal("Please confirm {{ x }}", parsed.Subject);
        Assert.Equal("Click.\nhttps://news.example.com/confirm/abc", parsed.TextBody!.ReplaceLineEndings("\n").TrimEnd());
        Assert.Equal("<p>Click <b>{{ y }}</b></p>", parsed.HtmlBody!.TrimEnd());
        Assert.Equal("auto-generated", Single("Auto-Submitted", message));
        Assert.DoesNotContain(parsed.Headers, header => header.Field.StartsWith("List-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("letters@example.com\r\nBcc: x@example.com")]
    [InlineData("letters@bücher.example")]
    [InlineData("no address")]
    public void ANewsletterThatCannotSignItsMailIsRefused(string from) =>
        Assert.Throws<ArgumentException>(() => Rendered.Compile("Text", newsletter: Rendered.Newsletter with { FromAddress = from }));

    private static string Single(string name, CompiledMessage? message = null) => Assert.Single(All(name, message ?? Issue));

    private static string[] All(string name, CompiledMessage message) =>
        [.. Rendered.Parse(message.Fill(Rendered.Ana)).Headers.Where(header => header.Field == name).Select(header => header.Value)];

    private static string MailboxName(CompiledMessage message, string name) =>
        MailboxAddress.Parse(Rendered.Parse(message.Fill(Rendered.Ana)).Headers.First(header => header.Field == name).RawValue).Name!;
}
