using System.Text.Json;
using Dapper;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Changes many readers, a chunk a transaction, in the order of their ids. Stopped or crashed, it goes on where it was.</summary>
public sealed class BulkChangeStore(NpgsqlDataSource database)
{
    private const int ChunkRows = 10_000;

    private const string Insert = /*lang=sql*/ """
        insert into bulk_changes (newsletter_id, filter, add_tags, remove_tags, attributes, tier, unsubscribe)
        values (@newsletterId, @filter, @addTags::text[], @removeTags::text[], @attributes::jsonb, @tier, @unsubscribe)
        returning id
        """;

    private const string Select = /*lang=sql*/ """
        select c.id as "Id", n.slug as "Newsletter", c.filter as "Filter", c.add_tags as "AddTags", c.remove_tags as "RemoveTags",
               c.attributes::text as "Attributes", c.tier as "Tier", c.unsubscribe as "Unsubscribe", c.state as "State", c.matched as "Matched",
               c.changed as "Changed", c.unchanged as "Unchanged", c.refused as "Refused", c.created_at as "CreatedAt", c.finished_at as "FinishedAt"
        from bulk_changes c join newsletters n on n.id = c.newsletter_id
        """ + " ";

    private const string SelectById = Select + /*lang=sql*/ "where c.id = @id";

    private const string SelectPage = Select + /*lang=sql*/ """
        where c.id > @after
        order by c.id
        limit @rows
        """;

    private const string SelectUnfinished = /*lang=sql*/ "select id from bulk_changes where state = 'running' order by id";

    // A row that another job has locked is in good hands.
    private const string Lock = /*lang=sql*/ """
        select c.filter as "Filter", c.newsletter_id as "NewsletterId", n.time_zone as "TimeZone", c.created_at as "CreatedAt"
        from bulk_changes c join newsletters n on n.id = c.newsletter_id
        where c.id = @id and c.state = 'running'
        for update of c skip locked
        """;

    // judged: the readers of this chunk as they are now, locked in the order in which imports lock them least in each other's way; what
    // they would become; whether that is too much. Members are looked up row by row on purpose (lateral): joined, each chunk would read everyone. The cursor rises whatever becomes of them, so that nobody is come to twice.
    private const string ChangeChunk = /*lang=sql*/ """
        with asked as (
            select * from bulk_changes where id = @id
        ), members as materialized (
            select s.subscriber_id
            from subscriptions s
            cross join lateral (select x.* from subscribers x where x.id = s.subscriber_id offset 0) b
            left join lateral (select x.* from engagement x where x.subscriber_id = s.subscriber_id and x.newsletter_id = s.newsletter_id offset 0) g on true
            where s.newsletter_id = (select newsletter_id from asked) and s.subscriber_id > (select cursor from asked) and s.status = 'active'
              and (/*filter*/ true)
            order by s.subscriber_id
            limit @rows
        ), locked as materialized (
            select x.id, x.attributes, x.tags from subscribers x where x.id in (select subscriber_id from members) order by x.id for no key update
        ), judged as materialized (
            select l.id, l.attributes as present, l.tags as present_tags,
                   jsonb_strip_nulls(l.attributes || a.attributes) as attributes, drop_tags(merge_tags(l.tags, a.add_tags), a.remove_tags) as tags
            from locked l cross join asked a
        ), refused as (
            select id from judged
            where cardinality(tags) > @maxTags and tags <> present_tags
               or (select count(*) from jsonb_object_keys(attributes)) > @maxKeys and attributes <> present
        ), written as (
            update subscribers b set attributes = j.attributes, tags = j.tags, updated_at = now()
            from judged j
            where b.id = j.id and (j.attributes <> j.present or j.tags <> j.present_tags) and j.id not in (select id from refused)
            returning b.id
        ), subscribed as (
            update subscriptions s
            set tier = coalesce(a.tier, s.tier),
                status = case when a.unsubscribe then 'unsubscribed' else s.status end,
                unsubscribed_at = case when a.unsubscribe then now() else s.unsubscribed_at end,
                unsubscribed_by = case when a.unsubscribe then 'api' else s.unsubscribed_by end
            from asked a
            where s.newsletter_id = a.newsletter_id and s.subscriber_id in (select id from judged) and s.subscriber_id not in (select id from refused)
              and s.status = 'active' and (a.unsubscribe or s.tier <> a.tier)
            returning s.subscriber_id
        ), told as (
            insert into consents (newsletter_id, subscriber_id, action, form)
            select a.newsletter_id, s.subscriber_id, 'withdrawn', 'api' from subscribed s cross join asked a where a.unsubscribe order by s.subscriber_id
        ), counted as (
            select (select count(*) from judged) as matched, (select count(*) from refused) as refused,
                   (select count(*) from (select id from written union select subscriber_id from subscribed) c) as changed,
                   (select count(*) from members) < @rows as last, (select max(subscriber_id) from members) as cursor
        )
        update bulk_changes c
        set matched = c.matched + n.matched, refused = c.refused + n.refused, changed = c.changed + n.changed,
            unchanged = c.unchanged + n.matched - n.refused - n.changed, cursor = coalesce(n.cursor, c.cursor),
            state = case when n.last then 'finished' else c.state end, finished_at = case when n.last then now() end
        from counted n
        where c.id = @id
        returning n.last
        """;

    /// <summary>Created or Invalid. It begins when <see cref="RunAsync"/> is called.</summary>
    public async Task<AudienceOutcome<BulkChange>> CreateAsync(BulkChangeDraft draft, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var add = TagRules.Clean("add_tags", draft.AddTags, problems);
        var remove = TagRules.Clean("remove_tags", draft.RemoveTags, problems);
        var tier = SubscriberRules.CheckTier(draft.Tier, problems)?.Word();
        var attributes = draft.Attributes ?? new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        problems.AddRange(AttributeRules.Check(attributes));
        if (add.Intersect(remove).FirstOrDefault() is { } both) problems.Add(new FieldProblem("remove_tags", $"\"{both}\" is to be added too: say one of the two."));
        if (add.Length + remove.Length + attributes.Count == 0 && tier is null && !draft.Unsubscribe)
            problems.Add(new FieldProblem("add_tags", "There is nothing to change: give add_tags, remove_tags, attributes, tier or unsubscribe."));
        var (newsletterId, filter) = await AudienceOfAsync(draft, problems, stop);
        if (problems.Count > 0) return new AudienceOutcome<BulkChange>.Invalid(problems);

        await using var connection = await database.OpenConnectionAsync(stop);
        var id = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            Insert,
            new { newsletterId, filter, addTags = add, removeTags = remove, attributes = JsonSerializer.Serialize(attributes), tier, unsubscribe = draft.Unsubscribe },
            cancellationToken: stop));
        return new AudienceOutcome<BulkChange>.Created((await GetAsync(id, stop))!);
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<BulkChange?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(SelectById, new { id }, cancellationToken: stop)))?.ToChange();
    }

    /// <summary>In the order of their ids.</summary>
    public async Task<Page<BulkChange>> ListAsync(PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(SelectPage, new { after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, row => row.Id).Select(row => row.ToChange());
    }

    /// <summary>For the sweep: changes that have not come to their end.</summary>
    public async Task<IReadOnlyList<long>> FindUnfinishedAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<long>(new CommandDefinition(SelectUnfinished, cancellationToken: stop))).AsList();
    }

    /// <summary>Goes on to its end. False where there is nothing to do, or another call is at it.</summary>
    public async Task<bool> RunAsync(long id, CancellationToken stop)
    {
        while (true)
        {
            if (await RunChunkAsync(id, ChunkRows, stop) is not { } last) return false;
            if (last) return true;
        }
    }

    /// <summary>Changes the next readers; true where they were the last, null where there was nothing to do.</summary>
    internal Task<bool?> RunChunkAsync(long id, int rows, CancellationToken stop) => CrossedWrite.RunReferringAsync(() => TryChunkAsync(id, rows, stop), stop);

    private async Task<bool?> TryChunkAsync(long id, int rows, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await connection.QuerySingleOrDefaultAsync<Work>(new CommandDefinition(Lock, new { id }, cancellationToken: stop)) is not { } work) return null;
        if (SegmentFilter.TryParse(work.Filter, out var filter) is { } problem)
            throw new InvalidOperationException($"The filter of bulk change {id} can't be read: {problem}");
        var compiled = FilterCompiler.Compile(filter!, new FilterContext(work.NewsletterId, work.TimeZone, work.CreatedAt));
        var parameters = new DynamicParameters(compiled.Parameters);
        parameters.AddDynamicParams(new { id, rows, maxTags = TagRules.MaxTags, maxKeys = AttributeRules.MaxKeys });
        var last = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(compiled.Into(ChangeChunk), parameters, commandTimeout: 300, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return last;
    }

    private async Task<(long NewsletterId, string Filter)> AudienceOfAsync(BulkChangeDraft draft, List<FieldProblem> problems, CancellationToken stop)
    {
        var (context, filter, problem) = await new SegmentChoiceStore(database).FindAsync(draft.Newsletter, draft.Segment, draft.Filter, stop);
        if (problem is not null) problems.Add(problem);
        else if (filter is null) problems.Add(new FieldProblem("segment", "Say whom it is about: a segment's slug or name, or a \"filter\"."));
        return (context?.NewsletterId ?? 0, filter?.Text ?? "");
    }

    private sealed record Work
    {
        public required string Filter { get; init; }

        public long NewsletterId { get; init; }

        public required string TimeZone { get; init; }

        public DateTimeOffset CreatedAt { get; init; }
    }

    private sealed record Row
    {
        public long Id { get; init; }

        public required string Newsletter { get; init; }

        public required string Filter { get; init; }

        public required string[] AddTags { get; init; }

        public required string[] RemoveTags { get; init; }

        public required string Attributes { get; init; }

        public string? Tier { get; init; }

        public bool Unsubscribe { get; init; }

        public required string State { get; init; }

        public long Matched { get; init; }

        public long Changed { get; init; }

        public long Unchanged { get; init; }

        public long Refused { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? FinishedAt { get; init; }

        public BulkChange ToChange() => new()
        {
            Id = Id,
            Newsletter = Newsletter,
            Filter = Filter,
            AddTags = AddTags,
            RemoveTags = RemoveTags,
            Attributes = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Attributes)!,
            Tier = Tier,
            Unsubscribe = Unsubscribe,
            State = State,
            Matched = Matched,
            Changed = Changed,
            Unchanged = Unchanged,
            Refused = Refused,
            CreatedAt = CreatedAt,
            FinishedAt = FinishedAt,
        };
    }
}
