using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Delivery;

/// <summary>An issue as one reader's mail shows it: made as the mail was, with that reader's words and links as they are now.</summary>
public sealed class IssueCopies(CopyStore copies, IssueStore issues, KeyRing keys, PublicSite site)
{
    /// <summary>The HTML part of the reader's mail: a whole document. Null where the issue had none for them, or they were erased.</summary>
    public async Task<string?> FindHtmlAsync(CopyToken reader, CancellationToken stop) =>
        await copies.FindAsync(reader, stop) is { } delivery && await issues.FindAsync(reader.IssueId, stop) is { } issue
            ? issue.MessageFor(delivery, sender: "", keys, site).Message.ReadHtml()
            : null;
}
