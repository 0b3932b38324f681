using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Who is subscribed to what.</summary>
/// <param name="database">Where it is kept.</param>
/// <param name="keys">What addresses are hashed with; without, none that is known by its hash alone is recognised.</param>
public sealed class SubscriptionStore(NpgsqlDataSource database, KeyRing? keys = null)
{
    // Whoever left or never confirmed becomes active only when @Confirmed; the time of the first yes and of the first no are kept.
    // Whoever comes back gets what they ask for now: every issue, whatever they once had in its place.
    private const string Put = /*lang=sql*/ """
        with before as (select status from subscriptions where newsletter_id = @NewsletterId and subscriber_id = @SubscriberId)
        insert into subscriptions as s (newsletter_id, subscriber_id, status, tier, confirmed_at, unsubscribed_at, unsubscribed_by)
        values (@NewsletterId, @SubscriberId, coalesce(@Status, 'active'), coalesce(@Tier, 'free'),
                case when coalesce(@Status, 'active') = 'active' then now() end,
                case when @Status = 'unsubscribed' then now() end,
                case when @Status = 'unsubscribed' then 'api' end)
        on conflict (newsletter_id, subscriber_id) do update
        set tier = coalesce(@Tier, s.tier),
            status = coalesce(@Status, s.status),
            confirmed_at = case coalesce(@Status, s.status)
                               when 'active' then case when s.status = 'active' then s.confirmed_at else now() end
                               when 'unsubscribed' then s.confirmed_at
                           end,
            unsubscribed_at = case when coalesce(@Status, s.status) = 'unsubscribed' then coalesce(s.unsubscribed_at, now()) end,
            unsubscribed_by = case when coalesce(@Status, s.status) = 'unsubscribed' then coalesce(s.unsubscribed_by, 'api') end,
            unsubscribed_issue = case when coalesce(@Status, s.status) = 'unsubscribed' then s.unsubscribed_issue end,
            paused_until = case when s.status = 'active' or coalesce(@Status, s.status) <> 'active' then s.paused_until end,
            frequency = case when s.status = 'active' or coalesce(@Status, s.status) <> 'active' then s.frequency else 'every' end
        where @Confirmed or @Status is null or @Status in (s.status, 'unsubscribed') or s.status = 'active'
        returning case when s.status = 'active' and coalesce((select status from before), '') <> 'active' then 'joined' else 'kept' end
        """;

    private const string Leave = /*lang=sql*/ """
        update subscriptions
        set status = 'unsubscribed', unsubscribed_at = now(), unsubscribed_by = @by, unsubscribed_issue = @issueId
        where newsletter_id = @newsletterId and subscriber_id = @subscriberId and status <> 'unsubscribed'
        returning true
        """;

    // By the address's own link all of them, but for the operator.
    private const string Withdraw = /*lang=sql*/ """
        insert into consents (newsletter_id, subscriber_id, action, form, ip, how, reason, note)
        values (@newsletterId, @subscriberId, 'withdrawn', case when @by in ('preferences', 'api', 'complaint') then @by else 'unsubscribe' end, @Ip::inet,
                case when @by in ('one_click', 'mailto') then @by when @by in ('api', 'complaint', 'provider') then null else 'mailed_link' end, @Reason, @Note)
        """;

    /// <summary>Whether the subscription s has just been ended by its reader, who may take that back: not what others did, and not once others have said so too.</summary>
    internal const string MayUndo = /*lang=sql*/ """
        (s.status = 'unsubscribed' and s.unsubscribed_at > now() - interval '1 hour' and s.unsubscribed_by not in ('api', 'complaint', 'import', 'provider')
         and not exists (select from consents c
                         where c.subscriber_id = s.subscriber_id and c.newsletter_id = s.newsletter_id and c.action = 'withdrawn' and c.how is null and c.at >= s.unsubscribed_at))
        """;

    /// <summary>Whether the subscription s is only what leaving everything made, in a newsletter that its reader never had: nothing that they did.</summary>
    internal const string IsMadeByLeaving = /*lang=sql*/ "((s.unsubscribed_by = 'all' and s.confirmed_at is null and s.created_at = s.unsubscribed_at) is true)";

    // The first time and way stay; the ledger says who else told it, which ends the reader's hour.
    private const string TellAgain = /*lang=sql*/ """
        insert into consents (newsletter_id, subscriber_id, action, form)
        select s.newsletter_id, s.subscriber_id, 'withdrawn', case when @by = 'provider' then 'unsubscribe' else @by end
        from subscriptions s
        where s.newsletter_id = @newsletterId and s.subscriber_id = @subscriberId and @by in ('api', 'complaint', 'provider') and
        """ + " " + MayUndo;

    private const string SelectIds = /*lang=sql*/ """
        select n.id as "NewsletterId", s.address as "Address", x.status as "Status"
        from newsletters n
        cross join subscribers s
        left join subscriptions x on x.newsletter_id = n.id and x.subscriber_id = s.id
        where n.slug = @newsletter and s.id = @subscriberId
        """;

    /// <summary>
    /// Makes the subscription as the draft says. Updated, NotFound (subscriber or newsletter), Invalid, or Conflict: to become active,
    /// whoever unsubscribed or has not confirmed needs <see cref="SubscriptionDraft.Confirmed"/>, and whoever is suppressed can't.
    /// </summary>
    public Task<AudienceOutcome<SubscriptionStatus>> PutAsync(long subscriberId, string newsletter, SubscriptionDraft draft, CancellationToken stop) =>
        CrossedWrite.RunReferringAsync(() => TryPutAsync(subscriberId, newsletter, draft, stop), stop);

    private async Task<AudienceOutcome<SubscriptionStatus>> TryPutAsync(
        long subscriberId, string newsletter, SubscriptionDraft draft, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var status = SubscriberRules.CheckStatus(draft.Status, problems);
        var tier = SubscriberRules.CheckTier(draft.Tier, problems);
        if (problems.Count > 0) return new AudienceOutcome<SubscriptionStatus>.Invalid(problems);
        if (newsletter.Contains('\0', StringComparison.Ordinal)) return new AudienceOutcome<SubscriptionStatus>.NotFound();

        await using var connection = await database.OpenConnectionAsync(stop);
        var ids = await connection.QuerySingleOrDefaultAsync<Ids>(
            new CommandDefinition(SelectIds, new { newsletter, subscriberId }, cancellationToken: stop));
        if (ids is null) return new AudienceOutcome<SubscriptionStatus>.NotFound();
        var becomesActive = status == SubscriptionStatus.Active || (status is null && ids.Status is null);
        if (becomesActive && (await SuppressionStore.FindBarrierAsync(connection, keys, ids.Address, stop)).Reason is { } reason)
            return new AudienceOutcome<SubscriptionStatus>.Conflict("status", SuppressedProblem(reason));

        var row = new Row(ids.NewsletterId, subscriberId, status?.Word(), tier?.Word(), draft.Confirmed);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (!await PutStatedAsync(connection, row, stop))
            return new AudienceOutcome<SubscriptionStatus>.Conflict("status", UnconfirmedProblem);
        await transaction.CommitAsync(stop);
        return new AudienceOutcome<SubscriptionStatus>.Updated(status ?? ParseStatus(ids.Status ?? "active"));
    }

    /// <summary>
    /// The reader leaves. Harmless to repeat: the first time and way are kept. True if it was the first time;
    /// false if they had left already or were never there.
    /// </summary>
    /// <param name="newsletterId">Whom they leave.</param>
    /// <param name="subscriberId">Who leaves.</param>
    /// <param name="by"><c>one_click</c>, <c>page</c>, <c>preferences</c>, <c>api</c>, <c>mailto</c>, <c>complaint</c> or <c>provider</c> (a relay's webhook told it).</param>
    /// <param name="issueId">Whose link it was; null where it was none.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="why">What they said about it.</param>
    public Task<bool> UnsubscribeAsync(long newsletterId, long subscriberId, string by, long? issueId, CancellationToken stop, Departure? why = null) =>
        CrossedWrite.RunReferringAsync(() => TryUnsubscribeAsync(newsletterId, subscriberId, by, issueId, why, stop), stop);

    private async Task<bool> TryUnsubscribeAsync(long newsletterId, long subscriberId, string by, long? issueId, Departure? why, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await ReaderLock.ShareAsync(connection, subscriberId, stop);
        var left = await UnsubscribeAsync(connection, newsletterId, subscriberId, by, issueId, why, stop);
        await transaction.CommitAsync(stop);
        return left;
    }

    /// <summary>The same within a transaction.</summary>
    internal static async Task<bool> UnsubscribeAsync(
        NpgsqlConnection connection, long newsletterId, long subscriberId, string by, long? issueId, Departure? why, CancellationToken stop)
    {
        var left = await connection.ExecuteScalarAsync<bool?>(
            new CommandDefinition(Leave, new { newsletterId, subscriberId, by, issueId }, cancellationToken: stop)) ?? false;
        await connection.ExecuteAsync(left
            ? new CommandDefinition(Withdraw, new { newsletterId, subscriberId, by, why?.Ip, why?.Reason, why?.Note }, cancellationToken: stop)
            : new CommandDefinition(TellAgain, new { newsletterId, subscriberId, by }, cancellationToken: stop));
        return left;
    }

    internal const string UnconfirmedProblem =
        "This reader has unsubscribed, or was asked and has not confirmed. Pass \"confirmed\": true only if the reader asked for it again.";

    internal static string SuppressedProblem(string reason) =>
        reason == "erased"
            ? SuppressionStore.ErasedProblem
            : $"This address is suppressed ({reason}): nothing would be sent to it. Remove the suppression first if that is wrong.";

    internal static SubscriptionStatus ParseStatus(string word) => word switch
    {
        "pending" => SubscriptionStatus.Pending,
        "active" => SubscriptionStatus.Active,
        "unsubscribed" => SubscriptionStatus.Unsubscribed,
        _ => throw new InvalidOperationException($"The database holds an unknown subscription status, {word}."),
    };

    /// <summary>False if the present status forbids it without a confirmation.</summary>
    internal static async Task<bool> PutAsync(NpgsqlConnection connection, Row row, CancellationToken stop) =>
        await connection.ExecuteScalarAsync<string?>(new CommandDefinition(Put, row, cancellationToken: stop)) is not null;

    /// <summary>The same for whoever calls the API: where they state that a reader confirmed or left, and that changed something, the ledger says whose word it is.</summary>
    internal static async Task<bool> PutStatedAsync(NpgsqlConnection connection, Row row, CancellationToken stop)
    {
        if (row.Status == "unsubscribed")
            await UnsubscribeAsync(connection, row.NewsletterId, row.SubscriberId, "api", null, null, stop);
        var done = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(Put, row, cancellationToken: stop));
        if (done == "joined" && row.Confirmed)
            await ConsentStore.AddAsync(
                connection, new ConsentEntry { NewsletterId = row.NewsletterId, SubscriberId = row.SubscriberId, Action = "confirmed", Form = "api", How = "stated" }, stop);
        return done is not null;
    }

    internal sealed record Row(long NewsletterId, long SubscriberId, string? Status, string? Tier, bool Confirmed);

    private sealed record Ids
    {
        public long NewsletterId { get; init; }

        public string Address { get; init; } = "";

        public string? Status { get; init; }
    }
}
