using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Wire;

namespace Newsletter.Mailer.Rendering;

/// <summary>Turns what was rendered into finished MIME bytes with slots, once for all readers.</summary>
public static class MessageCompiler
{
    /// <summary>The message of an issue to the readers of a variant, list headers included.</summary>
    public static CompiledMessage Compile(RenderedVariant edition, IssueHeaders headers)
    {
        ArgumentNullException.ThrowIfNull(edition);
        ArgumentNullException.ThrowIfNull(headers);
        return Finish(IssueBlock(edition, headers), Settled(edition.SentText, headers), Settled(edition.Html, headers));
    }

    /// <summary>The same issue for readers who want no HTML: its text alone.</summary>
    public static CompiledMessage CompilePlain(RenderedVariant edition, IssueHeaders headers)
    {
        ArgumentNullException.ThrowIfNull(edition);
        ArgumentNullException.ThrowIfNull(headers);
        var (block, body) = (IssueBlock(edition, headers), new OpList());
        var text = Settled(edition.SentText, headers);
        BodyPart.AddAlone(block, body, "text/plain", text.Template, text.Parameters);
        return new CompiledMessage(block.Close(), body.ToOps());
    }

    private static SlotTemplate Settled(SlotTemplate template, IssueHeaders headers) =>
        headers.ClickToken is { } token ? template.With(SlotName.ClickToken, token) : template;

    private static TextBody Settled(TextBody text, IssueHeaders headers) => text with { Template = Settled(text.Template, headers) };

    private static HeaderBlock IssueBlock(RenderedVariant edition, IssueHeaders headers)
    {
        var newsletter = edition.Request.Newsletter;
        var block = new HeaderBlock(newsletter, headers.Date);
        block.AddEnvelope(edition.Subject);
        block.AddList(edition.Request.PublicUrl, headers.Leave);
        block.Add("Feedback-ID", headers.FeedbackId ?? FeedbackId(headers.IssueId, newsletter.Slug));
        block.Add("Precedence", "bulk");
        return block;
    }

    /// <summary>A test send: the variant itself, its subject marked <c>[Test]</c>, with <c>Auto-Submitted</c>.</summary>
    public static CompiledMessage CompileTest(RenderedVariant edition, DateTimeOffset date)
    {
        ArgumentNullException.ThrowIfNull(edition);
        var block = new HeaderBlock(edition.Request.Newsletter, date);
        block.AddEnvelope(edition.Subject.Prefixed("[Test] "));
        block.AddList(edition.Request.PublicUrl);
        block.Add("Auto-Submitted", "auto-generated");
        return Finish(block, edition.SentText, edition.Html);
    }

    /// <summary>Mail to one person, with <c>Auto-Submitted: auto-generated</c> (RFC 3834 §5) and without list headers.</summary>
    public static CompiledMessage CompilePersonal(PersonalMail mail)
    {
        ArgumentNullException.ThrowIfNull(mail);
        var block = new HeaderBlock(mail.Newsletter, mail.Date);
        block.AddEnvelope(SlotTemplate.Constant(mail.Subject));
        block.Add("Auto-Submitted", "auto-generated");
        return Finish(block, TextBody.Fixed(mail.Text), SlotTemplate.Constant(mail.Html));
    }

    // Gmail's feedback loop: up to three identifiers, then the sender's own of 5 to 15 characters.
    private static string FeedbackId(long issueId, string slug) => $"{issueId}:{slug}:issue:nlmailer";

    private static CompiledMessage Finish(HeaderBlock block, TextBody text, SlotTemplate html)
    {
        var boundary = Boundary(text.Template, html);
        block.Add("Content-Type", $"multipart/alternative;\r\n boundary=\"{boundary}\"");
        var body = new OpList();
        BodyPart.Add(body, $"--{boundary}\r\n", "text/plain", text.Template, text.Parameters);
        BodyPart.Add(body, $"--{boundary}\r\n", "text/html", html);
        body.Add($"--{boundary}--\r\n");
        return new CompiledMessage(block.Close(), body.ToOps());
    }

    // "=_" occurs in no encoded part (RFC 2045 §6.7), and the same edition always gets the same boundary.
    private static string Boundary(SlotTemplate text, SlotTemplate html)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.FillDefaults() + "\0" + html.FillDefaults()));
        return "=_" + Convert.ToHexStringLower(hash.AsSpan(0, 12));
    }
}
