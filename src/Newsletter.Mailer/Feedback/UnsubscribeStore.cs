using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>
/// Leaving a newsletter, or all of them, and taking it back. Nothing else has to be told: whoever sends looks at the subscription again and again.
/// Each step is an entry in the ledger of consents.
/// </summary>
public sealed class UnsubscribeStore(NpgsqlDataSource database, SubscriptionStore subscriptions)
{
    // Nothing would be sent to subscriber b all the same.
    private const string IsSuppressed = /*lang=sql*/
        "exists (select from suppressions p where lower(p.address) = lower(b.address) or lower(p.domain) = lower(split_part(b.address, '@', -1)))";

    private const string SelectNewsletter = /*lang=sql*/ """
        select n.name, n.slug, n.language, b.language as readerlanguage, coalesce(s.status, 'none') as status, s.paused_until as pauseduntil,
               n.digests and coalesce(s.status = 'active' and s.frequency = 'every', false) as maytakedigest,
               coalesce(
        """ + SubscriptionStore.MayUndo + " and not " + IsSuppressed + /*lang=sql*/ """
                        , false) as canundo,
               (select count(*) from subscriptions x where x.subscriber_id = @subscriber and x.newsletter_id <> @newsletter and x.status <> 'unsubscribed')::integer as others
        from newsletters n
        left join subscribers b on b.id = @subscriber
        left join subscriptions s on s.newsletter_id = n.id and s.subscriber_id = b.id
        where n.id = @newsletter
        """;

    // A row in every newsletter there is, so that no import subscribes them to one that they never had: nothing that they did, so that no ledger, story or
    // list tells of it.
    private const string LeaveAll = /*lang=sql*/ """
        with gone as (
            insert into subscriptions as s (newsletter_id, subscriber_id, status, unsubscribed_at, unsubscribed_by, unsubscribed_issue)
            select n.id, b.id, 'unsubscribed', now(), 'all', (select i.id from issues i where i.id = @issue and i.newsletter_id = n.id)
            from newsletters n
            join subscribers b on b.id = @subscriber
            on conflict (newsletter_id, subscriber_id) do update
            set status = 'unsubscribed', unsubscribed_at = now(), unsubscribed_by = 'all', unsubscribed_issue = excluded.unsubscribed_issue
            where s.status <> 'unsubscribed'
            returning s.newsletter_id,
        """ + " " + SubscriptionStore.IsMadeByLeaving + /*lang=sql*/ """
                      as made),
        told as (
            insert into consents (newsletter_id, subscriber_id, action, form, ip, how, reason, note)
            select g.newsletter_id, @subscriber, 'withdrawn', 'unsubscribe', @ip::inet, 'mailed_link', @reason, @note
            from gone g
            where not g.made)
        select newsletter_id from gone
        """;

    // Only what they did themselves: not what the author did, nor that they complained, and not where nothing would be sent to them all the same. What
    // leaving everything made is taken away again; the rest is as it was, for its first yes is kept while they are gone.
    private const string Undo = /*lang=sql*/ """
        with recent as (
            select s.newsletter_id,
        """ + " " + SubscriptionStore.IsMadeByLeaving + /*lang=sql*/ """
                   as made
            from subscriptions s
            join subscribers b on b.id = s.subscriber_id
            where s.subscriber_id = @subscriber and
        """ + " " + SubscriptionStore.MayUndo + " and not " + IsSuppressed + /*lang=sql*/ """

              and (s.newsletter_id = @newsletter or s.unsubscribed_by = 'all'
                   and exists (select from subscriptions x where x.subscriber_id = @subscriber and x.newsletter_id = @newsletter and x.unsubscribed_by = 'all'))
            for update of s),
        unmade as (
            delete from subscriptions s using recent r where s.subscriber_id = @subscriber and s.newsletter_id = r.newsletter_id and r.made),
        back as (
            update subscriptions s
            set status = case when s.confirmed_at is null then 'pending' else 'active' end, unsubscribed_at = null, unsubscribed_by = null, unsubscribed_issue = null
            from recent r
            where s.subscriber_id = @subscriber and s.newsletter_id = r.newsletter_id and not r.made),
        told as (
            insert into consents (newsletter_id, subscriber_id, action, form, ip, how)
            select r.newsletter_id, @subscriber, 'restored', 'unsubscribe', @ip::inet, 'mailed_link'
            from recent r
            where not r.made)
        select newsletter_id from recent
        """;

    /// <summary>Ends the subscription. Doing it twice, or for someone long gone, changes nothing (RFC 8058 §3.2 wants no error then).</summary>
    /// <param name="newsletter">Newsletter.</param>
    /// <param name="subscriber">Subscriber.</param>
    /// <param name="issue">The issue whose link it was; 0 where there is none.</param>
    /// <param name="by"><c>one_click</c> or <c>page</c>.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="why">What the reader said about it.</param>
    /// <returns>True where that ended it.</returns>
    public Task<bool> LeaveAsync(long newsletter, long subscriber, long issue, string by, CancellationToken stop, Departure? why = null) =>
        subscriptions.UnsubscribeAsync(newsletter, subscriber, by, issue == 0 ? null : issue, stop, why);

    /// <summary>Ends every subscription, and keeps imports from making one in any newsletter there is now.</summary>
    /// <returns>True where that ended any.</returns>
    public async Task<bool> LeaveAllAsync(long subscriber, long issue, Departure why, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new { subscriber, issue = issue == 0 ? (long?)null : issue, ip = why.Ip, reason = why.Reason, note = why.Note };
        return await CrossedWrite.RunReferringAsync(() => ReaderLock.QueryAsync<long>(connection, LeaveAll, values, stop), stop) is { Count: > 0 };
    }

    /// <summary>Takes leaving back, for an hour: an old mail that was passed on must not subscribe anyone. Of leaving everything, all of it.</summary>
    /// <returns>False where there is nothing to take back any more.</returns>
    public async Task<bool> UndoAsync(long newsletter, long subscriber, string? ip, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await CrossedWrite.RunReferringAsync(() => ReaderLock.QueryAsync<long>(connection, Undo, new { newsletter, subscriber, ip }, stop), stop) is { Count: > 0 };
    }

    /// <summary>What the page says; null where the newsletter is gone.</summary>
    public async Task<UnsubscribePageModel?> FindAsync(long newsletter, long subscriber, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<UnsubscribePageModel>(
            new CommandDefinition(SelectNewsletter, new { newsletter, subscriber }, cancellationToken: stop));
    }
}

/// <summary>Whom the page speaks of. No address: the link may have been forwarded.</summary>
public sealed record UnsubscribePageModel
{
    public string Name { get; init; } = "";

    public string Slug { get; init; } = "";

    public string Language { get; init; } = "en";

    /// <summary>The reader's own; null where unknown.</summary>
    public string? ReaderLanguage { get; init; }

    /// <summary><c>active</c>, <c>pending</c>, <c>unsubscribed</c>, or <c>none</c> where there is no subscription any more.</summary>
    public string Status { get; init; } = "none";

    /// <summary>Until when the reader gets nothing; null or past where nothing is paused.</summary>
    public DateTimeOffset? PausedUntil { get; init; }

    /// <summary>They get every issue, and could have a digest in its place.</summary>
    public bool MayTakeDigest { get; init; }

    /// <summary>They left less than an hour ago.</summary>
    public bool CanUndo { get; init; }

    /// <summary>Other newsletters that they read.</summary>
    public int Others { get; init; }
}
