using System.Globalization;
using System.Text;
using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Makes an issue of an edition: its content, its partition of the ledger, and its audience, chunk by chunk.</summary>
public sealed partial class FreezeStore(NpgsqlDataSource database, ThrottleGroups? groups = null)
{
    private readonly ThrottleGroups _groups = groups ?? new ThrottleGroups();

    /// <summary>Members the issue, or the digest, would have now.</summary>
    public async Task<long> EstimateAsync(long newsletter, string tier, CancellationToken stop, string kind = "issue")
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleAsync<long>(new CommandDefinition(EstimateAudience, new { newsletter, tier, kind }, commandTimeout: 300, cancellationToken: stop));
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
                questions = FrozenQuestion.Write(issue.Questions),
            },
            cancellationToken: stop));
        if (id is null)
            return null;
        foreach (var (variant, name, message, htmlBytes) in issue.Compile(id.Value))
            await connection.ExecuteAsync(new CommandDefinition(
                InsertContent,
                new { issue = id, variant, name, segments = message.ToBytes(), sha256 = message.Sha256.ToArray(), htmlBytes },
                cancellationToken: stop));
        if (issue.MeasuredLinks.Count > 0)
            await connection.ExecuteAsync(new CommandDefinition(InsertLinks, new { issue = id, urls = issue.MeasuredLinks.ToArray() }, cancellationToken: stop));
        foreach (var poll in issue.Polls)
            await connection.ExecuteAsync(new CommandDefinition(
                InsertPoll,
                new { issue = id, poll = (short)poll.Number, poll.Question, options = poll.Options.ToArray(), anonymous = poll.IsAnonymous, comments = poll.TakesComments, closesAt = poll.ClosesAt },
                cancellationToken: stop));
        if (issue.Pictures.Count > 0)
            await connection.ExecuteAsync(new CommandDefinition(InsertPictures, new { issue = id, images = issue.Pictures.ToArray() }, cancellationToken: stop));
        if (issue.Page is { } page)
            await WebPageStore.InsertAsync(connection, id.Value, page, stop);
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
            kind = at.Kind,
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
        var (statement, where) = (InsertChunk, new DynamicParameters());
        if (at.Segment_filter is { } audience)
        {
            var compiled = Compile(audience, at, "f_");
            where.AddDynamicParams(compiled.Parameters);
            statement = statement.Replace(SegmentMark, compiled.Into(OfSegment), StringComparison.Ordinal);
        }

        return (statement.Replace(VariantMark, Answers(at, where), StringComparison.Ordinal), where);
    }

    // A bit for each question, above the one for plain text.
    private static string Answers(FreezingRow at, DynamicParameters where)
    {
        var answers = new StringBuilder();
        var questions = FrozenQuestion.Read(at.Variant_questions);
        for (var i = 0; i < questions.Count; i++)
        {
            var bit = string.Create(CultureInfo.InvariantCulture, $"{IssueVariant.Of(1 << i, isPlain: false)}");
            var compiled = questions[i].Filter is { } filter ? Compile(filter, at, string.Create(CultureInfo.InvariantCulture, $"q{i}_")) : null;
            if (compiled is not null)
                where.AddDynamicParams(compiled.Parameters);
            answers.Append(" + ").Append(bit).Append(" * (").Append(compiled?.Into(InSegment) ?? IsPremium).Append(")::integer");
        }

        return answers.ToString();
    }

    private static CompiledFilter Compile(string text, FreezingRow at, string prefix) =>
        SegmentFilter.TryParse(text, out var filter) is { } problem
            ? throw new InvalidOperationException($"The filter an issue was made with can't be read: {problem}")
            : FilterCompiler.Compile(filter!, new FilterContext(at.Newsletter_id, at.Time_zone, at.Created_at), prefix);

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
        public string Kind { get; init; } = "issue";
        public long Freeze_cursor { get; init; }
        public long Audience { get; init; }
        public string Tier { get; init; } = "free";
        public string? Segment_filter { get; init; }
        public string Variant_questions { get; init; } = "[]";
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

    /// <summary>Whom it is for; null: everyone of the tier. Its filter is kept with the issue as it is now.</summary>
    public Segment? Segment { get; init; }

    /// <summary>What decides which variant a reader gets; empty where all get the same.</summary>
    public IReadOnlyList<FrozenQuestion> Questions { get; init; } = [];

    /// <summary>Ids of the kept pictures that it shows: they stay for as long as it does.</summary>
    public IReadOnlyList<long> Pictures { get; init; } = [];

    /// <summary>What the web shows of it; null: nothing.</summary>
    public Rendering.WebEdition? Page { get; init; }

    /// <summary>Where the links lead whose clicks are counted, by their number from 1.</summary>
    public IReadOnlyList<string> MeasuredLinks { get; init; } = [];

    /// <summary>What it asks its readers.</summary>
    public IReadOnlyList<FrozenPoll> Polls { get; init; } = [];

    /// <summary>The finished messages, once the issue has its id.</summary>
    public required Func<long, IEnumerable<IssueContent>> Compile { get; init; }
}

/// <summary>One of an issue's messages.</summary>
/// <param name="Variant">See <see cref="IssueVariant"/>.</param>
/// <param name="Name">What the variant is called.</param>
/// <param name="Message">As it goes out.</param>
/// <param name="HtmlBytes">Of its decoded HTML; 0 where it has none.</param>
public sealed record IssueContent(short Variant, string Name, Rendering.CompiledMessage Message, int HtmlBytes);

/// <summary>Which of an issue's messages a reader gets: kept in the ledger, so never renumber one.</summary>
public static class IssueVariant
{
    /// <summary>HTML and text.</summary>
    public const short Html = 0;

    /// <summary>Text alone, for readers who want no HTML.</summary>
    public const short Plain = 1;

    /// <summary>The variant of readers with these answers to the edition's questions (a bit each), in HTML and text or in text alone.</summary>
    public static short Of(int answers, bool isPlain) => (short)((answers * 2) + (isPlain ? Plain : Html));
}
