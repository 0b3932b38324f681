using System.Net;
using System.Text.Json;
using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Double opt-in: whether a sign-up is mailed, and what its link does.</summary>
public sealed class ConfirmationStore(NpgsqlDataSource database, KeyRing keys, SignUpOptions options)
{
    private const string Lock = /*lang=sql*/ """
        select id as "Id", newsletter_id as "NewsletterId", address as "Address", language as "Language", form as "Form", wording as "Wording",
               host(ip) as "Ip", state as "State", created_at as "CreatedAt",
               coalesce(mailed_at < now() - make_interval(days => @days), false) as "Expired"
        from sign_ups
        where id = @id
        for update
        """;

    // Sign-ups of one address are decided one after the other: two at once would both find no mail sent yet.
    private const string TakeTurn = /*lang=sql*/ "select pg_advisory_xact_lock(hashtextextended(lower(@address), 7))";

    private const string SelectFacts = /*lang=sql*/ """
        select exists (select from suppressions p
                       where (lower(p.address) = lower(@address) or lower(p.domain) = lower(split_part(@address, '@', -1)) or p.address_hash = any(@hashes::bytea[]))
                         and p.reason not in ('not_me', 'erased')) as "IsSuppressed",
               exists (select from suppressions p where p.address_hash = any(@hashes::bytea[]) and p.reason = 'not_me') as "IsDisowned",
               (select x.status from subscriptions x join subscribers s on s.id = x.subscriber_id
                where lower(s.address) = lower(@address) and x.newsletter_id = @newsletterId) as "Status",
               (select s.language from subscribers s where lower(s.address) = lower(@address)) as "Language",
               count(*) filter (where u.mailed_at > now() - interval '24 hours')::integer as "Today",
               count(*)::integer as "InHalfAYear"
        from sign_ups u
        where lower(u.address) = lower(@address) and u.mailed_at > now() - interval '180 days'
          and u.mailed_at > coalesce((select max(c.confirmed_at) from sign_ups c where lower(c.address) = lower(@address)), '-infinity')
        """;

    private const string Mark = /*lang=sql*/ """
        update sign_ups
        set state = @state, dropped_because = @because, mailed_at = case when @state = 'mailed' then now() end,
            address = case when @because = 'refused' then null else address end
        where id = @id and state = 'asked'
        """;

    private const string PutSubscriber = /*lang=sql*/ """
        insert into subscribers as s (address, language) values (@address, @language)
        on conflict (lower(address)) do update set language = coalesce(s.language, excluded.language), updated_at = now()
        returning s.id
        """;

    // Only whoever is not there yet waits for a confirmation: who left has left until it comes.
    private const string PutPending = /*lang=sql*/ """
        insert into subscriptions (newsletter_id, subscriber_id, status) values (@newsletterId, @subscriberId, 'pending') on conflict do nothing
        """;

    private const string Confirm = /*lang=sql*/ "update sign_ups set state = 'confirmed', confirmed_at = now() where id = @id and state = 'mailed'";

    private const string SelectStatus = /*lang=sql*/ "select status from subscriptions where newsletter_id = @newsletterId and subscriber_id = @subscriberId";

    // Who asked to be forgotten, or once said that it wasn't them, has come by themselves.
    private const string Welcome = /*lang=sql*/ """
        with gone as (delete from suppressions where address_hash = any(@hashes::bytea[]) and reason in ('not_me', 'erased') returning *)
        insert into suppressions_lifted (suppression_id, address_hash, reason, suppressed_at, note)
        select id, address_hash, reason, created_at, 'Signed up and confirmed.' from gone
        """;

    private const string NoteDisowned = /*lang=sql*/ "insert into suppressions (address_hash, reason) values (@hash, 'not_me') on conflict do nothing";

    private const string HasConfirmed = /*lang=sql*/ """
        select exists (select from sign_ups where lower(address) = lower(@address) and newsletter_id = @newsletterId and state = 'confirmed')
        """;

    // Who is only here because of the sign-up is forgotten with it; who reads something else stays, and leaves this.
    private const string Disown = /*lang=sql*/ """
        with reader as (select id from subscribers where lower(address) = lower(@address)),
        pending as (
            delete from subscriptions x using reader r where x.subscriber_id = r.id and x.newsletter_id = @newsletterId and x.status = 'pending' returning x.subscriber_id),
        stranger as (
            delete from subscribers s using pending p
            where s.id = p.subscriber_id and not exists (select from subscriptions x where x.subscriber_id = s.id and (x.newsletter_id <> @newsletterId or x.status <> 'pending'))
              and not exists (select from consents c where c.subscriber_id = s.id)),
        mails as (delete from outbox where lower(address) = lower(@address) and kind = 'confirmation')
        select id from reader
        """;

    private const string ForgetAddress = /*lang=sql*/ """
        update sign_ups set address = null, ip = null, state = case when state = 'confirmed' then state else 'refused' end
        where lower(address) = lower(@address) and (id = @id or state <> 'confirmed')
        """;

    /// <summary>Decides what the sign-up's mail says, if it is to be sent at all. Asked again, because the mail must be tried again, it says the same.</summary>
    public Task<ConfirmationDecision> DecideAsync(long signUpId, CancellationToken stop) =>
        CrossedWrite.RunReferringAsync(() => TryDecideAsync(signUpId, stop), stop);

    private async Task<ConfirmationDecision> TryDecideAsync(long signUpId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await LockAsync(connection, signUpId, stop) is not { Address: { } address } signUp || signUp.State is not ("asked" or "mailed"))
            return ConfirmationDecision.None;
        await connection.ExecuteAsync(new CommandDefinition(TakeTurn, new { address }, cancellationToken: stop));
        var facts = await connection.QuerySingleAsync<Facts>(new CommandDefinition(
            SelectFacts, new { address, newsletterId = signUp.NewsletterId, hashes = AddressHash.AllOf(keys, address) }, cancellationToken: stop));
        var because = signUp.State == "mailed" ? null : WhyNot(facts);
        await connection.ExecuteAsync(new CommandDefinition(
            Mark, new { id = signUpId, state = because is null ? "mailed" : "dropped", because }, cancellationToken: stop));
        if (because is null && facts.Status is null)
            await PutPendingAsync(connection, signUp, address, stop);
        await transaction.CommitAsync(stop);
        return because is null
            ? new ConfirmationDecision { IsSent = true, IsSubscribed = facts.Status == "active", Language = facts.Language ?? signUp.Language }
            : ConfirmationDecision.None;
    }

    /// <summary>The reader says yes, by the link that only this address was sent.</summary>
    public Task<ConfirmOutcome> ConfirmAsync(long signUpId, IPAddress? from, CancellationToken stop) =>
        CrossedWrite.RunReferringAsync(() => TryConfirmAsync(signUpId, from, stop), stop);

    private async Task<ConfirmOutcome> TryConfirmAsync(long signUpId, IPAddress? from, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await LockAsync(connection, signUpId, stop) is not { } signUp)
            return ConfirmOutcome.Unknown;
        if (signUp is not { State: "mailed", Address: { } address })
            return ConfirmOutcome.Seen;
        if (signUp.Expired)
            return ConfirmOutcome.Expired;
        var hashes = AddressHash.AllOf(keys, address);
        var facts = await connection.QuerySingleAsync<Facts>(new CommandDefinition(SelectFacts, new { address, newsletterId = signUp.NewsletterId, hashes }, cancellationToken: stop));
        if (facts.IsSuppressed)
            return ConfirmOutcome.Blocked;

        var welcome = await SubscribeAsync(connection, signUp, address, from, stop);
        await connection.ExecuteAsync(new CommandDefinition(Welcome, new { hashes }, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(Confirm, new { id = signUpId }, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return new ConfirmOutcome(ConfirmResult.Confirmed, welcome);
    }

    /// <summary>The address's owner says that it wasn't them: it is forgotten, a keyed hash keeps further mail from it, and whoever had confirmed nevertheless has left.</summary>
    /// <returns>False where there is no such sign-up.</returns>
    public Task<bool> DisownAsync(long signUpId, CancellationToken stop) =>
        CrossedWrite.RunReferringAsync(() => TryDisownAsync(signUpId, stop), stop);

    private async Task<bool> TryDisownAsync(long signUpId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await LockAsync(connection, signUpId, stop) is not { } signUp)
            return false;
        if (signUp.Address is not { } address)
            return true;
        var about = new { id = signUpId, address, newsletterId = signUp.NewsletterId };
        await connection.ExecuteAsync(new CommandDefinition(NoteDisowned, new { hash = AddressHash.Of(keys, address) }, cancellationToken: stop));
        // By this link's sign-up or by another's: whoever says that it wasn't them wants none of it.
        var hasConfirmed = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(HasConfirmed, about, cancellationToken: stop));
        var reader = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(Disown, about, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(ForgetAddress, about, cancellationToken: stop));
        if (hasConfirmed && reader is { } id)
            await SubscriptionStore.UnsubscribeAsync(connection, signUp.NewsletterId, id, "page", issueId: null, why: null, stop);
        await transaction.CommitAsync(stop);
        return true;
    }

    private static string? WhyNot(Facts facts) =>
        facts.IsSuppressed ? "suppressed"
        : facts.IsDisowned ? "refused"
        : facts.Today >= SignUpOptions.MailsADay || facts.InHalfAYear >= SignUpOptions.MailsInHalfAYear ? "limit"
        : null;

    private Task<Row?> LockAsync(NpgsqlConnection connection, long id, CancellationToken stop) =>
        connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(Lock, new { id, days = options.ConfirmDays }, cancellationToken: stop));

    private static async Task PutPendingAsync(NpgsqlConnection connection, Row signUp, string address, CancellationToken stop)
    {
        var subscriberId = await connection.QuerySingleAsync<long>(new CommandDefinition(PutSubscriber, new { address, language = signUp.Language }, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(PutPending, new { newsletterId = signUp.NewsletterId, subscriberId }, cancellationToken: stop));
    }

    // Null where they were subscribed already: nobody is welcomed twice.
    private static async Task<long?> SubscribeAsync(NpgsqlConnection connection, Row signUp, string address, IPAddress? from, CancellationToken stop)
    {
        var subscriberId = await connection.QuerySingleAsync<long>(new CommandDefinition(PutSubscriber, new { address, language = signUp.Language }, cancellationToken: stop));
        var before = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(SelectStatus, new { newsletterId = signUp.NewsletterId, subscriberId }, cancellationToken: stop));
        await SubscriptionStore.PutAsync(connection, new SubscriptionStore.Row(signUp.NewsletterId, subscriberId, "active", null, Confirmed: true), stop);
        var asked = new ConsentEntry
        {
            NewsletterId = signUp.NewsletterId,
            SubscriberId = subscriberId,
            Action = "asked",
            Wording = signUp.Wording,
            Language = signUp.Language,
            Form = signUp.Form,
            Ip = signUp.Ip,
            At = signUp.CreatedAt,
        };
        await ConsentStore.AddAsync(connection, asked, stop);
        await ConsentStore.AddAsync(connection, asked with { Action = "confirmed", Ip = from?.ToString(), How = "mailed_link", At = null }, stop);
        if (before == "active")
            return null;
        var mail = new OutboxMail
        {
            Kind = ReaderMailKinds.Welcome,
            Address = address,
            NewsletterId = signUp.NewsletterId,
            Model = JsonSerializer.Serialize(new ReaderModel(subscriberId)),
        };
        return await OutboxStore.PutAsync(connection, mail, stop);
    }

    private sealed record Row
    {
        public long Id { get; init; }

        public long NewsletterId { get; init; }

        public string? Address { get; init; }

        public string Language { get; init; } = "en";

        public string Form { get; init; } = "page";

        public string Wording { get; init; } = "";

        public string? Ip { get; init; }

        public string State { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }

        public bool Expired { get; init; }
    }

    private sealed record Facts
    {
        public bool IsSuppressed { get; init; }

        public bool IsDisowned { get; init; }

        public string? Status { get; init; }

        public string? Language { get; init; }

        public int Today { get; init; }

        public int InHalfAYear { get; init; }
    }
}
