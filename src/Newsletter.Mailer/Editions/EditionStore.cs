using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Editions;

/// <summary>Editions as rows: written, listed, replaced while they may be. Scheduling moves them on.</summary>
public sealed class EditionStore(NpgsqlDataSource database)
{
    // Writers of one newsletter queue here, so that two editions without a number don't both take the next.
    private const string LockNewsletter = /*lang=sql*/ """
        select id from newsletters where slug = @slug for no key update
        """;

    private const string InsertEdition = /*lang=sql*/ """
        insert into editions (newsletter_id, number, slug, title, subject, preheader, author, tier, source)
        values (@newsletterId,
                coalesce(@number::integer, (select least(coalesce(max(number), 0), 2147483646) + 1 from editions where newsletter_id = @newsletterId)),
                @slug, @title, @subject, @preheader, @author, @tier, @source)
        returning id
        """;

    private const string ReplaceEdition = /*lang=sql*/ """
        update editions
        set number = coalesce(@number::integer, number), slug = @slug, title = @title, subject = @subject, preheader = @preheader,
            author = @author, tier = @tier, source = @source, revision = revision + 1, updated_at = now()
        where id = @id and state in ('draft', 'held') and (@revision::integer is null or revision = @revision)
        returning id
        """;

    private const string SelectEdition = /*lang=sql*/ """
        select e.id, e.newsletter_id, n.slug as newsletter, e.kind, e.number, e.slug, e.title, e.subject, e.preheader, e.author, e.tier, e.source,
               e.state, e.held_reason, e.send_at, e.send_local, e.send_zone, e.revision, e.size_forced_revision, e.created_at, e.updated_at,
               (select i.id from issues i where i.edition_id = e.id and i.state <> 'failed') as issue_id
        from editions e join newsletters n on n.id = e.newsletter_id
        where e.id = @id
        """;

    private const string ListEditions = /*lang=sql*/ """
        select e.id, e.newsletter_id, n.slug as newsletter, e.kind, e.number, e.slug, e.title, e.subject, e.preheader, e.author, e.tier,
               e.state, e.held_reason, e.send_at, e.send_local, e.send_zone, e.revision, e.size_forced_revision, e.created_at, e.updated_at,
               (select i.id from issues i where i.edition_id = e.id and i.state <> 'failed') as issue_id
        from editions e join newsletters n on n.id = e.newsletter_id
        where (@newsletter::text is null or n.slug = @newsletter)
          and (@state::text is null or e.state = @state)
          and (@kind::text is null or e.kind = @kind)
          and (@after = 0 or e.id < @after)
        order by e.id desc limit @rows
        """;

    private const string DeleteDraft = /*lang=sql*/ """
        delete from editions where id = @id and state = 'draft' returning id
        """;

    static EditionStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    /// <summary>Keeps a new draft; its number is the newsletter's next where the document has none.</summary>
    public async Task<EditionChange> CreateAsync(string newsletter, EditionDocument document, string source, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var newsletterId = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(LockNewsletter, new { slug = newsletter }, transaction, cancellationToken: stop));
        if (newsletterId is null)
            return new EditionChange.NewsletterUnknown(newsletter);
        var parameters = Columns(document, source);
        parameters.Add("newsletterId", newsletterId);
        try
        {
            var id = await connection.QuerySingleAsync<long>(new CommandDefinition(InsertEdition, parameters, transaction, cancellationToken: stop));
            await transaction.CommitAsync(stop);
            return new EditionChange.Saved((await FindAsync(id, stop))!);
        }
        catch (PostgresException e) when (Taken(e, document) is { } taken)
        {
            return taken;
        }
    }

    /// <summary>Replaces the document of a draft or held edition, if it still is at <paramref name="revision"/> (null: at whichever).</summary>
    public async Task<EditionChange> ReplaceAsync(long id, EditionDocument document, string source, int? revision, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var parameters = Columns(document, source);
        parameters.Add("id", id);
        parameters.Add("revision", revision);
        try
        {
            var replaced = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(ReplaceEdition, parameters, cancellationToken: stop));
            var edition = await FindAsync(id, stop);
            return (replaced, edition) switch
            {
                (_, null) => new EditionChange.NoSuchEdition(),
                ({ }, _) => new EditionChange.Saved(edition),
                (null, { State: not (EditionState.Draft or EditionState.Held) }) => new EditionChange.WrongState(edition.State),
                _ => new EditionChange.Stale(edition.Revision),
            };
        }
        catch (PostgresException e) when (Taken(e, document) is { } taken)
        {
            return taken;
        }
    }

    public async Task<Edition?> FindAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<EditionRow>(new CommandDefinition(SelectEdition, new { id }, cancellationToken: stop));
        return row?.ToEdition();
    }

    /// <summary>Newest first, without their sources.</summary>
    public async Task<Page<Edition>> ListAsync(EditionFilter filter, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<EditionRow>(new CommandDefinition(
            ListEditions,
            new { newsletter = filter.Newsletter, state = Name(filter.State), kind = Name(filter.Kind), after = page.After.After, rows = page.Limit + 1 },
            cancellationToken: stop));
        return Page.Of(rows.Select(row => row.ToEdition()).ToList(), page, edition => edition.Id);
    }

    /// <summary>Deletes a draft; anything further along is history or a promise.</summary>
    public async Task<EditionDeletion> DeleteAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var deleted = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(DeleteDraft, new { id }, cancellationToken: stop));
        if (deleted is not null)
            return EditionDeletion.Deleted;
        return await FindAsync(id, stop) is null ? EditionDeletion.NoSuchEdition : EditionDeletion.NotADraft;
    }

    private static DynamicParameters Columns(EditionDocument document, string source)
    {
        var parameters = new DynamicParameters();
        parameters.Add("number", document.Number);
        parameters.Add("slug", document.Slug);
        parameters.Add("title", document.Title ?? document.Subject);
        parameters.Add("subject", document.Subject);
        parameters.Add("preheader", document.Preheader);
        parameters.Add("author", document.Author);
        parameters.Add("tier", document.Tier);
        parameters.Add("source", source);
        return parameters;
    }

    private static EditionChange? Taken(PostgresException e, EditionDocument document) => (e.SqlState, e.ConstraintName) switch
    {
        (PostgresErrorCodes.UniqueViolation, "editions_number") => new EditionChange.NumberTaken(document.Number ?? int.MaxValue),
        (PostgresErrorCodes.UniqueViolation, "editions_slug") => new EditionChange.SlugTaken(document.Slug),
        _ => null,
    };

    private static string? Name<T>(T? value)
        where T : struct, Enum => value?.ToString().ToLowerInvariant();

    private sealed class EditionRow
    {
        public long Id { get; init; }
        public long NewsletterId { get; init; }
        public string Newsletter { get; init; } = "";
        public string Kind { get; init; } = "issue";
        public int? Number { get; init; }
        public string Slug { get; init; } = "";
        public string Title { get; init; } = "";
        public string Subject { get; init; } = "";
        public string? Preheader { get; init; }
        public string? Author { get; init; }
        public string Tier { get; init; } = "";
        public string Source { get; init; } = "";
        public string State { get; init; } = "";
        public string? HeldReason { get; init; }
        public DateTimeOffset? SendAt { get; init; }
        public DateTime? SendLocal { get; init; }
        public string? SendZone { get; init; }
        public int Revision { get; init; }
        public int? SizeForcedRevision { get; init; }
        public long? IssueId { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }

        public Edition ToEdition() => new()
        {
            Id = Id,
            NewsletterId = NewsletterId,
            Newsletter = Newsletter,
            Kind = Enum.Parse<EditionKind>(Kind, ignoreCase: true),
            Number = Number,
            Slug = Slug,
            Title = Title,
            Subject = Subject,
            Preheader = Preheader,
            Author = Author,
            Tier = Tier,
            Source = Source,
            State = Enum.Parse<EditionState>(State, ignoreCase: true),
            HeldReason = HeldReason,
            SendAt = SendAt,
            SendLocal = SendLocal,
            SendZone = SendZone,
            Revision = Revision,
            SizeForcedRevision = SizeForcedRevision,
            IssueId = IssueId,
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
        };
    }
}
