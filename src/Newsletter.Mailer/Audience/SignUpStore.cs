using System.Text.Json;
using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Outbox;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Sign-ups as they come in and as they wait. What becomes of them is <see cref="ConfirmationStore"/>'s.</summary>
public sealed class SignUpStore(NpgsqlDataSource database, SignUpOptions options)
{
    // The limits of all processes together; nothing here depends on the address.
    private const string CountRoom = /*lang=sql*/ """
        select (select count(*) from sign_ups where network = @network and created_at > now() - interval '1 hour') < @networkPerHour as "NetworkHasRoom",
               (select count(*) from sign_ups where created_at > now() - interval '1 minute') < @surgePerMinute as "AllHaveRoom"
        """;

    private const string Insert = /*lang=sql*/ """
        insert into sign_ups (newsletter_id, address, language, form, wording, ip, network)
        values (@NewsletterId, @Address, @Language, @Form, @Wording, @Ip::inet, @Network)
        returning id
        """;

    private const string SelectById = /*lang=sql*/ """
        select u.id as "Id", u.newsletter_id as "NewsletterId", n.name as "Newsletter", n.slug as "Slug", u.address as "Address", u.language as "Language",
               u.wording as "Wording", u.state as "State", u.mailed_at < now() - make_interval(days => @days) as "Expired",
               coalesce(x.status, 'none') as "Status"
        from sign_ups u
        join newsletters n on n.id = u.newsletter_id
        left join subscribers s on lower(s.address) = lower(u.address)
        left join subscriptions x on x.newsletter_id = u.newsletter_id and x.subscriber_id = s.id
        where u.id = @id
        """;

    // What was never confirmed in the time that the limits look back is forgotten, and with it whoever is here for nothing else.
    private const string ForgetOld = /*lang=sql*/ """
        with old as (
            delete from sign_ups where id in (select id from sign_ups where created_at < now() - interval '180 days' order by created_at limit 5000)
            returning address),
        idle as (
            select s.id
            from old o
            join subscribers s on lower(s.address) = lower(o.address)
            where exists (select from subscriptions x where x.subscriber_id = s.id and x.status = 'pending')
              and not exists (select from subscriptions x where x.subscriber_id = s.id and (x.status <> 'pending' or x.confirmed_at is not null))
              and not exists (select from sign_ups u where lower(u.address) = lower(s.address) and u.created_at >= now() - interval '180 days')
              and not exists (select from consents c where c.subscriber_id = s.id))
        delete from subscribers where id in (select id from idle)
        """;

    /// <summary>Puts the sign-up and its mail down together, unless that is more than the limits let in.</summary>
    public async Task<PutSignUp> PutAsync(SignUp signUp, string network, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var room = await connection.QuerySingleAsync<PutSignUp>(new CommandDefinition(
            CountRoom, new { network, networkPerHour = options.NetworkPerHour, surgePerMinute = options.SurgePerMinute }, cancellationToken: stop));
        if (!room.NetworkHasRoom || !room.AllHaveRoom)
            return room;
        var row = new
        {
            signUp.NewsletterId,
            Address = signUp.Address.Value,
            signUp.Language,
            signUp.Form,
            signUp.Wording,
            Ip = signUp.From?.ToString(),
            Network = network,
        };
        var id = await connection.QuerySingleAsync<long>(new CommandDefinition(Insert, row, cancellationToken: stop));
        var mail = new OutboxMail
        {
            Kind = ReaderMailKinds.Confirmation,
            Address = signUp.Address.Value,
            NewsletterId = signUp.NewsletterId,
            Model = JsonSerializer.Serialize(new SignUpModel(id)),
        };
        var outboxId = await OutboxStore.PutAsync(connection, mail, stop);
        await transaction.CommitAsync(stop);
        return room with { OutboxId = outboxId };
    }

    /// <summary>Null where there is none, or no longer.</summary>
    public async Task<SignUpState?> FindAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<SignUpState>(new CommandDefinition(SelectById, new { id, days = options.ConfirmDays }, cancellationToken: stop));
    }

    /// <summary>Forgets sign-ups of half a year ago, and readers who never confirmed any.</summary>
    // Whoever does something at that very moment may have a consent by then, and is looked at anew.
    public Task ForgetOldAsync(CancellationToken stop) => CrossedWrite.RunReferringAsync(
        async () =>
        {
            await using var connection = await database.OpenConnectionAsync(stop);
            return await connection.ExecuteAsync(new CommandDefinition(ForgetOld, cancellationToken: stop));
        },
        stop);
}

/// <summary>Whether a sign-up got in.</summary>
public sealed record PutSignUp
{
    public bool NetworkHasRoom { get; init; }

    public bool AllHaveRoom { get; init; }

    /// <summary>Its mail; null where it was not let in.</summary>
    public long? OutboxId { get; init; }
}

/// <summary>A sign-up as its page shows it.</summary>
public sealed record SignUpState
{
    public long Id { get; init; }

    public long NewsletterId { get; init; }

    /// <summary>Name of the newsletter.</summary>
    public string Newsletter { get; init; } = "";

    public string Slug { get; init; } = "";

    /// <summary>Null once its owner said that it wasn't them.</summary>
    public string? Address { get; init; }

    public string Language { get; init; } = "en";

    public string Wording { get; init; } = "";

    /// <summary><c>asked</c>, <c>mailed</c>, <c>dropped</c>, <c>confirmed</c> or <c>refused</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Its link is too old to confirm.</summary>
    public bool Expired { get; init; }

    /// <summary>Of the subscription by now: <c>pending</c>, <c>active</c>, <c>unsubscribed</c> or <c>none</c>.</summary>
    public string Status { get; init; } = "none";
}
