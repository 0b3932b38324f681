using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Published editions, each with what its page says of it.</summary>
internal sealed class EditionShelf(ArchiveStore archive, WebPageDesk pages)
{
    /// <summary>One by its public name; null where none was published for everyone. Its page is made now where an earlier version made none.</summary>
    public async Task<ArchivedEdition?> FindAsync(long newsletter, string slug, CancellationToken stop)
    {
        var edition = await archive.FindAsync(newsletter, slug, stop);
        if (edition is not { Hash: null })
            return edition;
        await pages.MakeAsync([edition.IssueId], stop);
        return await archive.FindAsync(newsletter, slug, stop);
    }
}
