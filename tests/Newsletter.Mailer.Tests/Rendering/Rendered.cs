using MimeKit;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>Editions, readers and messages for the tests of this room.</summary>
internal static class Rendered
{
    public static readonly DateTimeOffset Friday = new(2024, 4, 19, 8, 0, 0, TimeSpan.Zero);

    public static readonly NewsletterProfile Newsletter = new()
    {
        Slug = "the-tide-table",
        Name = "The Tide Table",
        FromAddress = "letters@example.com",
        PostalAddress = "The Tide Table\n1 Harbour Steps",
    };

    public static readonly Recipient Ana = new()
    {
        Address = "ana@example.net",
        MessageId = "35.1@example.com",
        UnsubscribeUrl = "https://news.example.com/unsubscribe/k1.abc",
        Name = "Ana Lima",
        FirstName = "Ana",
    };

    public static EditionDocument Edition(string body, string frontMatter = "title: Hello") =>
        Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse($"---\n{frontMatter}\n---\n{body}", FrontMatterRules.Edition)).Edition;

    public static RenderRequest Request(EditionDocument edition, NewsletterProfile? newsletter = null) => new()
    {
        Edition = edition,
        Newsletter = newsletter ?? Newsletter,
        PublicUrl = new Uri("https://news.example.com"),
        SentAt = Friday,
        KnownAttributes = ["city", "shoe size"],
    };

    public static RenderOutcome.Rendered Of(EditionDocument edition, NewsletterProfile? newsletter = null)
    {
        var outcome = EditionRenderer.Render(Request(edition, newsletter));
        return outcome is RenderOutcome.Rendered rendered
            ? rendered
            : throw new InvalidOperationException(string.Join('\n', ((RenderOutcome.Refused)outcome).Problems));
    }

    public static RenderedEdition Body(string body, string frontMatter = "title: Hello") => Of(Edition(body, frontMatter)).Edition;

    public static IReadOnlyList<RenderProblem> Problems(string body, string frontMatter = "title: Hello") =>
        Assert.IsType<RenderOutcome.Refused>(EditionRenderer.Render(Request(Edition(body, frontMatter)))).Problems;

    public static CompiledMessage Compile(string body, string frontMatter = "title: Hello", NewsletterProfile? newsletter = null) =>
        MessageCompiler.Compile(Of(Edition(body, frontMatter), newsletter).Edition.Variants[0], new IssueHeaders { IssueId = 35, Date = Friday });

    public static byte[] Bytes(FilledMessage message)
    {
        var stream = new MemoryStream();
        message.WriteTo(stream);
        return stream.ToArray();
    }

    public static MimeMessage Parse(FilledMessage message) => MimeMessage.Load(new MemoryStream(Bytes(message)));

    /// <summary>The text part as it came over the wire: <see cref="MimeMessage.TextBody"/> is MimeKit's reading of what flows.</summary>
    public static string SentText(MimeMessage message)
    {
        var bytes = new MemoryStream();
        message.BodyParts.OfType<TextPart>().Single(part => part.IsPlain).Content!.DecodeTo(bytes);
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>The lines of a message with their CRLF cut off.</summary>
    public static string[] Lines(FilledMessage message) => System.Text.Encoding.UTF8.GetString(Bytes(message)).Split("\r\n");
}
