using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>Who it comes from and whom it is for; asked whether or not it can be rendered.</summary>
internal static class SenderChecks
{
    // Their DMARC records say p=reject or p=quarantine, or their users' mail may only come from them.
    private static readonly HashSet<string> s_freeMailboxes = new(StringComparer.OrdinalIgnoreCase)
    {
        "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.jp", "ymail.com", "aol.com", "hotmail.com", "outlook.com", "live.com", "msn.com",
        "icloud.com", "me.com", "mac.com", "mail.ru", "yandex.ru", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "qq.com", "163.com", "orange.fr", "free.fr",
    };

    public static void Look(PreflightRequest request, EditionDocument edition, NewsletterProfile newsletter, FindingList found)
    {
        if (string.IsNullOrWhiteSpace(newsletter.PostalAddress))
            found.Add("postal-address-missing", $"The newsletter '{newsletter.Slug}' has no postal address, and no issue may go out without one (CAN-SPAM, 15 U.S.C. §7704(a)(5)).", "Set its postal_address.");
        if (request.Segments is { } segments && edition.Segment is { } segment && !segments.Any(known => known.IsCalled(segment)))
            found.Add("segment-unknown", $"The newsletter '{newsletter.Slug}' has no segment '{segment}'.", "Make it at /api/segments, or take the line out to send to everyone of the tier.", edition.SegmentAt);
        var domain = newsletter.SenderDomain();
        if (s_freeMailboxes.Contains(domain))
            found.Add("from-free-mailbox", $"The sender is at {domain}, whose policy (DMARC) lets nobody else send in its name: most of the mail would be refused.", "Send from a domain of your own, and keep the mailbox as reply_to.");
        var answers = newsletter.ReplyTo ?? newsletter.FromAddress;
        if (IsNoReply(answers))
            found.Add("from-no-reply", $"Answers go to {answers}, where nobody reads them; mailbox providers count answers in a sender's favour.", "Set reply_to to an address that somebody reads.");
        if (request.SignedDomains is { Count: > 0 } signed && !signed.Any(known => IsAligned(known, domain)))
            found.Add("dkim-unaligned", $"Keys sign for {string.Join(", ", signed.Order(StringComparer.Ordinal))}, and none of them for the sender's domain {domain}: the mail goes out without a signature that DMARC accepts.", $"newsletter keys dkim create {domain}");
    }

    private static bool IsNoReply(string address)
    {
        var box = string.Concat(address[..Math.Max(0, address.LastIndexOf('@'))].Where(char.IsAsciiLetter));
        return box.StartsWith("noreply", StringComparison.OrdinalIgnoreCase) || box.StartsWith("donotreply", StringComparison.OrdinalIgnoreCase);
    }

    // RFC 7489 §3.1.1: a parent's signature is aligned as well.
    private static bool IsAligned(string signed, string domain) =>
        domain.Equals(signed, StringComparison.OrdinalIgnoreCase) || domain.EndsWith("." + signed, StringComparison.OrdinalIgnoreCase);
}
