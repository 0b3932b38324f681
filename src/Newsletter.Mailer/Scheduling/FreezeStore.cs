using System.Globalization;
using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Makes an issue of an edition: its content, its partition of the ledger, and its audience, chunk by chunk.</summary>
public sealed class FreezeStore(NpgsqlDataSource database, ThrottleGroups? groups = null)
{
    private readonly ThrottleGroups _groups = groups ?? new ThrottleGroups();

    private const string EstimateAudience = /*lang=sql*/ """
        select count(*) from subscriptions
        where newsletter_id = @newsletter and status = 'active' and (@tier = 'free' or tier = @tier)
        """;

    // Only the edition that is still due, at the revision that was rendered, becomes an issue: a second job finds nothing to publish.
    private const string InsertIssue = /*lang=sql*/ """
        with published as (
            update editions set state = 'published', updated_at = now()
            where id = @edition and state = 'scheduled' and revision = @revision and send_at <= now()
              and not exists (select from instance where held_reason is not null)
            returning id, newsletter_id)
        insert into issues (edition_id, newsletter_id, part_key, unknown_policy, link_key, sent_date, nonce, segment, segment_filter)
        select id, newsletter_id, @part, @policy, @linkKey, @sentDate, @nonce, @segment, @filter from published
        returning id
        """;

    private const string InsertContent = /*lang=sql*/ """
        insert into issue_content (issue_id, variant, segments, sha256, html_bytes)
        values (@issue, @variant, @segments, @sha256, @htmlBytes)
        """;

    private const string SelectPartition = /*lang=sql*/ """
        select exists (select from pg_class where relname = @name and relispartition)
        """;

    // A row that another job has locked is in good hands.
    private const string LockFreezing = /*lang=sql*/ """
        select i.part_key, i.newsletter_id, i.freeze_cursor, i.audience, e.tier, i.segment_filter, i.created_at, n.time_zone
        from issues i join editions e on e.id = i.edition_id join newsletters n on n.id = i.newsletter_id
        where i.id = @issue and i.state = 'freezing' and not exists (select from instance where held_reason is not null)
        for update of i skip locked
        """;

    // Readers are looked up row by row on purpose (lateral): the planner, which doesn't know how few a chunk is, reads all of them for each.
    // OFFSET 0 keeps it from joining otherwise, and from looking up the groups within that.
    // A chunk is numbered group by group, so that each group's members stand together and a batch is a range of places in one group.
    // Batches are numbered after those there are: whoever began the freeze may have cut batches of another size.
    private const string InsertChunk = /*lang=sql*/ """
        with members as (
            select s.subscriber_id,
                   case when s.paused_until > now() then 'paused' end as away
            from subscriptions s
            where s.newsletter_id = @newsletter and s.subscriber_id > @cursor and s.status = 'active' and (@tier = 'free' or s.tier = @tier)
              /*segment*/
            order by s.subscriber_id
            limit @chunk),
        located as (
            select m.subscriber_id, m.away, a.address, a.domain, a.variant
            from members m
            cross join lateral (
                select lower(b.address) as address, lower(split_part(b.address, '@', -1)) as domain, b.plain_text::integer::smallint as variant
                from subscribers b where b.id = m.subscriber_id
                offset 0) a
            offset 0),
        grouped as (
            select l.subscriber_id, l.variant, coalesce(e.throttle_group, f.throttle_group, 'other') collate "C" as throttle_group,
                   case when exists (select from suppressions p where lower(p.address) = l.address and p.address is not null)
                             or exists (select from suppressions p where lower(p.domain) = l.domain and p.domain is not null) then 'suppressed'
                        else l.away end as excluded
            from located l
            left join unnest(@domains::text[], @groups::text[]) e (domain, throttle_group) on e.domain = l.domain
            left join unnest(@domains::text[], @groups::text[]) f (domain, throttle_group) on f.domain = split_part(l.domain, '.', 1) || '.*'),
        numbered as materialized (
            select g.subscriber_id, g.variant, g.throttle_group, g.excluded,
                   @audience + row_number() over (order by g.throttle_group, g.subscriber_id) as seq,
                   (row_number() over (partition by g.throttle_group order by g.subscriber_id) - 1) / @size as slice
            from grouped g),
        frozen as (
            insert into deliveries (part_key, issue_id, seq, subscriber_id, variant, status, reason)
            select @part, @issue, n.seq, n.subscriber_id, n.variant,
                   case when n.excluded is null then 'pending' else 'skipped' end::delivery_status,
                   n.excluded
            from numbered n),
        cut as (
            insert into batches (issue_id, batch_no, throttle_group, first_seq, last_seq, size)
            select @issue,
                   (select coalesce(max(b.batch_no), 0) from batches b where b.issue_id = @issue) + row_number() over (order by min(n.seq)),
                   n.throttle_group, min(n.seq), max(n.seq), count(*) filter (where n.excluded is null)
            from numbered n
            group by n.throttle_group, n.slice
            having count(*) filter (where n.excluded is null) > 0)
        select count(*)::integer as frozen, coalesce(max(subscriber_id), @cursor) as cursor from numbered
        """;

    // What the statement above has in place of its mark where the issue is for a segment. Row by row for the same reason: OFFSET 0 keeps it so.
    private const string SegmentMark = "/*segment*/";

    private const string OfSegment = """
        and exists (
                select from subscribers b
                left join engagement g on g.subscriber_id = b.id and g.newsletter_id = s.newsletter_id
                where b.id = s.subscriber_id and (/*filter*/ true)
                offset 0)
        """;

    // Once the audience is whole: a filter of the next issue's may ask who did what with this one.
    private const string TellAudience = /*lang=sql*/ """
        insert into mailings (issue_id, newsletter_id, sent_at) select id, newsletter_id, now() from issues where id = @issue
        on conflict do nothing
        """;

    // A chunk is sorted in memory, not on disk. Compiling the statement took three times as long as running it (0.56 of 0.90 s a chunk).
    private const string PlanChunk = /*lang=sql*/ "set local work_mem = '64MB'; set local jit = off";

    private const string Advance = /*lang=sql*/ """
        update issues
        set freeze_cursor = @cursor, audience = audience + @frozen,
            state = case when @last then 'sending' else state end,
            frozen_at = case when @last then now() end
        where id = @issue
        """;

    private const string SelectFreezing = /*lang=sql*/ """
        select id from issues where state = 'freezing' order by id
        """;

    private const string SelectUnfrozen = /*lang=sql*/ """
        select id from issues where edition_id = @edition and state = 'freezing'
        """;

    /// <summary>Members the issue would have now.</summary>
    public async Task<long> EstimateAsync(long newsletter, string tier, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleAsync<long>(new CommandDefinition(EstimateAudience, new { newsletter, tier }, commandTimeout: 300, cancellationToken: stop));
    }

    /// <summary>The same of those in a segment whose filter can be read.</summary>
    public async Task<long> EstimateAsync(Segment segment, NewsletterProfile newsletter, string tier, CancellationToken stop)
    {
        var sizes = new SegmentSizeStore(database);
        return SegmentFilter.TryParse(segment.Filter, out var filter) is null && await sizes.ContextAsync(newsletter.Slug, stop) is { } context
            ? (await sizes.CountAsync(filter!, context, stop, tier)).Audience
            : 0;
    }

    /// <summary>The edition's issue that is being frozen; null where there is none.</summary>
    public async Task<long?> FindFreezingAsync(long edition, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(SelectUnfrozen, new { edition }, cancellationToken: stop));
    }

    /// <summary>Issues whose freeze has not ended, perhaps because its job was lost.</summary>
    public async Task<IReadOnlyList<long>> AllFreezing(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<long>(new CommandDefinition(SelectFreezing, cancellationToken: stop))];
    }

    /// <summary>Publishes the edition and keeps its frozen content, in one transaction; null where it is not due any more.</summary>
    public async Task<long?> InsertIssueAsync(NewIssue issue, CancellationToken stop)
    {
        await EnsurePartitionAsync(issue.PartKey, stop);
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var id = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(
            InsertIssue,
            new
            {
                edition = issue.EditionId,
                revision = issue.Revision,
                part = issue.PartKey,
                policy = issue.UnknownPolicy,
                linkKey = issue.LinkKey,
                sentDate = issue.SentDate,
                nonce = issue.Nonce,
                segment = issue.Segment?.Name,
                filter = issue.Segment?.Filter,
            },
            cancellationToken: stop));
        if (id is null)
            return null;
        foreach (var (variant, content) in issue.Compile(id.Value))
            await connection.ExecuteAsync(new CommandDefinition(
                InsertContent,
                new { issue = id, variant, segments = content.ToBytes(), sha256 = content.Sha256.ToArray(), htmlBytes = variant == IssueVariant.Html ? issue.HtmlBytes : 0 },
                cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return id;
    }

    /// <summary>Freezes the next members of the audience and cuts their batches, in one transaction.</summary>
    public async Task<FreezeStep> FreezeChunkAsync(long issue, int chunk, int batchSize, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var at = await connection.QuerySingleOrDefaultAsync<FreezingRow>(new CommandDefinition(LockFreezing, new { issue }, cancellationToken: stop));
        if (at is null)
            return FreezeStep.Elsewhere;

        var (statement, where) = Chunk(at);
        where.AddDynamicParams(new
        {
            issue,
            part = at.Part_key,
            newsletter = at.Newsletter_id,
            cursor = at.Freeze_cursor,
            audience = at.Audience,
            tier = at.Tier,
            chunk,
            size = batchSize,
            domains = _groups.Domains,
            groups = _groups.GroupsOfDomains,
        });
        await connection.ExecuteAsync(new CommandDefinition(PlanChunk, cancellationToken: stop));
        var (frozen, cursor) = await connection.QuerySingleAsync<(int, long)>(new CommandDefinition(statement, where, commandTimeout: 300, cancellationToken: stop));
        var last = frozen < chunk;
        if (last)
        {
            await AnalyzeAsync(connection, at.Part_key, stop);
            await connection.ExecuteAsync(new CommandDefinition(TellAudience, new { issue }, cancellationToken: stop));
        }

        await connection.ExecuteAsync(new CommandDefinition(Advance, new { issue, cursor, frozen, last }, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return last ? FreezeStep.Done : FreezeStep.More;
    }

    // "Now" is when the issue was made, for every chunk the same, however often the freeze was cut off.
    private static (string Statement, DynamicParameters Where) Chunk(FreezingRow at)
    {
        if (at.Segment_filter is null)
            return (InsertChunk, new DynamicParameters());
        if (SegmentFilter.TryParse(at.Segment_filter, out var filter) is { } problem)
            throw new InvalidOperationException($"The filter an issue was made with can't be read: {problem}");
        var compiled = FilterCompiler.Compile(filter!, new FilterContext(at.Newsletter_id, at.Time_zone, at.Created_at));
        return (InsertChunk.Replace(SegmentMark, compiled.Into(OfSegment), StringComparison.Ordinal), new DynamicParameters(compiled.Parameters));
    }

    // Without statistics every index that begins with the issue looks as good as the one that ends in the place, and a claim reads the
    // whole issue: so they are made before the first claim, not whenever autovacuum comes by.
    private static async Task AnalyzeAsync(NpgsqlConnection connection, long partKey, CancellationToken stop)
    {
        var analyze = string.Create(CultureInfo.InvariantCulture, $"analyze \"deliveries_{partKey}\"");
        await connection.ExecuteAsync(new CommandDefinition(analyze, commandTimeout: 300, cancellationToken: stop));
    }

    // A partition is made apart and then attached: CREATE … PARTITION OF would lock out every reader and writer of the ledger.
    private async Task EnsurePartitionAsync(long partKey, CancellationToken stop)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"deliveries_{partKey}");
        await using var connection = await database.OpenConnectionAsync(stop);
        if (await connection.QuerySingleAsync<bool>(new CommandDefinition(SelectPartition, new { name }, cancellationToken: stop)))
            return;
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(hashtext('deliveries partitions'))", cancellationToken: stop));
        if (await connection.QuerySingleAsync<bool>(new CommandDefinition(SelectPartition, new { name }, cancellationToken: stop)))
            return;
        var ddl = string.Create(CultureInfo.InvariantCulture, $"""
            create table "{name}" (like deliveries including defaults including constraints) with (fillfactor = 60);
            alter table deliveries attach partition "{name}" for values in ({partKey});
            """);
        await connection.ExecuteAsync(new CommandDefinition(ddl, cancellationToken: stop));
        await transaction.CommitAsync(stop);
    }

    private sealed class FreezingRow
    {
        public long Part_key { get; init; }
        public long Newsletter_id { get; init; }
        public long Freeze_cursor { get; init; }
        public long Audience { get; init; }
        public string Tier { get; init; } = "free";
        public string? Segment_filter { get; init; }
        public DateTimeOffset Created_at { get; init; }
        public string Time_zone { get; init; } = "Etc/UTC";
    }
}

/// <summary>How far a freeze has come.</summary>
public enum FreezeStep
{
    /// <summary>There may be more of the audience.</summary>
    More,

    /// <summary>The whole audience is frozen: the issue is sending.</summary>
    Done,

    /// <summary>Another job is at it, or has ended it.</summary>
    Elsewhere,
}

/// <summary>An issue about to be made of an edition.</summary>
public sealed record NewIssue
{
    public required long EditionId { get; init; }

    /// <summary>The revision that was rendered.</summary>
    public required int Revision { get; init; }

    public required long PartKey { get; init; }

    /// <summary><c>resend</c> or <c>leave</c>.</summary>
    public required string UnknownPolicy { get; init; }

    public required string LinkKey { get; init; }

    public required DateTimeOffset SentDate { get; init; }

    /// <summary>What ends every Message-ID: random, an @, and the domain of the newsletter's address.</summary>
    public required string Nonce { get; init; }

    public required int HtmlBytes { get; init; }

    /// <summary>Whom it is for; null: everyone of the tier. Its filter is kept with the issue as it is now.</summary>
    public Segment? Segment { get; init; }

    /// <summary>The finished messages by <see cref="IssueVariant"/>, once the issue has its id.</summary>
    public required Func<long, IReadOnlyDictionary<short, Rendering.CompiledMessage>> Compile { get; init; }
}

/// <summary>Which of an issue's messages a reader gets: kept in the ledger, so never renumber one.</summary>
public static class IssueVariant
{
    /// <summary>HTML and text.</summary>
    public const short Html = 0;

    /// <summary>Text alone, for readers who want no HTML.</summary>
    public const short Plain = 1;
}
