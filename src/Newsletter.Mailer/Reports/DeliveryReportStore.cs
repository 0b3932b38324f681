using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>Single deliveries: who got an issue, who didn't, and why.</summary>
public sealed class DeliveryReportStore(NpgsqlDataSource database)
{
    private const string ListDeliveries = /*lang=sql*/ """
        with page as materialized (
            select d.*
            from deliveries d
            where d.part_key = (select i.part_key from issues i where i.id = @issue)
              and d.issue_id = @issue
              and d.seq > @after
              and (@status::text is null or d.status = @status::text::delivery_status)
              and (@subscriber::bigint is null or d.subscriber_id = @subscriber)
              and (@round::integer is null or @leftOut::text is not null or d.round = @round
                   or exists (select from resends r where r.issue_id = @issue and r.seq = d.seq and r.former_round = @round and r.left_out is null))
              and (@leftOut::text is null
                   or exists (select from resends r
                              where r.issue_id = @issue and r.round = coalesce(@round::integer, (select i.round from issues i where i.id = @issue)) and r.seq = d.seq
                                and (r.left_out = @leftOut or @leftOut = 'any' and r.left_out is not null)))
            order by d.seq
            limit @limit)
        select d.seq, d.subscriber_id as subscriberid, b.address, d.status::text as status, d.reason, d.attempts, d.resends, y.name as relay,
               d.smtp_code::integer as smtpcode, t.status as enhancedstatus, t.text as detail, d.queue_id as queueid,
               r.next_at as nextat, d.updated_at as updatedat, d.round::integer as round, z.left_out as leftout,
               k.kind as cameback, k.at as camebackat, nullif(concat_ws(': ', k.reason, k.words), '') as camebackwhy
        from page d
        join issues i on i.id = d.issue_id
        left join subscribers b on b.id = d.subscriber_id
        left join relays y on y.id = d.relay_id
        left join smtp_details t on t.id = d.detail_id
        left join retries r on r.issue_id = d.issue_id and r.seq = d.seq
        left join resends z on z.issue_id = d.issue_id and z.round = coalesce(@round::integer, i.round) and z.seq = d.seq
        left join lateral (
            select x.kind, x.at, x.reason, coalesce(x.evidence, nullif(concat_ws(' ', x.reply_code::text, x.status), '')) as words
            from bounces x
            where x.issue_id = d.issue_id and x.seq = d.seq and x.source <> 'reply' and x.undone_at is null
            order by x.kind = 'complaint' desc, x.id desc
            limit 1) k on true
        order by d.seq
        """;

    private const string SelectFormer = /*lang=sql*/ """
        select r.former_round::integer as round, r.status::text as status, r.smtp_code::integer as smtpcode, t.status as enhancedstatus, t.text as detail,
               r.updated_at as updatedat, o.round as nextround, o.started_at as askedat, r.left_out as leftout
        from resends r
        join rounds o on o.issue_id = r.issue_id and o.round = r.round
        left join smtp_details t on t.id = r.detail_id
        where r.issue_id = @issue and r.seq = @seq
        order by r.round
        """;

    private const string SelectOutsider = /*lang=sql*/ """
        select i.kind, i.state, i.reason, i.frozen_at as frozenat, e.tier as editiontier, i.segment, b.id as subscriberid, s.status, s.tier,
               s.created_at as subscribedat, s.confirmed_at as confirmedat,
               s.unsubscribed_at as unsubscribedat, s.unsubscribed_by as unsubscribedby
        from issues i
        join editions e on e.id = i.edition_id
        left join subscribers b on b.id = @subscriber
        left join subscriptions s on s.newsletter_id = i.newsletter_id and s.subscriber_id = b.id
        where i.id = @issue
        """;

    private const string SelectSuppression = /*lang=sql*/ """
        select p.reason, p.evidence, p.created_at as at
        from subscribers b
        join suppressions p on lower(p.address) = lower(b.address) or lower(p.domain) = lower(split_part(b.address, '@', -1))
        where b.id = @subscriber
        order by p.id limit 1
        """;

    private const string SelectSuppressionOfAddress = /*lang=sql*/ """
        select p.reason, p.evidence, p.created_at as at
        from suppressions p
        where lower(p.address) = lower(@address) or lower(p.domain) = lower(split_part(@address, '@', -1))
        order by p.id limit 1
        """;

    private const string FindSubscriber = /*lang=sql*/ """
        select id from subscribers where lower(address) = lower(@address)
        """;

    /// <summary>In the order of the ledger.</summary>
    /// <param name="issue">Issue.</param>
    /// <param name="status">One of the statuses of a delivery; null: all.</param>
    /// <param name="subscriber">Null: all.</param>
    /// <param name="after">Only later places; 0: from the first.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="stop">Gives up.</param>
    public Task<IReadOnlyList<DeliveryReport>> ListAsync(long issue, string? status, long? subscriber, int after, int limit, CancellationToken stop) =>
        ListAsync(issue, new DeliveryFilter { Status = status, Subscriber = subscriber }, after, limit, stop);

    /// <summary>The same, of one round or left out of one.</summary>
    public async Task<IReadOnlyList<DeliveryReport>> ListAsync(long issue, DeliveryFilter filter, int after, int limit, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await ListAsync(connection, issue, filter, after, limit, stop);
    }

    /// <summary>Why this reader got the issue or didn't, in a sentence, with the delivery where there is one; null where there is no such issue.</summary>
    public async Task<Why?> WhyAsync(long issue, long subscriber, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var outsider = await connection.QuerySingleOrDefaultAsync<Outsider>(new CommandDefinition(SelectOutsider, new { issue, subscriber }, cancellationToken: stop));
        if (outsider is null)
            return null;
        var suppression = await connection.QueryFirstOrDefaultAsync<SuppressionFact>(new CommandDefinition(SelectSuppression, new { subscriber }, cancellationToken: stop));
        var delivery = (await ListAsync(connection, issue, new DeliveryFilter { Subscriber = subscriber }, 0, 1, stop)).SingleOrDefault();
        if (outsider.State == "sending" && delivery is { Status: "pending" })
            outsider = outsider with { WaitingUntil = await connection.QuerySingleAsync<DateTime?>(new CommandDefinition(ReceiptStore.SelectWaitingUntil, cancellationToken: stop)) };
        var former = delivery is null
            ? []
            : await connection.QueryAsync<FormerOutcome>(new CommandDefinition(SelectFormer, new { issue, seq = delivery.Seq }, cancellationToken: stop));
        return new Why { Answer = Answers.For(delivery, outsider, suppression) + Answers.Rounds(former), Delivery = delivery };
    }

    /// <summary>The same by address. Nobody need have it: an import leaves suppressed addresses out, and that is why they got nothing.</summary>
    public async Task<Why?> WhyAsync(long issue, string address, CancellationToken stop)
    {
        // Nobody has the id 0: the answer then says that nobody has this address.
        var subscriber = await FindSubscriberAsync(address, stop) ?? 0;
        var why = await WhyAsync(issue, subscriber, stop);
        return why is not null && subscriber == 0 && await FindSuppressionAsync(address, stop) is { } suppression
            ? new Why { Answer = Answers.ForStranger(suppression) }
            : why;
    }

    private static async Task<IReadOnlyList<DeliveryReport>> ListAsync(
        NpgsqlConnection connection, long issue, DeliveryFilter filter, int after, int limit, CancellationToken stop)
    {
        var values = new { issue, status = filter.Status, subscriber = filter.Subscriber, round = filter.Round, leftOut = filter.LeftOut, after, limit };
        return [.. await connection.QueryAsync<DeliveryReport>(new CommandDefinition(ListDeliveries, values, commandTimeout: 300, cancellationToken: stop))];
    }

    /// <summary>Null where nobody has this address.</summary>
    public async Task<long?> FindSubscriberAsync(string address, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(FindSubscriber, new { address }, cancellationToken: stop));
    }

    private async Task<SuppressionFact?> FindSuppressionAsync(string address, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QueryFirstOrDefaultAsync<SuppressionFact>(new CommandDefinition(SelectSuppressionOfAddress, new { address }, cancellationToken: stop));
    }
}

/// <summary>Which deliveries of an issue; all of them where nothing is said.</summary>
public sealed record DeliveryFilter
{
    /// <summary>One of the statuses of a delivery.</summary>
    public string? Status { get; init; }

    public long? Subscriber { get; init; }

    /// <summary>Those sent to in this round; with <see cref="LeftOut"/>, those left out of it.</summary>
    public int? Round { get; init; }

    /// <summary>Those a resend left out for this reason, or <c>any</c>; of the last round unless <see cref="Round"/> says another.</summary>
    public string? LeftOut { get; init; }
}

/// <summary>One delivery as people ask about it.</summary>
public sealed record DeliveryReport
{
    /// <summary>Its place in the issue's ledger.</summary>
    public int Seq { get; init; }

    public long SubscriberId { get; init; }

    /// <summary>Null once the subscriber was erased.</summary>
    public string? Address { get; init; }

    public string Status { get; init; } = "";

    /// <summary>Why it was skipped; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>Attempts that counted on the recipient.</summary>
    public int Attempts { get; init; }

    /// <summary>Times it was sent again after its fate had become unknown.</summary>
    public int Resends { get; init; }

    /// <summary>The relay that took or refused it.</summary>
    public string? Relay { get; init; }

    /// <summary>Three digits; null or 0 where there was no reply.</summary>
    public int? SmtpCode { get; init; }

    public string? EnhancedStatus { get; init; }

    /// <summary>The reply's text, addresses and ids taken out.</summary>
    public string? Detail { get; init; }

    /// <summary>The relay's own name for the message.</summary>
    public string? QueueId { get; init; }

    /// <summary>Next attempt, where one is due.</summary>
    public DateTimeOffset? NextAt { get; init; }

    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>The round it was sent in last; 1: the first sending.</summary>
    public int Round { get; init; }

    /// <summary>Why the last resend, or that of the round asked for, left it out; null where it did not, or there was none.</summary>
    public string? LeftOut { get; init; }

    /// <summary>What came of it later, whatever the relay had said first: <c>complaint</c>, <c>hard</c>, <c>soft</c>, <c>sender</c> or <c>message</c>; null: nothing.</summary>
    public string? CameBack { get; init; }

    public DateTimeOffset? CameBackAt { get; init; }

    /// <summary>The reason, and the server's words.</summary>
    public string? CameBackWhy { get; init; }
}

/// <summary>Why a reader got an issue or didn't.</summary>
public sealed record Why
{
    /// <summary>A sentence or two.</summary>
    public required string Answer { get; init; }

    /// <summary>Null for someone who was not in the audience.</summary>
    public DeliveryReport? Delivery { get; init; }
}

internal sealed record FormerOutcome
{
    public int Round { get; init; }
    public string Status { get; init; } = "";
    public int? SmtpCode { get; init; }
    public string? EnhancedStatus { get; init; }
    public string? Detail { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    public int NextRound { get; init; }
    public DateTimeOffset AskedAt { get; init; }
    public string? LeftOut { get; init; }
}

internal sealed record Outsider
{
    public string Kind { get; init; } = "issue";
    public string State { get; init; } = "";
    public string? Reason { get; init; }
    public DateTimeOffset? WaitingUntil { get; init; }
    public DateTimeOffset? FrozenAt { get; init; }
    public string EditionTier { get; init; } = "";
    public string? Segment { get; init; }
    public long? SubscriberId { get; init; }
    public string? Status { get; init; }
    public string? Tier { get; init; }
    public DateTimeOffset? SubscribedAt { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
    public DateTimeOffset? UnsubscribedAt { get; init; }
    public string? UnsubscribedBy { get; init; }
}

internal sealed record SuppressionFact
{
    public string Reason { get; init; } = "";
    public string? Evidence { get; init; }
    public DateTimeOffset At { get; init; }
}
