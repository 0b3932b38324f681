using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>The evidence: every failure and complaint, what followed, and how that is taken back.</summary>
public sealed class BounceStore(NpgsqlDataSource database, SuppressionStore suppressions)
{
    private const string Select = /*lang=sql*/ """
        select id as "Id", at as "At", subscriber_id as "Subscriber", issue_id as "Issue", kind as "Kind", reason as "Reason", status as "Status",
               reply_code::integer as "ReplyCode", evidence as "Evidence", source as "Source", throttle_group as "Provider", consequence as "Consequence",
               suppression_id as "Suppression", undone_at as "UndoneAt", undone_note as "UndoneNote"
        from bounces

        """;

    private const string SelectPage = Select + /*lang=sql*/ """
        where id > @after and (@issue::bigint is null or issue_id = @issue) and (@subscriber::bigint is null or subscriber_id = @subscriber)
          and (@kind::text is null or kind = @kind)
        order by id
        limit @rows
        """;

    private const string SelectOne = Select + /*lang=sql*/ """
        where id = @id
        """;

    // The subscription comes back only where it was this complaint that ended it.
    // With a soft one that suppressed all that were counted for it: else the next one would suppress again at once.
    private const string Undo = /*lang=sql*/ """
        with undone as (
            update bounces b set undone_at = now(), undone_note = @note
            from bounces a
            where a.id = @id and a.settled_at is not null and a.undone_at is null and b.undone_at is null
              and (b.id = a.id or a.kind = 'soft' and a.consequence = 'suppressed' and b.kind = 'soft' and b.subscriber_id = a.subscriber_id and b.settled_at is not null)
            returning b.subscriber_id, b.newsletter_id, b.issue_id, b.kind),
        back as (
            update subscriptions s
            set status = case when s.confirmed_at is null then 'pending' else 'active' end, unsubscribed_at = null, unsubscribed_by = null, unsubscribed_issue = null
            from undone u
            where u.kind = 'complaint' and s.newsletter_id = u.newsletter_id and s.subscriber_id = u.subscriber_id and s.status = 'unsubscribed'
              and s.unsubscribed_by = 'complaint' and s.unsubscribed_issue is not distinct from u.issue_id
            returning s.newsletter_id, s.subscriber_id),
        told as (
            insert into consents (newsletter_id, subscriber_id, action, form)
            select newsletter_id, subscriber_id, 'restored', 'api' from back)
        select subscriber_id from undone
        """;

    /// <summary>The kinds there are.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["hard", "soft", "complaint", "sender", "message"];

    /// <summary>In the order in which they came.</summary>
    public async Task<Page<BounceReport>> ListAsync(long? issue, long? subscriber, string? kind, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new { issue, subscriber, kind, after = page.After.After, rows = page.Limit + 1 };
        return Page.Of((await connection.QueryAsync<BounceReport>(new CommandDefinition(SelectPage, values, cancellationToken: stop))).AsList(), page, bounce => bounce.Id);
    }

    /// <summary>Null where there is none.</summary>
    public async Task<BounceReport?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<BounceReport>(new CommandDefinition(SelectOne, new { id }, cancellationToken: stop));
    }

    /// <summary>
    /// Takes back what followed from it: its suppression is lifted, the subscription that a complaint ended goes on, and it counts no more. Updated,
    /// NotFound, Invalid (<c>note</c>), or Conflict where it is undone already or not settled yet. Cut off, it may be repeated.
    /// </summary>
    /// <param name="id">Which.</param>
    /// <param name="note">Why, on one line.</param>
    /// <param name="apiKey">Whose key it was.</param>
    /// <param name="stop">Cancels.</param>
    public async Task<AudienceOutcome<BounceReport>> UndoAsync(long id, string? note, long? apiKey, CancellationToken stop)
    {
        if (await GetAsync(id, stop) is not { } bounce)
            return new AudienceOutcome<BounceReport>.NotFound();
        if (bounce.UndoneAt is not null)
            return new AudienceOutcome<BounceReport>.Conflict("id", "It has been undone already.");
        var problems = new List<FieldProblem>();
        var clean = AudienceRules.CheckLine("note", note, 1_000, problems);
        if (problems.Count > 0)
            return new AudienceOutcome<BounceReport>.Invalid(problems);
        // First what keeps mail back: the mark is the last thing, so that whoever was cut off can ask again.
        if (bounce.Suppression is { } suppression)
            await suppressions.RemoveAsync(suppression, clean, apiKey, stop);
        await using var connection = await database.OpenConnectionAsync(stop);
        if (await CrossedWrite.RunReferringAsync(() => connection.ExecuteScalarAsync<long?>(new CommandDefinition(Undo, new { id, note = clean }, cancellationToken: stop)), stop) is null)
            return new AudienceOutcome<BounceReport>.Conflict("id", "It is only just being dealt with. Ask again in a few seconds.");
        return new AudienceOutcome<BounceReport>.Updated((await GetAsync(id, stop))!);
    }
}

/// <summary>A failure or complaint.</summary>
public sealed record BounceReport
{
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>Whose; nobody has this id any more once the reader was erased.</summary>
    public long Subscriber { get; init; }

    /// <summary>Null where it is known only whose mail it was.</summary>
    public long? Issue { get; init; }

    /// <summary><c>hard</c>, <c>soft</c> (the mailbox), <c>complaint</c> (its owner), <c>sender</c> (policy or reputation) or <c>message</c> (what was written).</summary>
    public string Kind { get; init; } = "";

    public string Reason { get; init; } = "";

    public string? Status { get; init; }

    public int? ReplyCode { get; init; }

    /// <summary>The server's words, addresses and ids taken out.</summary>
    public string? Evidence { get; init; }

    /// <summary><c>reply</c> (the relay's own answer), <c>mail</c>, or whose webhook told it.</summary>
    public string Source { get; init; } = "";

    /// <summary>The throttle group of the address; null until it is settled.</summary>
    public string? Provider { get; init; }

    /// <summary><c>suppressed</c>, <c>counted</c>, <c>alarm</c> or <c>none</c>; null until it is settled.</summary>
    public string? Consequence { get; init; }

    /// <summary>Id of the suppression that rests on it.</summary>
    public long? Suppression { get; init; }

    public DateTimeOffset? UndoneAt { get; init; }

    public string? UndoneNote { get; init; }
}
