using System.Text.Json;
using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Outbox;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>What readers choose for themselves, by a link that only their address was sent.</summary>
public sealed class PreferencesStore(NpgsqlDataSource database)
{
    /// <summary>How long a break is.</summary>
    public const int PauseDays = 28;

    private const string SelectReader = /*lang=sql*/ """
        select id as "Id", address as "Address", name as "Name", time_zone as "TimeZone", language as "Language", plain_text as "PlainText"
        from subscribers where id = @id
        """;

    private const string SelectNewsletters = /*lang=sql*/ """
        select n.id as "Id", n.name as "Name", n.language as "Language", coalesce(x.status, 'none') as "Status",
               coalesce(x.frequency, 'every') as "Frequency", n.digests as "Digests",
               case when x.paused_until > now() then x.paused_until end as "PausedUntil"
        from newsletters n
        left join subscriptions x on x.newsletter_id = n.id and x.subscriber_id = @id
        order by x.newsletter_id is null, n.name
        """;

    private const string SelectSuppressed = /*lang=sql*/ """
        select exists (select from suppressions p join subscribers b on b.id = @id
                       where lower(p.address) = lower(b.address) or lower(p.domain) = lower(split_part(b.address, '@', -1)))
        """;

    // A first name that somebody else gave goes with the name that the reader gives.
    private const string Change = /*lang=sql*/ """
        update subscribers
        set attributes = case when name is distinct from @Name then attributes - 'first_name' else attributes end,
            name = @Name, time_zone = @TimeZone, language = @Language, plain_text = @PlainText, updated_at = now()
        where id = @Id
        """;

    private const string SetFrequency = /*lang=sql*/ """
        update subscriptions set frequency = @frequency where newsletter_id = @newsletterId and subscriber_id = @subscriberId
        """;

    private const string TakeDigest = /*lang=sql*/ """
        update subscriptions x set frequency = 'digest'
        from newsletters n
        where n.id = x.newsletter_id and n.digests and x.newsletter_id = @newsletterId and x.subscriber_id = @subscriberId and x.status = 'active' and x.frequency <> 'digest'
        returning true
        """;

    private const string HasDigest = /*lang=sql*/ """
        select exists (select from subscriptions where newsletter_id = @newsletterId and subscriber_id = @subscriberId and status = 'active' and frequency = 'digest')
        """;

    // Whoever presses again on the same day is told no second time.
    private const string Pause = /*lang=sql*/ """
        with before as (
            select newsletter_id from subscriptions
            where subscriber_id = @subscriber and (paused_until is null or paused_until < now() + make_interval(days => @days - 1))),
        paused as (
            update subscriptions set paused_until = now() + make_interval(days => @days)
            where subscriber_id = @subscriber and status = 'active' and (@newsletterId::bigint is null or newsletter_id = @newsletterId)
            returning newsletter_id, paused_until),
        told as (
            insert into consents (newsletter_id, subscriber_id, action, form, ip, how)
            select newsletter_id, @subscriber, 'paused', @form, @ip::inet, 'mailed_link' from paused join before using (newsletter_id))
        select paused_until from paused
        """;

    // A break that is over by itself needs no end.
    private const string Resume = /*lang=sql*/ """
        with before as (select newsletter_id, paused_until > now() as lasts from subscriptions where subscriber_id = @subscriber and paused_until is not null),
        resumed as (update subscriptions set paused_until = null where subscriber_id = @subscriber and paused_until is not null)
        insert into consents (newsletter_id, subscriber_id, action, form, ip, how)
        select newsletter_id, @subscriber, 'resumed', 'preferences', @ip::inet, 'mailed_link' from before where lasts
        returning id
        """;

    // At most one an hour, and a day where they have left: the button stands on a page that a forwarded mail opens.
    private const string AnyLinkJustSent = /*lang=sql*/ """
        select exists (
            select from outbox
            where lower(address) = lower(@address) and kind = 'preferences_link'
              and created_at > now() - case when exists (select from subscriptions where subscriber_id = @id and status <> 'unsubscribed') then interval '1 hour' else interval '1 day' end)
        """;

    private const string TakeTurn = /*lang=sql*/ "select id from subscribers where id = @id for update";

    /// <summary>Null where there is no such reader, or no longer.</summary>
    public async Task<ReaderPreferences?> FindAsync(long subscriberId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await FindAsync(connection, subscriberId, stop);
    }

    private static async Task<ReaderPreferences?> FindAsync(NpgsqlConnection connection, long subscriberId, CancellationToken stop)
    {
        var about = new { id = subscriberId };
        return await connection.QuerySingleOrDefaultAsync<ReaderPreferences>(new CommandDefinition(SelectReader, about, cancellationToken: stop)) is not { } reader
            ? null
            : reader with { Newsletters = [.. await connection.QueryAsync<NewsletterChoice>(new CommandDefinition(SelectNewsletters, about, cancellationToken: stop))] };
    }

    /// <summary>Saves the whole form. Updated, NotFound or Invalid (<c>name</c>, <c>time_zone</c>, <c>language</c>), and then nothing is changed.</summary>
    public async Task<AudienceOutcome<ReaderPreferences>> SaveAsync(long subscriberId, PreferencesChange change, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var person = SubscriberRules.Check(new SubscriberChanges { Name = change.Name, TimeZone = change.TimeZone, Language = change.Language }, problems);
        if (person is null)
            return new AudienceOutcome<ReaderPreferences>.Invalid(problems);
        return await CrossedWrite.RunReferringAsync(() => TrySaveAsync(subscriberId, person, change, stop), stop) && await FindAsync(subscriberId, stop) is { } after
            ? new AudienceOutcome<ReaderPreferences>.Updated(after)
            : new AudienceOutcome<ReaderPreferences>.NotFound();
    }

    /// <summary>Nothing comes for four weeks.</summary>
    /// <param name="subscriberId">To whom.</param>
    /// <param name="newsletterId">Of this newsletter, from the page to leave it; null: of all, from the preferences.</param>
    /// <param name="ip">Where it was asked for; null where unknown.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Until when; null where there is nothing to pause.</returns>
    public async Task<DateTimeOffset?> PauseAsync(long subscriberId, long? newsletterId, string? ip, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var form = newsletterId is null ? "preferences" : "unsubscribe";
        var values = new { subscriber = subscriberId, newsletterId, ip, form, days = PauseDays };
        var until = await CrossedWrite.RunReferringAsync(() => ReaderLock.QueryAsync<DateTime>(connection, Pause, values, stop), stop);
        return until.Select(time => (DateTimeOffset?)time).FirstOrDefault();
    }

    /// <summary>Ends every break.</summary>
    public async Task ResumeAsync(long subscriberId, string? ip, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await CrossedWrite.RunReferringAsync(() => ReaderLock.QueryAsync<long>(connection, Resume, new { subscriber = subscriberId, ip }, stop), stop);
    }

    /// <summary>A digest a month in the place of single issues, from the page to leave. False where they are no reader, or the newsletter has none.</summary>
    /// <param name="subscriberId">To whom.</param>
    /// <param name="newsletterId">Of which newsletter.</param>
    /// <param name="wording">What the page said, and in which language.</param>
    /// <param name="ip">Where it was asked for; null where unknown.</param>
    /// <param name="stop">Gives up.</param>
    public Task<bool> TakeDigestAsync(long subscriberId, long newsletterId, (string Text, string Language) wording, string? ip, CancellationToken stop) =>
        CrossedWrite.RunReferringAsync(() => TryTakeDigestAsync(subscriberId, newsletterId, wording, ip, stop), stop);

    private async Task<bool> TryTakeDigestAsync(long subscriberId, long newsletterId, (string Text, string Language) wording, string? ip, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await ReaderLock.ShareAsync(connection, subscriberId, stop);
        var reader = new { subscriberId, newsletterId };
        if (await connection.ExecuteScalarAsync<bool?>(new CommandDefinition(TakeDigest, reader, cancellationToken: stop)) is null)
            return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(HasDigest, reader, cancellationToken: stop));
        var entry = new ConsentEntry
        {
            NewsletterId = newsletterId,
            SubscriberId = subscriberId,
            Action = "chosen",
            Wording = wording.Text,
            Language = wording.Language,
            Form = "unsubscribe",
            Ip = ip,
            How = "mailed_link",
        };
        await ConsentStore.AddAsync(connection, entry, stop);
        await transaction.CommitAsync(stop);
        return true;
    }

    /// <summary>Puts a mail with the link to these preferences into the outbox.</summary>
    /// <returns>Its id; null where one was sent within the hour, or there is no such reader.</returns>
    public async Task<long?> MailLinkAsync(long subscriberId, long newsletterId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(TakeTurn, new { id = subscriberId }, cancellationToken: stop));
        if (await connection.QuerySingleOrDefaultAsync<ReaderPreferences>(new CommandDefinition(SelectReader, new { id = subscriberId }, cancellationToken: stop)) is not { } reader
            || await connection.QuerySingleAsync<bool>(new CommandDefinition(AnyLinkJustSent, new { address = reader.Address, id = subscriberId }, cancellationToken: stop)))
            return null;
        var mail = new OutboxMail
        {
            Kind = ReaderMailKinds.PreferencesLink,
            Address = reader.Address,
            NewsletterId = newsletterId,
            Model = JsonSerializer.Serialize(new ReaderModel(subscriberId)),
        };
        var id = await OutboxStore.PutAsync(connection, mail, stop);
        await transaction.CommitAsync(stop);
        return id;
    }

    // False where they were erased meanwhile.
    private async Task<bool> TrySaveAsync(long subscriberId, SubscriberRules.Checked person, PreferencesChange change, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await ReaderLock.ShareAsync(connection, subscriberId, stop);
        if (await FindAsync(connection, subscriberId, stop) is not { } before)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(
            Change, new { Id = subscriberId, person.Name, person.TimeZone, person.Language, change.PlainText }, cancellationToken: stop));
        var suppressed = await connection.QuerySingleAsync<bool>(new CommandDefinition(SelectSuppressed, new { id = subscriberId }, cancellationToken: stop));
        foreach (var newsletter in before.Newsletters)
            if (change.Choices.TryGetValue(newsletter.Id, out var choice))
                await ChooseAsync(connection, subscriberId, newsletter, choice, suppressed, change, stop);
        await transaction.CommitAsync(stop);
        return true;
    }

    // Who is suppressed can leave and can't join: nothing would be sent to them. A digest that the newsletter no longer has is no choice.
    private static async Task ChooseAsync(
        NpgsqlConnection connection, long subscriberId, NewsletterChoice newsletter, string choice, bool suppressed, PreferencesChange change, CancellationToken stop)
    {
        if (choice == "nothing")
        {
            if (newsletter.Status is "active" or "pending")
                await SubscriptionStore.UnsubscribeAsync(connection, newsletter.Id, subscriberId, "preferences", null, Departure.Of(null, null, change.Ip), stop);
            return;
        }

        if (newsletter.Choice == choice || (newsletter.Status != "active" && suppressed) || (choice == "digest" && !newsletter.Digests))
            return;
        if (newsletter.Status != "active")
            await SubscriptionStore.PutAsync(connection, new SubscriptionStore.Row(newsletter.Id, subscriberId, "active", null, Confirmed: true), stop);
        await connection.ExecuteAsync(new CommandDefinition(SetFrequency, new { subscriberId, newsletterId = newsletter.Id, frequency = choice }, cancellationToken: stop));
        var entry = new ConsentEntry
        {
            NewsletterId = newsletter.Id,
            SubscriberId = subscriberId,
            Action = "chosen",
            Wording = choice == "digest" ? change.DigestWording : change.Wording,
            Language = change.WordingLanguage,
            Form = "preferences",
            Ip = change.Ip,
            How = "mailed_link",
        };
        await ConsentStore.AddAsync(connection, entry, stop);
    }
}
