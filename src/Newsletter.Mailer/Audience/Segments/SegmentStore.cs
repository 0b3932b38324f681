using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Segments as rows. Who is in one is for <see cref="SegmentSizeStore"/>, the freeze, exports and bulk changes to ask.</summary>
public sealed class SegmentStore(NpgsqlDataSource database)
{
    private const int MaxNameLength = 100;

    private const string SelectNewsletter = /*lang=sql*/ "select id from newsletters where slug = @slug";

    private const string Insert = /*lang=sql*/ """
        insert into segments (newsletter_id, slug, name, filter) values (@newsletterId, @slug, @name, @filter) returning id
        """;

    private const string Change = /*lang=sql*/ """
        update segments set slug = @slug, name = @name, filter = @filter, updated_at = now() where id = @id returning id
        """;

    private const string Select = /*lang=sql*/ """
        select g.id as "Id", n.slug as "Newsletter", g.slug as "Slug", g.name as "Name", g.filter as "Filter",
               g.created_at as "CreatedAt", g.updated_at as "UpdatedAt"
        from segments g join newsletters n on n.id = g.newsletter_id
        """ + " ";

    private const string SelectById = Select + /*lang=sql*/ "where g.id = @id";

    private const string SelectPage = Select + /*lang=sql*/ """
        where g.id > @after and (@newsletter::text is null or n.slug = @newsletter)
        order by g.id
        limit @rows
        """;

    private const string SelectOf = Select + /*lang=sql*/ """
        where g.newsletter_id = @newsletterId
        order by g.id
        """;

    private const string Delete = /*lang=sql*/ "delete from segments where id = @id returning id";

    /// <summary>Created, Invalid, or AlreadyExists (<c>slug</c> or <c>name</c>).</summary>
    public async Task<AudienceOutcome<Segment>> CreateAsync(SegmentDraft draft, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var (name, slug, filter) = Check(draft, problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        var newsletterId = string.IsNullOrEmpty(draft.Newsletter) || draft.Newsletter.Contains('\0', StringComparison.Ordinal) ? null
            : await connection.ExecuteScalarAsync<long?>(new CommandDefinition(SelectNewsletter, new { slug = draft.Newsletter }, cancellationToken: stop));
        if (newsletterId is null) problems.Add(new FieldProblem("newsletter", "There is no newsletter with this slug; a segment belongs to one."));
        if (problems.Count > 0) return new AudienceOutcome<Segment>.Invalid(problems);
        return await WriteAsync(connection, Insert, new { newsletterId, slug, name, filter }, stop) is { } written
            ? written
            : new AudienceOutcome<Segment>.NotFound();
    }

    /// <summary>Makes the segment as the draft says: Updated, NotFound, Invalid or AlreadyExists. Issues that are frozen keep what they were frozen for.</summary>
    public async Task<AudienceOutcome<Segment>> UpdateAsync(long id, SegmentDraft draft, CancellationToken stop)
    {
        if (await GetAsync(id, stop) is not { } present) return new AudienceOutcome<Segment>.NotFound();
        var problems = new List<FieldProblem>();
        var (name, slug, filter) = Check(draft with { Slug = draft.Slug ?? present.Slug }, problems);
        if (draft.Newsletter is not null && draft.Newsletter != present.Newsletter)
            problems.Add(new FieldProblem("newsletter", $"The newsletter can't change: it is \"{present.Newsletter}\"."));
        if (problems.Count > 0) return new AudienceOutcome<Segment>.Invalid(problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        return await WriteAsync(connection, Change, new { id, slug, name, filter }, stop) switch
        {
            null => new AudienceOutcome<Segment>.NotFound(),
            AudienceOutcome<Segment>.Created(var value) => new AudienceOutcome<Segment>.Updated(value),
            var refused => refused,
        };
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<Segment?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<Segment>(new CommandDefinition(SelectById, new { id }, cancellationToken: stop));
    }

    /// <summary>In the order of their ids; of one newsletter (its slug) or of all.</summary>
    public async Task<Page<Segment>> ListAsync(string? newsletter, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Segment>(
            new CommandDefinition(SelectPage, new { newsletter, after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, segment => segment.Id);
    }

    /// <summary>All of a newsletter.</summary>
    public async Task<IReadOnlyList<Segment>> AllOfAsync(long newsletterId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<Segment>(new CommandDefinition(SelectOf, new { newsletterId }, cancellationToken: stop))).AsList();
    }

    /// <summary>Removed or NotFound. An edition that names it is held when its time comes, with the reason.</summary>
    public async Task<AudienceOutcome<Segment>> RemoveAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteScalarAsync<long?>(new CommandDefinition(Delete, new { id }, cancellationToken: stop)) is null
            ? new AudienceOutcome<Segment>.NotFound()
            : new AudienceOutcome<Segment>.Removed();
    }

    private async Task<AudienceOutcome<Segment>?> WriteAsync(NpgsqlConnection connection, string sql, object values, CancellationToken stop)
    {
        try
        {
            var id = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(sql, values, cancellationToken: stop));
            return id is null || await GetAsync(id.Value, stop) is not { } segment ? null : new AudienceOutcome<Segment>.Created(segment);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return new AudienceOutcome<Segment>.AlreadyExists(
                e.ConstraintName == "segments_name" ? "name" : "slug", "The newsletter has a segment of this name already.");
        }
    }

    private static (string Name, string Slug, string Filter) Check(SegmentDraft draft, List<FieldProblem> problems)
    {
        var name = AudienceRules.CheckLine("name", draft.Name, MaxNameLength, problems);
        if (name is null && !problems.Exists(problem => problem.Field == "name")) problems.Add(new FieldProblem("name", "It is missing: what people call the segment."));
        var slug = draft.Slug ?? ImportHeader.ToKey(name ?? "", '-');
        if (draft.Slug is not null ? !NewsletterRules.IsSlug(slug) : name is not null && !NewsletterRules.IsSlug(slug))
            problems.Add(new FieldProblem("slug", $"A slug has {NewsletterRules.SlugWords}{(draft.Slug is null ? "; none can be made of this name, so give one" : "")}."));
        if (SegmentFilter.TryParse(draft.Filter, out var filter) is { } wrong) problems.Add(new FieldProblem("filter", wrong.ToString()));
        return (name ?? "", slug, filter?.Text ?? "");
    }
}
