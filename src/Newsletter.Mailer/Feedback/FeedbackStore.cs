using Dapper;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Feedback;

/// <summary>
/// Takes in what comes back, in one commit with the note that it was seen: killed at any moment, it is taken in whole or not at all, and what comes
/// again counts once. What follows from it is done by <see cref="ConsequenceStore"/>.
/// </summary>
public sealed class FeedbackStore(NpgsqlDataSource database)
{
    private const string NoteMail = /*lang=sql*/ """
        insert into mailbox_messages (mailbox, sha256, outcome, why, subject, domain, uid, bytes)
        select @mailbox, n.sha256, n.outcome, n.why, n.subject, n.domain, n.uid, n.bytes
        from unnest(@sha256::bytea[], @outcome::text[], @why::text[], @subject::text[], @domain::text[], @uid::text[], @bytes::bigint[])
            as n(sha256, outcome, why, subject, domain, uid, bytes)
        order by n.sha256
        on conflict do nothing
        returning sha256
        """;

    // Under another name, if the server has given it one since.
    private const string SelectKnown = /*lang=sql*/ """
        update mailbox_messages set uid = case when mailbox = @mailbox then @uid else uid end where sha256 = @sha256 returning outcome
        """;

    private const string MakeUnclear = /*lang=sql*/ "update mailbox_messages set outcome = 'unclear', why = @why where sha256 = @sha256";

    private const string NoteEvents = /*lang=sql*/ """
        insert into webhook_events (provider, event_id)
        select n.provider, n.event_id from unnest(@provider::text[], @event::text[]) as n(provider, event_id)
        order by n.provider, n.event_id
        on conflict do nothing
        returning provider as "Provider", event_id as "EventId"
        """;

    // A token names the delivery, or its issue and reader. A Message-ID must be whole; whoever has not shown who they are names its reader as well.
    private const string Resolve = /*lang=sql*/ """
        select e.n as "N", d.subscriber_id as "Subscriber", i.newsletter_id as "Newsletter", i.id as "Issue", d.seq as "Seq", d.relay_id as "Relay", b.address as "Address"
        from unnest(@n::integer[], @issue::bigint[], @seq::integer[], @end::text[], @subscriber::bigint[], @address::text[], @trusted::boolean[])
            as e(n, issue_id, seq, message_id_end, subscriber_id, address, trusted)
        join issues i on i.id = e.issue_id and (e.message_id_end is null or lower(e.message_id_end) = lower(
        """ + IssueMessageId.EndInSql + /*lang=sql*/ """
        ) or e.trusted and lower(e.message_id_end) = lower(i.nonce))
        cross join lateral (
            select x.seq, x.subscriber_id, x.relay_id from deliveries x
            where x.part_key = i.part_key and x.issue_id = i.id and x.seq = e.seq
            union all
            select x.seq, x.subscriber_id, x.relay_id from deliveries x
            where x.part_key = i.part_key and x.issue_id = i.id and x.subscriber_id = e.subscriber_id and e.seq is null) d
        left join subscribers b on b.id = d.subscriber_id
        where e.message_id_end is null or e.trusted or lower(b.address) = lower(e.address)
        """;

    // Only the address is told: the latest issue that went there within a fortnight is what it speaks of.
    private const string ResolveAddress = /*lang=sql*/ """
        select e.n as "N", b.id as "Subscriber", l.newsletter_id as "Newsletter", l.id as "Issue", l.seq as "Seq", l.relay_id as "Relay", b.address as "Address"
        from unnest(@n::integer[], @address::text[]) as e(n, address)
        join subscribers b on lower(b.address) = lower(e.address)
        left join lateral (
            select i.newsletter_id, i.id, d.seq, d.relay_id
            from issues i
            cross join lateral (
                select x.seq, x.relay_id from deliveries x
                where x.part_key = i.part_key and x.issue_id = i.id and x.subscriber_id = b.id and x.status in ('accepted', 'unknown')
                offset 0) d
            where i.frozen_at > now() - interval '14 days'
            order by i.id desc
            limit 1) l on true
        """;

    private const string SelectSubscribed = /*lang=sql*/ """
        select newsletter_id from subscriptions where subscriber_id = @subscriber and status <> 'unsubscribed' order by newsletter_id
        """;

    private const string Keep = /*lang=sql*/ """
        insert into bounces (subscriber_id, newsletter_id, issue_id, seq, kind, reason, status, reply_code, evidence, source, relay_id)
        select n.* from unnest(@subscriber::bigint[], @newsletter::bigint[], @issue::bigint[], @seq::integer[], @kind::text[], @reason::text[],
                               @status::text[], @code::smallint[], @evidence::text[], @source::text[], @relay::smallint[])
            as n(subscriber_id, newsletter_id, issue_id, seq, kind, reason, status, reply_code, evidence, source, relay_id)
        order by n.issue_id, n.seq, n.kind
        on conflict do nothing
        """;

    /// <summary>Takes in mails of a mailbox.</summary>
    /// <param name="mailbox">Its name.</param>
    /// <param name="mails">Read by now; none of them twice.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>What each came to, in their order: what was known already is what it was.</returns>
    internal Task<string[]> TakeMailAsync(string mailbox, IReadOnlyList<TakenMail> mails, CancellationToken stop) => InOneCommitAsync(async connection =>
    {
        var fresh = await NoteAsync(connection, mailbox, mails, stop);
        var claims = mails.Where(mail => fresh.Contains(Hex(mail))).SelectMany(mail => mail.News.Claims.Select(claim => (Mail: mail, Claim: claim))).ToList();
        var named = await TakeAsync(connection, [.. claims.Select(one => ("mail", one.Claim))], stop);
        var known = named.Select(at => claims[at].Mail).ToHashSet();
        var strangers = claims.Select(one => one.Mail).Where(mail => !known.Contains(mail)).ToHashSet();
        foreach (var mail in strangers)
            await connection.ExecuteAsync(new CommandDefinition(MakeUnclear, new { sha256 = mail.Sha256, why = Stranger }, cancellationToken: stop));
        var outcomes = new string[mails.Count];
        for (var at = 0; at < outcomes.Length; at++)
            outcomes[at] = strangers.Contains(mails[at]) ? "unclear"
                : fresh.Contains(Hex(mails[at])) ? mails[at].News.Outcome
                : await connection.ExecuteScalarAsync<string>(new CommandDefinition(SelectKnown, new { mailbox, uid = mails[at].Uid, sha256 = mails[at].Sha256 }, cancellationToken: stop)) ?? "other";
        return outcomes;
    }, stop);

    /// <summary>Takes in events of webhooks, each once for ever.</summary>
    /// <returns>Of each, in their order, whether it was new: the first of several that have one id.</returns>
    internal Task<bool[]> TakeEventsAsync(IReadOnlyList<WebhookNews> events, CancellationToken stop) => InOneCommitAsync(async connection =>
    {
        var parameters = new { provider = events.Select(one => one.Provider).ToArray(), @event = events.Select(one => one.EventId).ToArray() };
        var fresh = (await connection.QueryAsync<EventKey>(new CommandDefinition(NoteEvents, parameters, cancellationToken: stop))).ToHashSet();
        var isNew = events.Select(one => fresh.Remove(new EventKey { Provider = one.Provider, EventId = one.EventId })).ToArray();
        var claims = events.Where((one, at) => isNew[at] && one.Claim is not null).ToList();
        await TakeAsync(connection, [.. claims.Select(one => (one.Provider, one.Claim!))], stop);
        return isNew;
    }, stop);

    private static async Task<HashSet<string>> NoteAsync(NpgsqlConnection connection, string mailbox, IReadOnlyList<TakenMail> mails, CancellationToken stop)
    {
        var values = new
        {
            mailbox,
            sha256 = mails.Select(mail => mail.Sha256).ToArray(),
            outcome = mails.Select(mail => mail.News.Outcome).ToArray(),
            why = mails.Select(mail => mail.News.Why).ToArray(),
            subject = mails.Select(mail => mail.News.Subject).ToArray(),
            domain = mails.Select(mail => mail.News.Domain).ToArray(),
            uid = mails.Select(mail => mail.Uid).ToArray(),
            bytes = mails.Select(mail => mail.Length).ToArray(),
        };
        return (await connection.QueryAsync<byte[]>(new CommandDefinition(NoteMail, values, cancellationToken: stop))).Select(Convert.ToHexString).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Keeps what is said of readers who are found; the places of those claims.</summary>
    private static async Task<HashSet<int>> TakeAsync(NpgsqlConnection connection, List<(string Source, FeedbackClaim Claim)> claims, CancellationToken stop)
    {
        var found = await FindAsync(connection, claims.ConvertAll(one => one.Claim), stop);
        var rows = found.Values.Where(who => claims[who.N].Claim.Failure is not null).Select(who => (Who: who, claims[who.N].Source, claims[who.N].Claim)).ToArray();
        if (rows.Length > 0)
            await connection.ExecuteAsync(new CommandDefinition(Keep, Values(rows), cancellationToken: stop));
        foreach (var who in found.Values.Where(who => claims[who.N].Claim.Failure is null).OrderBy(who => who.Subscriber))
            await LeaveAsync(connection, who, claims[who.N].Claim.LeavesBy, stop);
        return [.. found.Keys];
    }

    // Where only the address is told it is not known which newsletter was meant: the provider sends them none any more.
    private static async Task LeaveAsync(NpgsqlConnection connection, Found who, string by, CancellationToken stop)
    {
        long[] left = who is { IsByAddress: false, Newsletter: { } one }
            ? [one]
            : [.. await connection.QueryAsync<long>(new CommandDefinition(SelectSubscribed, new { subscriber = who.Subscriber }, cancellationToken: stop))];
        foreach (var newsletter in left)
            await SubscriptionStore.UnsubscribeAsync(connection, newsletter, who.Subscriber, by, newsletter == who.Newsletter ? who.Issue : null, why: null, stop);
    }

    private static object Values((Found Who, string Source, FeedbackClaim Claim)[] rows) => new
    {
        subscriber = rows.Select(row => row.Who.Subscriber).ToArray(),
        newsletter = rows.Select(row => row.Who.Newsletter).ToArray(),
        issue = rows.Select(row => row.Who.Issue).ToArray(),
        seq = rows.Select(row => row.Who.Seq).ToArray(),
        kind = rows.Select(row => row.Claim.Failure!.Kind.Word()).ToArray(),
        reason = rows.Select(row => row.Claim.Failure!.Reason).ToArray(),
        status = rows.Select(row => SmtpText.StorableOrNull(row.Claim.Status)).ToArray(),
        code = rows.Select(row => (short?)row.Claim.ReplyCode).ToArray(),
        evidence = rows.Select(row => KeptWords(row.Claim.Evidence, row.Who.Address)).ToArray(),
        source = rows.Select(row => row.Source).ToArray(),
        relay = rows.Select(row => row.Who.Relay).ToArray(),
    };

    // Of whoever was forgotten meanwhile none: nobody knows what in it would name them.
    private static string? KeptWords(string? words, string? address) => words is null || address is null ? null : SmtpText.Kept(SmtpText.WithoutReader(SmtpText.Storable(words), address));

    private static async Task<Dictionary<int, Found>> FindAsync(NpgsqlConnection connection, List<FeedbackClaim> claims, CancellationToken stop)
    {
        var found = new Dictionary<int, Found>();
        var byIssue = Enumerable.Range(0, claims.Count).Where(at => claims[at].IssueId is not null).ToArray();
        if (byIssue.Length > 0)
            foreach (var who in await connection.QueryAsync<Found>(new CommandDefinition(Resolve, Names(byIssue, claims), cancellationToken: stop)))
                found.TryAdd(who.N, who);
        // A link that was mailed in no issue.
        foreach (var at in Enumerable.Range(0, claims.Count).Where(at => !found.ContainsKey(at) && claims[at].SubscriberId is not null))
            found[at] = new Found { N = at, Subscriber = claims[at].SubscriberId!.Value, Newsletter = claims[at].NewsletterId };
        var byAddress = Enumerable.Range(0, claims.Count).Where(at => !found.ContainsKey(at) && claims[at] is { IsTrusted: true, Address: not null }).ToArray();
        if (byAddress.Length > 0)
            foreach (var who in await connection.QueryAsync<Found>(new CommandDefinition(
                ResolveAddress, new { n = byAddress, address = byAddress.Select(at => SmtpText.Storable(claims[at].Address!)).ToArray() }, cancellationToken: stop)))
                found.TryAdd(who.N, who with { IsByAddress = true });
        return found;
    }

    private static object Names(int[] places, List<FeedbackClaim> claims) => new
    {
        n = places,
        issue = places.Select(at => claims[at].IssueId).ToArray(),
        seq = places.Select(at => claims[at].Seq).ToArray(),
        end = places.Select(at => SmtpText.StorableOrNull(claims[at].MessageIdEnd)).ToArray(),
        subscriber = places.Select(at => claims[at].SubscriberId).ToArray(),
        address = places.Select(at => SmtpText.StorableOrNull(claims[at].Address)).ToArray(),
        trusted = places.Select(at => claims[at].IsTrusted).ToArray(),
    };

    private Task<T> InOneCommitAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken stop) => CrossedWrite.RunReferringAsync(
        async () =>
        {
            await using var connection = await database.OpenConnectionAsync(stop);
            await using var transaction = await connection.BeginTransactionAsync(stop);
            var result = await work(connection);
            await transaction.CommitAsync(stop);
            return result;
        },
        stop);

    private static string Hex(TakenMail mail) => Convert.ToHexString(mail.Sha256);

    private const string Stranger = "It speaks of a delivery that is not known here, or of another address than it went to.";

    private sealed record EventKey
    {
        public string Provider { get; init; } = "";
        public string EventId { get; init; } = "";
    }

    private sealed record Found
    {
        public int N { get; init; }
        public long Subscriber { get; init; }
        public long? Newsletter { get; init; }
        public long? Issue { get; init; }
        public int? Seq { get; init; }
        public short? Relay { get; init; }
        public string? Address { get; init; }
        public bool IsByAddress { get; init; }
    }
}

/// <summary>A mail of a mailbox, read.</summary>
/// <param name="Sha256">Of what was looked at.</param>
/// <param name="Uid">How its server names it.</param>
/// <param name="Length">Bytes.</param>
/// <param name="News">What it comes to.</param>
internal sealed record TakenMail(byte[] Sha256, string Uid, long Length, Mailboxes.MailNews News);

/// <summary>An event of a webhook.</summary>
/// <param name="Provider">Whose.</param>
/// <param name="EventId">Unique with the provider.</param>
/// <param name="Claim">Null where nothing follows from it.</param>
internal sealed record WebhookNews(string Provider, string EventId, FeedbackClaim? Claim);
