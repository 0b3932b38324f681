namespace Newsletter.Mailer.Editions;

/// <summary>Takes an author's document in: reads it, settles which newsletter it is for, and has it kept.</summary>
public sealed class EditionDesk(EditionStore editions)
{
    /// <summary>Keeps a new draft.</summary>
    /// <param name="newsletter">Slug of the newsletter it is for; null where the front matter says it.</param>
    /// <param name="source">The whole document.</param>
    /// <param name="stop">Ends the waiting.</param>
    public async Task<EditionChange> CreateAsync(string? newsletter, string source, CancellationToken stop)
    {
        if (Refusal(source, newsletter, out var document) is { } refusal)
            return refusal;
        return (newsletter ?? document!.Newsletter) is { } slug
            ? await editions.CreateAsync(slug, document!, source, stop)
            : new EditionChange.NewsletterMissing();
    }

    /// <summary>Puts another document in the place of an edition's, while it is a draft or held.</summary>
    /// <param name="id">The edition.</param>
    /// <param name="source">The whole new document. Where it has no number the edition keeps its own.</param>
    /// <param name="revision">The revision the author started from; null: whatever it is now.</param>
    /// <param name="stop">Ends the waiting.</param>
    public async Task<EditionChange> ReplaceAsync(long id, string source, int? revision, CancellationToken stop)
    {
        if (await editions.FindAsync(id, stop) is not { } edition)
            return new EditionChange.NoSuchEdition();
        return Refusal(source, edition.Newsletter, out var document)
            ?? (edition.Kind == EditionKind.Digest && document!.Number is not null ? new EditionChange.DigestHasNoNumber() : null)
            ?? await editions.ReplaceAsync(id, document!, source, revision, stop);
    }

    private static EditionChange? Refusal(string source, string? newsletter, out EditionDocument? document)
    {
        document = null;
        switch (EditionDocument.Parse(source, FrontMatterRules.Edition))
        {
            case EditionParseOutcome.Refused(var errors):
                return new EditionChange.Unreadable(errors);
            case EditionParseOutcome.Read(var read):
                document = read;
                break;
        }

        return newsletter is not null && document?.Newsletter is { } named && named != newsletter
            ? new EditionChange.NewsletterDiffers(named, newsletter)
            : null;
    }
}
