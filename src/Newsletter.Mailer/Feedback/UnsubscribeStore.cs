using Dapper;
using Newsletter.Mailer.Audience;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>Leaving a newsletter. Nothing else has to be told: whoever sends looks at the subscription again and again.</summary>
public sealed class UnsubscribeStore(NpgsqlDataSource database, SubscriptionStore subscriptions)
{
    private const string SelectNewsletter = /*lang=sql*/ """
        select n.name, n.slug, n.language, coalesce(s.status, 'none') as status
        from newsletters n
        left join subscriptions s on s.newsletter_id = n.id and s.subscriber_id = @subscriber
        where n.id = @newsletter
        """;

    /// <summary>Ends the subscription. Doing it twice, or for someone long gone, changes nothing (RFC 8058 §3.2 wants no error then).</summary>
    /// <param name="newsletter">Newsletter.</param>
    /// <param name="subscriber">Subscriber.</param>
    /// <param name="issue">The issue whose link it was; 0 where there is none.</param>
    /// <param name="by"><c>one_click</c> or <c>page</c>.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>True where that ended it.</returns>
    public Task<bool> LeaveAsync(long newsletter, long subscriber, long issue, string by, CancellationToken stop) =>
        subscriptions.UnsubscribeAsync(newsletter, subscriber, by, issue == 0 ? null : issue, stop);

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

    /// <summary><c>active</c>, <c>pending</c>, <c>unsubscribed</c>, or <c>none</c> where there is no subscription any more.</summary>
    public string Status { get; init; } = "none";
}
