using Dapper;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Images;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>The state machine of editions between draft and published.</summary>
public sealed class ScheduleStore(NpgsqlDataSource database)
{
    private const string LockNewsletter = /*lang=sql*/ """
        select id from newsletters where id = @newsletter for no key update
        """;

    private const string SelectTaken = /*lang=sql*/ """
        select send_at from editions where newsletter_id = @newsletter and state = 'scheduled' and id <> @id
        """;

    private const string Schedule = /*lang=sql*/ """
        update editions
        set state = 'scheduled', held_reason = null, send_at = @at, send_local = @local, send_zone = @zone, updated_at = now(),
            size_forced_revision = case when @sizeForced::boolean then revision else size_forced_revision end
        where id = @id and state in ('draft', 'held', 'scheduled') and revision = @revision
        returning id
        """;

    private const string ScheduleNow = /*lang=sql*/ """
        update editions
        set state = 'scheduled', held_reason = null, send_at = now(), send_local = @local, send_zone = @zone, updated_at = now(),
            size_forced_revision = case when @sizeForced::boolean then revision else size_forced_revision end
        where id = @id and state in ('draft', 'held', 'scheduled') and revision = @revision
        returning id
        """;

    private const string Unschedule = /*lang=sql*/ """
        update editions
        set state = 'draft', held_reason = null, send_at = null, send_local = null, send_zone = null, updated_at = now()
        where id = @id and state in ('scheduled', 'held')
        returning id
        """;

    private const string Hold = /*lang=sql*/ """
        update editions set state = 'held', held_reason = @reason, updated_at = now()
        where id = @id and state = 'scheduled' and send_at <= now()
        returning id
        """;

    // The database's clock decides what is due and what is late: workers may disagree about the time.
    private const string SelectDue = /*lang=sql*/ """
        select e.id, e.newsletter_id as newsletterid, e.kind, e.number, e.tier, e.source, e.revision, e.send_at as sendat, coalesce(e.size_forced_revision = e.revision, false) as sizeforced,
               now() - e.send_at > @late as islate, now() as now, (select held_reason from instance) as forbidden
        from editions e
        where e.id = @id and e.state = 'scheduled' and e.send_at <= now()
        """;

    private const string SelectAllDue = /*lang=sql*/ """
        select id from editions where state = 'scheduled' and send_at <= now() order by send_at limit 1000
        """;

    private const string SelectAttributes = /*lang=sql*/ """
        select distinct jsonb_object_keys(b.attributes)
        from subscriptions s join subscribers b on b.id = s.subscriber_id
        where s.newsletter_id = @newsletter and b.attributes <> '{}'
        """;

    public Task<bool> ScheduleAsync(long id, int revision, LocalTime when, CancellationToken stop, bool sizeForced = false) =>
        ChangedAsync(Schedule, new { id, revision, at = when.Instant, local = when.Local, zone = when.Zone, sizeForced }, stop);

    /// <summary>Takes the first of the cadence's occurrences that no other edition of the newsletter has, unless the edition changed meanwhile.</summary>
    public async Task<ScheduleOutcome> ScheduleNextAsync(long id, int revision, long newsletter, IReadOnlyCollection<LocalTime> occurrences, CancellationToken stop, bool sizeForced = false)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(LockNewsletter, new { newsletter }, cancellationToken: stop));
        // Dapper casts a lone column, and a DateTime is no DateTimeOffset to it.
        var taken = (await connection.QueryAsync<DateTime>(new CommandDefinition(SelectTaken, new { newsletter, id }, cancellationToken: stop))).ToHashSet();
        if (occurrences.FirstOrDefault(occurrence => !taken.Contains(occurrence.Instant.UtcDateTime)) is not { } when)
            return new ScheduleOutcome.Invalid("slot", $"All {occurrences.Count} times of the newsletter's cadence that are still to come are taken by other editions: schedule with \"at\" and \"zone\", or make the cadence more frequent.");
        var changed = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(
            Schedule, new { id, revision, at = when.Instant, local = when.Local, zone = when.Zone, sizeForced }, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return changed is null ? new ScheduleOutcome.ChangedMeanwhile() : new ScheduleOutcome.Scheduled(when);
    }

    public Task<bool> ScheduleNowAsync(long id, int revision, DateTime local, string zone, CancellationToken stop, bool sizeForced = false) =>
        ChangedAsync(ScheduleNow, new { id, revision, local, zone, sizeForced }, stop);

    public Task<bool> UnscheduleAsync(long id, CancellationToken stop) => ChangedAsync(Unschedule, new { id }, stop);

    /// <summary>Leaves a due edition to a person, with a reason.</summary>
    public Task<bool> HoldAsync(long id, string reason, CancellationToken stop) => ChangedAsync(Hold, new { id, reason }, stop);

    /// <summary>The edition, where it is due now; else null.</summary>
    public async Task<DueEdition?> FindDueAsync(long id, TimeSpan late, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<DueEdition>(new CommandDefinition(SelectDue, new { id, late }, cancellationToken: stop));
    }

    /// <summary>Editions whose time has come.</summary>
    public async Task<IReadOnlyList<long>> AllDue(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<long>(new CommandDefinition(SelectAllDue, cancellationToken: stop))];
    }

    /// <summary>Attributes that some subscriber of the newsletter has.</summary>
    public async Task<IReadOnlyCollection<string>> KnownAttributes(long newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(SelectAttributes, new { newsletter }, commandTimeout: 300, cancellationToken: stop))];
    }

    /// <summary>What names mean in an edition, and which of these hashes are kept pictures'.</summary>
    public async Task<(IReadOnlyDictionary<string, Picture> Named, IReadOnlyList<Picture> OfHashes)> PicturesOf(
        long newsletter, long edition, IReadOnlyCollection<string> names, IReadOnlyCollection<string> hashes, CancellationToken stop)
    {
        var images = new ImageStore(database);
        return (await images.NamedAsync(newsletter, edition, names, stop), await images.OfHashesAsync(hashes, stop));
    }

    /// <summary>What the newsletter's editions may name as their audience.</summary>
    public Task<IReadOnlyList<Segment>> SegmentsOf(long newsletter, CancellationToken stop) => new SegmentStore(database).AllOfAsync(newsletter, stop);

    private async Task<bool> ChangedAsync(string sql, object values, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(sql, values, cancellationToken: stop)) is not null;
    }
}

/// <summary>An edition whose time has come.</summary>
public sealed record DueEdition
{
    public long Id { get; init; }

    public long NewsletterId { get; init; }

    /// <summary><c>issue</c> or <c>digest</c>.</summary>
    public string Kind { get; init; } = "issue";

    /// <summary>Null of a digest.</summary>
    public int? Number { get; init; }

    public string Tier { get; init; } = "free";

    public string Source { get; init; } = "";

    public int Revision { get; init; }

    public DateTimeOffset SendAt { get; init; }

    /// <summary>Sent however large it is: its author said so of this revision.</summary>
    public bool SizeForced { get; init; }

    /// <summary>So long past its time that sending it by itself might be wrong.</summary>
    public bool IsLate { get; init; }

    /// <summary>The database's clock.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>Why nothing at all is sent from this database, which may be a copy; null where all is well.</summary>
    public string? Forbidden { get; init; }
}
