using System.Text.Json;
using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Imports and what was wrong in them. <see cref="SubscriberImport"/> does the work.</summary>
public sealed class ImportStore(NpgsqlDataSource database)
{
    /// <summary>Problems kept for one import; all are counted.</summary>
    public const int MaxProblems = 100_000;

    private const string Insert = /*lang=sql*/ """
        insert into imports (newsletter_id, tier, source, dry_run, status)
        select id, @tier, @source, @dryRun, @status from newsletters where slug = @newsletter
        returning id
        """;

    private const string SelectById = /*lang=sql*/ """
        select i.id as "Id", n.slug as "Newsletter", i.tier as "Tier", i.state as "State", i.reason as "Reason", i.bytes as "Bytes",
               i.rows as "Rows", i.invalid as "Invalid", i.duplicates as "Duplicates", i.suppressed as "Suppressed",
               i.created as "Created", i.updated as "Updated", i.unchanged as "Unchanged", i.subscribed as "Subscribed",
               i.already_subscribed as "AlreadySubscribed", i.kept_unsubscribed as "KeptUnsubscribed", i.kept_pending as "KeptPending",
               i.staged as "Staged", i.merged as "Merged",
               i.source as "Source", i.mapping::text as "Mapping", i.dry_run as "DryRun", i.status as "Status", i.unsubscribed as "Unsubscribed", i.pending as "Pending",
               i.suppressions as "Suppressions", i.also_unsubscribed as "AlsoUnsubscribed",
               i.created_at as "CreatedAt", i.received_at as "ReceivedAt", i.finished_at as "FinishedAt"
        from imports i
        join newsletters n on n.id = i.newsletter_id
        where i.id = @id
        """;

    private const string SelectPage = /*lang=sql*/ """
        select i.id as "Id", n.slug as "Newsletter", i.tier as "Tier", i.state as "State", i.reason as "Reason", i.bytes as "Bytes",
               i.rows as "Rows", i.invalid as "Invalid", i.duplicates as "Duplicates", i.suppressed as "Suppressed",
               i.created as "Created", i.updated as "Updated", i.unchanged as "Unchanged", i.subscribed as "Subscribed",
               i.already_subscribed as "AlreadySubscribed", i.kept_unsubscribed as "KeptUnsubscribed", i.kept_pending as "KeptPending",
               i.staged as "Staged", i.merged as "Merged",
               i.source as "Source", i.mapping::text as "Mapping", i.dry_run as "DryRun", i.status as "Status", i.unsubscribed as "Unsubscribed", i.pending as "Pending",
               i.suppressions as "Suppressions", i.also_unsubscribed as "AlsoUnsubscribed",
               i.created_at as "CreatedAt", i.received_at as "ReceivedAt", i.finished_at as "FinishedAt"
        from imports i
        join newsletters n on n.id = i.newsletter_id
        where i.id > @after
        order by i.id
        limit @rows
        """;

    private const string SelectProblems = /*lang=sql*/ """
        select id as "Id", line as "Line", name as "Column", reason as "Reason"
        from import_problems
        where import_id = @importId and id > @after
        order by id
        limit @rows
        """;

    private const string SelectUnfinished = /*lang=sql*/ "select id from imports where state = 'merging' order by id";

    // Whoever receives holds the lock of its import as long as its connection lives (ImportStagingStore). The minute is for an import
    // that was made a moment ago and whose file is about to come.
    private const string FailAbandoned = /*lang=sql*/ """
        with open as materialized (
            select id from imports where state = 'receiving' and created_at < now() - interval '1 minute'
        ), abandoned as materialized (
            select id from open where pg_try_advisory_xact_lock(hashtextextended('newsletter import', id))
        ), failed as (
            update imports
            set state = 'failed', finished_at = now(), reason = 'The upload broke off, and nothing of it was kept. Send the file again.'
            where id in (select id from abandoned) and state = 'receiving'
            returning id
        ), cleared as (
            delete from import_rows where import_id in (select id from failed)
        )
        select id from failed
        """;

    /// <summary>
    /// Makes an import that awaits its file. Created or Invalid (<c>newsletter</c>: there is none of this slug; <c>tier</c>).
    /// </summary>
    /// <param name="newsletter">Slug of the newsletter whose subscriptions it makes.</param>
    /// <param name="tier"><c>free</c> or <c>premium</c>, of subscriptions that are new; free where null.</param>
    /// <param name="stop">Cancels.</param>
    public Task<AudienceOutcome<Import>> CreateAsync(string? newsletter, string? tier, CancellationToken stop) =>
        CreateAsync(newsletter, tier, source: null, dryRun: false, stop);

    /// <summary>
    /// The same, saying whose export the file is (<c>auto</c> where null), that nothing is to be done but counted, or that all its rows have left or not confirmed
    /// (<c>unsubscribed</c>, <c>pending</c>).
    /// </summary>
    public async Task<AudienceOutcome<Import>> CreateAsync(string? newsletter, string? tier, string? source, bool dryRun, CancellationToken stop, string? status = null)
    {
        var problems = new List<FieldProblem>();
        var checkedSource = ParseSource(source, problems);
        var checkedTier = SubscriberRules.CheckTier(tier, problems) ?? SubscriptionTier.Free;
        if (status is not (null or "pending" or "unsubscribed"))
            problems.Add(new FieldProblem("status", "It must be pending or unsubscribed, and is said of all rows; leave it out where each row is what it says, or active."));
        if (string.IsNullOrEmpty(newsletter) || newsletter.Contains('\0', StringComparison.Ordinal))
            problems.Add(new FieldProblem("newsletter", "Name the newsletter to subscribe the readers to, by its slug."));
        if (problems.Count > 0) return new AudienceOutcome<Import>.Invalid(problems);

        await using var connection = await database.OpenConnectionAsync(stop);
        var id = await connection.ExecuteScalarAsync<long?>(
            new CommandDefinition(Insert, new { newsletter, tier = checkedTier.Word(), source = checkedSource.ToString().ToLowerInvariant(), dryRun, status }, cancellationToken: stop));
        return id is null
            ? new AudienceOutcome<Import>.Invalid("newsletter", "There is no newsletter with this slug.")
            : new AudienceOutcome<Import>.Created((await GetAsync(id.Value, stop))!);
    }

    /// <summary>Adds a problem unless the source is one we know; auto where it is null.</summary>
    public static ImportSource ParseSource(string? raw, ICollection<FieldProblem> problems)
    {
        if (raw is null) return ImportSource.Auto;
        var words = Enum.GetNames<ImportSource>().Select(name => name.ToLowerInvariant()).ToList();
        if (words.IndexOf(raw) is >= 0 and var place) return Enum.GetValues<ImportSource>()[place];
        problems.Add(new FieldProblem("source", $"The source must be one of {string.Join(", ", words)}."));
        return ImportSource.Auto;
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<Import?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(SelectById, new { id }, cancellationToken: stop));
        return row?.ToImport();
    }

    /// <summary>In the order of their ids.</summary>
    public async Task<Page<Import>> ListAsync(PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Row>(
            new CommandDefinition(SelectPage, new { after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, row => row.Id).Select(row => row.ToImport());
    }

    /// <summary>The rows that were left out, in the order of the file. An import that isn't there has none.</summary>
    public async Task<Page<ImportProblem>> ProblemsAsync(long importId, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<ImportProblem>(new CommandDefinition(
            SelectProblems, new { importId, after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, problem => problem.Id);
    }

    /// <summary>Imports that are received and not merged, for the sweep: to start one that is being merged already does no harm.</summary>
    public async Task<IReadOnlyList<long>> FindUnfinishedAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<long>(new CommandDefinition(SelectUnfinished, cancellationToken: stop))).AsList();
    }

    /// <summary>For the sweep: imports whose receiver has vanished become failed. Gives back their ids.</summary>
    public async Task<IReadOnlyList<long>> FailAbandonedAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<long>(new CommandDefinition(FailAbandoned, commandTimeout: 300, cancellationToken: stop))).AsList();
    }

    private sealed record Row
    {
        public long Id { get; init; }

        public required string Newsletter { get; init; }

        public required string Tier { get; init; }

        public required string State { get; init; }

        public string? Reason { get; init; }

        public long Bytes { get; init; }

        public long Rows { get; init; }

        public long Invalid { get; init; }

        public long Duplicates { get; init; }

        public long Suppressed { get; init; }

        public long Created { get; init; }

        public long Updated { get; init; }

        public long Unchanged { get; init; }

        public long Subscribed { get; init; }

        public long AlreadySubscribed { get; init; }

        public long KeptUnsubscribed { get; init; }

        public long KeptPending { get; init; }

        public long Staged { get; init; }

        public long Merged { get; init; }

        public required string Source { get; init; }

        public required string Mapping { get; init; }

        public string? Status { get; init; }

        public bool DryRun { get; init; }

        public long Unsubscribed { get; init; }

        public long Pending { get; init; }

        public long Suppressions { get; init; }

        public long AlsoUnsubscribed { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? ReceivedAt { get; init; }

        public DateTimeOffset? FinishedAt { get; init; }

        public Import ToImport() => new()
        {
            Id = Id,
            Newsletter = Newsletter,
            Tier = Tier == "premium" ? SubscriptionTier.Premium : SubscriptionTier.Free,
            State = Enum.Parse<ImportState>(State, ignoreCase: true),
            Reason = Reason,
            Bytes = Bytes,
            Rows = Rows,
            Invalid = Invalid,
            Duplicates = Duplicates,
            Suppressed = Suppressed,
            Created = Created,
            Updated = Updated,
            Unchanged = Unchanged,
            Subscribed = Subscribed,
            AlreadySubscribed = AlreadySubscribed,
            KeptUnsubscribed = KeptUnsubscribed,
            KeptPending = KeptPending,
            Staged = Staged,
            Merged = Merged,
            Source = Enum.Parse<ImportSource>(Source, ignoreCase: true),
            Mapping = JsonSerializer.Deserialize<ImportColumn[]>(Mapping)!,
            Status = Status,
            DryRun = DryRun,
            Unsubscribed = Unsubscribed,
            Pending = Pending,
            Suppressions = Suppressions,
            AlsoUnsubscribed = AlsoUnsubscribed,
            CreatedAt = CreatedAt,
            ReceivedAt = ReceivedAt,
            FinishedAt = FinishedAt,
        };
    }
}
