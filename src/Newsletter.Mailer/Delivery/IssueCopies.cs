using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Delivery;

/// <summary>An issue as one reader's mail shows it: made as the mail was, with that reader's words and links as they are now.</summary>
public sealed class IssueCopies(CopyStore copies, IssueStore issues, KeyRing keys, PublicSite site)
{
    /// <summary>The reader's mail. Null where the issue had none for them, or they were erased.</summary>
    public async Task<ShownMessage?> FindAsync(CopyToken reader, CancellationToken stop) =>
        await copies.FindAsync(reader, stop) is { } delivery && await issues.FindAsync(reader.IssueId, stop) is { } issue
            ? issue.MessageFor(delivery, sender: "", keys, site).Message.Read()
            : null;
}
