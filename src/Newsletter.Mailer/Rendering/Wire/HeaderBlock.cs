using System.Globalization;
using System.Text;
using MimeKit.Utils;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>The header fields of a message, in the order in which they are written.</summary>
internal sealed class HeaderBlock
{
    private readonly OpList _ops = new();
    private readonly NewsletterProfile _newsletter;

    public HeaderBlock(NewsletterProfile newsletter, DateTimeOffset date)
    {
        _newsletter = newsletter;
        Add("Date", DateUtils.FormatDate(date));
        AddRaw("From", HeaderText.Mailbox("From", Clean(newsletter.FromName ?? newsletter.Name), Checked(newsletter.FromAddress)));
        if (!string.IsNullOrWhiteSpace(newsletter.ReplyTo))
            AddRaw("Reply-To", HeaderText.Mailbox("Reply-To", null, Checked(newsletter.ReplyTo)));
    }

    /// <summary>To, Subject and Message-ID: what differs, or may differ, from reader to reader.</summary>
    public void AddEnvelope(SlotTemplate subject)
    {
        _ops.Add(new WireOp.ToField());
        if (subject.IsConstant)
            AddRaw("Subject", HeaderText.Unstructured("Subject", Clean(subject.FillDefaults()).Trim()));
        else
            _ops.Add(new WireOp.TextField("Subject", subject));
        AddToken("Message-ID", SlotName.MessageId);
        Add("MIME-Version", "1.0");
    }

    /// <summary>RFC 2919, RFC 2369 and RFC 8058.</summary>
    /// <param name="publicUrl">Root of our links.</param>
    /// <param name="leave">Where a mail to leave is read; null: List-Unsubscribe has no mailto.</param>
    public void AddList(Uri publicUrl, ReturnPaths? leave = null)
    {
        // The id stays when the newsletter is renamed: readers' filters hang on it (RFC 2919 §2).
        var domain = _newsletter.SenderDomain();
        AddRaw("List-Id", HeaderText.PhraseAndBrackets("List-Id", Clean(_newsletter.Name), $"{_newsletter.Slug}.{domain}"));
        AddUnsubscribe(leave);
        Add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        Add("List-Help", $"<mailto:{Owner}?subject=help>");
        Add("List-Owner", $"<mailto:{Owner}>");
        Add("List-Archive", $"<{new PublicSite(publicUrl).Archive(_newsletter.Slug)}>");
        Add("List-Post", "NO");
    }

    public void Add(string name, string value) => AddRaw(name, $" {value}\r\n");

    public IReadOnlyList<WireOp> Close()
    {
        _ops.Add("\r\n");
        return _ops.ToOps();
    }

    private string Owner => Checked(_newsletter.ReplyTo is { Length: > 0 } replyTo ? replyTo : _newsletter.FromAddress);

    private void AddRaw(string name, string value) => _ops.Add(name + ":" + value);

    private void AddToken(string name, string slot)
    {
        _ops.Add($"{name}: <");
        _ops.Add(new WireOp.Token(new SlotPart.Slot(slot, null, SlotEscape.None)));
        _ops.Add(">\r\n");
    }

    // The link first: who knows RFC 8058 takes it (§3.1 wants one of https).
    private void AddUnsubscribe(ReturnPaths? leave)
    {
        if (leave is null)
        {
            AddToken("List-Unsubscribe", SlotName.Unsubscribe);
            return;
        }

        _ops.Add("List-Unsubscribe: <");
        _ops.Add(new WireOp.Token(new SlotPart.Slot(SlotName.Unsubscribe, null, SlotEscape.None)));
        _ops.Add($">,\r\n <mailto:{leave.Before}");
        _ops.Add(new WireOp.Token(new SlotPart.Slot(SlotName.LeaveToken, null, SlotEscape.None)));
        _ops.Add($"{leave.Behind}?subject=unsubscribe>\r\n");
    }

    private static string Clean(string text) => UnsafeCharacters.Strip(text);

    private static string Checked(string address) =>
        address.Contains('@', StringComparison.Ordinal) && address.All(c => c is > ' ' and < '\u007F' and not ('<' or '>' or ','))
            ? address
            : throw new ArgumentException($"The newsletter's own address \"{Clean(address)}\" can stand in no header: it must be plain ASCII, its domain in punycode.", nameof(address));
}
