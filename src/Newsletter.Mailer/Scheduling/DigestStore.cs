using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Editions;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Months and their digests: each is decided once, in the transaction that makes its edition.</summary>
public sealed class DigestStore(NpgsqlDataSource database)
{
    // A copy that waits to be adopted decides nothing: the original does.
    private const string SelectNewsletters = /*lang=sql*/ """
        select n.id as "Id", n.time_zone as "TimeZone", n.created_at as "CreatedAt", now() as "Now",
               (select max(d.month)::timestamp from digests d where d.newsletter_id = n.id) as "LastMonth"
        from newsletters n
        where @newsletter::bigint is null and not exists (select from instance where held_reason is not null) or n.id = @newsletter
        order by n.id
        """;

    // Whoever writes editions of the newsletter queues here too, so that the slug that is free stays so.
    private const string LockNewsletter = /*lang=sql*/ "select id from newsletters where id = @newsletter for no key update";

    private const string Claim = /*lang=sql*/ """
        insert into digests (newsletter_id, month, outcome) values (@newsletter, @month, 'no_readers')
        on conflict (newsletter_id, month) do nothing
        returning id
        """;

    private const string CountReaders = /*lang=sql*/ """
        select count(*) from subscriptions where newsletter_id = @newsletter and status = 'active' and frequency = 'digest'
        """;

    // What was for a segment concerned nobody else. The source is needed only where there may be slots in the preheader.
    private const string SelectUntold = /*lang=sql*/ """
        select i.id as "IssueId", e.number as "Number", e.title as "Title", e.preheader as "Preheader", e.slug as "Slug", e.tier as "Tier", i.sent_date as "SentAt",
               case when e.preheader like '%{%' then e.source end as "Source"
        from issues i join editions e on e.id = i.edition_id
        where i.newsletter_id = @newsletter and i.kind = 'issue' and i.segment is null and i.state not in ('freezing', 'failed', 'cancelling', 'cancelled')
          and i.frozen_at >= coalesce((select min(d.decided_at) from digests d where d.newsletter_id = @newsletter and d.month < @month), @began)
          and not exists (select from digest_issues x where x.issue_id = i.id)
        order by i.sent_date desc, i.id desc
        """;

    private const string MarkTold = /*lang=sql*/ """
        insert into digest_issues (issue_id, digest_id) select x, @id from unnest(@issues::bigint[]) x on conflict do nothing
        """;

    private const string SelectSlugs = /*lang=sql*/ "select slug from editions where newsletter_id = @newsletter and starts_with(slug, @stem)";

    private const string InsertEdition = /*lang=sql*/ """
        insert into editions (newsletter_id, kind, slug, title, subject, preheader, source, state, held_reason, send_at, send_local, send_zone)
        values (@newsletter, 'digest', @slug, @title, @subject, @preheader, @source,
                case when @held::text is null then 'scheduled' else 'held' end, @held, now(), @local, @zone)
        returning id
        """;

    private const string Settle = /*lang=sql*/ "update digests set outcome = @outcome, edition_id = @edition where id = @id";

    private const string SelectPage = /*lang=sql*/ """
        select d.id as "Id", n.slug as "Newsletter", d.month::timestamp as "Month", d.outcome as "Outcome", d.edition_id as "EditionId", d.decided_at as "DecidedAt",
               (select count(*) from digest_issues x where x.digest_id = d.id)::integer as "Issues",
               (select i.id from issues i where i.edition_id = d.edition_id and i.state <> 'failed') as "IssueId"
        from digests d join newsletters n on n.id = d.newsletter_id
        where (@newsletter::text is null or n.slug = @newsletter) and (@after = 0 or d.id < @after)
        order by d.id desc
        limit @rows
        """;

    /// <summary>Newsletters with the month that was decided last, by the database's clock. None while nothing may be sent from here.</summary>
    internal Task<IReadOnlyList<DigestClock>> ClocksAsync(CancellationToken stop) => ClocksAsync(null, stop);

    /// <summary>The same of one that is there, whatever may be sent from here.</summary>
    internal async Task<DigestClock> ClockAsync(long newsletter, CancellationToken stop) => (await ClocksAsync(newsletter, stop)).Single();

    private async Task<IReadOnlyList<DigestClock>> ClocksAsync(long? newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. (await connection.QueryAsync<ClockRow>(new CommandDefinition(SelectNewsletters, new { newsletter }, cancellationToken: stop)))
            .Select(row => new DigestClock(row.Id, row.TimeZone, row.CreatedAt, row.Now, row.LastMonth is { } month ? DateOnly.FromDateTime(month) : null))];
    }

    /// <summary>How many have chosen the digest.</summary>
    public async Task<long> ReadersAsync(long newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleAsync<long>(new CommandDefinition(CountReaders, new { newsletter }, cancellationToken: stop));
    }

    /// <summary>Issues that no digest has told of, newest first.</summary>
    public async Task<IReadOnlyList<DigestEntry>> UntoldAsync(DueDigest due, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await UntoldAsync(connection, due, stop);
    }

    /// <summary>Decides the month, and makes its edition where there is to be one: scheduled for now, or held. All of it or nothing.</summary>
    /// <param name="newsletter">As it is now.</param>
    /// <param name="due">Its month.</param>
    /// <param name="held">Why a person is to look at it first; null: it goes out.</param>
    /// <param name="write">Writes it, under a slug that is free.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The edition; null where none was made, or another has decided.</returns>
    public async Task<long?> DecideAsync(
        NewsletterProfile newsletter, DueDigest due, string? held, Func<IReadOnlyList<DigestEntry>, string, WrittenDigest> write, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var about = new { newsletter = newsletter.Id, month = due.Month.ToDateTime(TimeOnly.MinValue) };
        await connection.ExecuteAsync(new CommandDefinition(LockNewsletter, about, cancellationToken: stop));
        if (await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(Claim, about, cancellationToken: stop)) is not { } id)
            return null;
        var entries = await UntoldAsync(connection, due, stop);
        var outcome = Judge(newsletter, entries, await connection.QuerySingleAsync<long>(new CommandDefinition(CountReaders, about, cancellationToken: stop)));
        // While they are switched off, what went out is kept for the first digest after.
        if (outcome != DigestOutcome.Off)
            await connection.ExecuteAsync(new CommandDefinition(MarkTold, new { id, issues = entries.Select(entry => entry.IssueId).ToArray() }, cancellationToken: stop));
        long? edition = outcome == DigestOutcome.Made ? await InsertAsync(connection, newsletter, due, held, write(entries, await FreeSlugAsync(connection, newsletter.Id, due.Month, stop)), stop) : null;
        await connection.ExecuteAsync(new CommandDefinition(Settle, new { id, outcome = Word(outcome), edition }, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return edition;
    }

    /// <summary>Months as they were decided, newest first.</summary>
    /// <param name="newsletter">Slug; null: of all.</param>
    /// <param name="page">Which part.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Page<Digest>> ListAsync(string? newsletter, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<DigestRow>(new CommandDefinition(
            SelectPage, new { newsletter, after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.Select(row => row.ToDigest()).ToList(), page, digest => digest.Id);
    }

    private static DigestOutcome Judge(NewsletterProfile newsletter, IReadOnlyList<DigestEntry> entries, long readers) =>
        readers == 0 ? DigestOutcome.NoReaders
        : !newsletter.Digests ? DigestOutcome.Off
        : entries.Count == 0 ? DigestOutcome.NoIssues
        : DigestOutcome.Made;

    private static async Task<IReadOnlyList<DigestEntry>> UntoldAsync(NpgsqlConnection connection, DueDigest due, CancellationToken stop)
    {
        var values = new { newsletter = due.NewsletterId, month = due.Month.ToDateTime(TimeOnly.MinValue), began = due.Began.ToUniversalTime() };
        return [.. (await connection.QueryAsync<EntryRow>(new CommandDefinition(SelectUntold, values, cancellationToken: stop))).Select(row => row.ToEntry())];
    }

    private static async Task<string> FreeSlugAsync(NpgsqlConnection connection, long newsletter, DateOnly month, CancellationToken stop)
    {
        var stem = DigestWriter.SlugOf(month);
        var taken = (await connection.QueryAsync<string>(new CommandDefinition(SelectSlugs, new { newsletter, stem }, cancellationToken: stop))).ToHashSet(StringComparer.Ordinal);
        return Enumerable.Range(1, taken.Count + 1).Select(n => n == 1 ? stem : FormattableString.Invariant($"{stem}-{n}")).First(free => !taken.Contains(free));
    }

    private static async Task<long> InsertAsync(
        NpgsqlConnection connection, NewsletterProfile newsletter, DueDigest due, string? held, WrittenDigest digest, CancellationToken stop)
    {
        var zone = LocalTime.FindZone(newsletter.TimeZone) ?? TimeZoneInfo.Utc;
        return await connection.QuerySingleAsync<long>(new CommandDefinition(
            InsertEdition,
            new
            {
                newsletter = newsletter.Id,
                digest.Slug,
                digest.Title,
                digest.Subject,
                digest.Preheader,
                digest.Source,
                held,
                local = TimeZoneInfo.ConvertTime(due.Now, zone).DateTime,
                zone = zone.Id,
            },
            cancellationToken: stop));
    }

    private static string Word(DigestOutcome outcome) => outcome switch
    {
        DigestOutcome.Made => "made",
        DigestOutcome.NoReaders => "no_readers",
        DigestOutcome.NoIssues => "no_issues",
        _ => "off",
    };

    private sealed class ClockRow
    {
        public long Id { get; init; }
        public string TimeZone { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset Now { get; init; }
        public DateTime? LastMonth { get; init; }
    }

    private sealed record EntryRow
    {
        public long IssueId { get; init; }
        public int Number { get; init; }
        public string Title { get; init; } = "";
        public string? Preheader { get; init; }
        public string Slug { get; init; } = "";
        public string Tier { get; init; } = "free";
        public DateTimeOffset SentAt { get; init; }
        public string? Source { get; init; }

        public DigestEntry ToEntry() => new()
        {
            IssueId = IssueId,
            Number = Number,
            Title = Title,
            Preheader = DigestWriter.Plain(Preheader, Source is not null && EditionDocument.Parse(Source, FrontMatterRules.Edition) is EditionParseOutcome.Read { Edition.Template: true }),
            Slug = Slug,
            Tier = Tier,
            SentAt = SentAt,
        };
    }

    private sealed class DigestRow
    {
        public long Id { get; init; }
        public string Newsletter { get; init; } = "";
        public DateTime Month { get; init; }
        public string Outcome { get; init; } = "";
        public int Issues { get; init; }
        public long? EditionId { get; init; }
        public long? IssueId { get; init; }
        public DateTimeOffset DecidedAt { get; init; }

        public Digest ToDigest() => new()
        {
            Id = Id,
            Newsletter = Newsletter,
            Month = DateOnly.FromDateTime(Month),
            Outcome = Enum.GetValues<DigestOutcome>().First(outcome => Word(outcome) == Outcome),
            Issues = Issues,
            EditionId = EditionId,
            IssueId = IssueId,
            DecidedAt = DecidedAt,
        };
    }
}

/// <summary>What it takes to know which month of a newsletter is due.</summary>
internal sealed record DigestClock(long NewsletterId, string TimeZone, DateTimeOffset CreatedAt, DateTimeOffset Now, DateOnly? LastMonth);
