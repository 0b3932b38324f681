using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Outbox;

/// <summary>Mail to one person, put down before anything is sent, so that no crash loses it.</summary>
public sealed class OutboxStore(NpgsqlDataSource database)
{
    private const string Insert = /*lang=sql*/ """
        insert into outbox (kind, address, newsletter_id, model, nonce)
        values (@Kind, @Address, @NewsletterId, @Model::jsonb, @Nonce)
        returning id
        """;

    private const string Claim = /*lang=sql*/ """
        update outbox
        set state = 'sending', fence = fence + 1, lease_until = now() + @lease, attempts = attempts + 1
        where id = @id and (state = 'ready' and next_at <= now() or state = 'sending' and lease_until < now())
          and not exists (select from instance where held_reason is not null)
        returning id, kind, address, newsletter_id as newsletterid, model::text as model, nonce, attempts, fence, created_at as createdat
        """;

    private const string Finish = /*lang=sql*/ """
        update outbox
        set state = @state, reply = @reply, lease_until = null, next_at = now() + @retryIn,
            finished_at = case when @state in ('sent', 'failed') then now() end
        where id = @id and fence = @fence and state = 'sending'
        returning id
        """;

    private const string Drop = /*lang=sql*/ "delete from outbox where id = @id and fence = @fence and state = 'sending'";

    private const string SelectDue = /*lang=sql*/ """
        select id from outbox
        where state = 'ready' and next_at <= now() or state = 'sending' and lease_until < now()
        order by next_at limit 1000
        """;

    private const string ForgetOld = /*lang=sql*/ """
        delete from outbox
        where id in (select id from outbox where finished_at < now() - make_interval(days => @days) and state in ('sent', 'failed') order by finished_at limit 5000)
        """;

    /// <summary>For so many days it is known of a mail that it was sent, or why not.</summary>
    public const int KeptDays = 30;

    /// <summary>Forgets mails that were done with long ago, and their addresses with them.</summary>
    public async Task ForgetOldAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(ForgetOld, new { days = KeptDays }, cancellationToken: stop));
    }

    /// <summary>Puts mails down, all of them or none; each is sent by whoever claims it.</summary>
    /// <returns>Their ids, in the same order.</returns>
    public async Task<IReadOnlyList<long>> PutAsync(IEnumerable<OutboxMail> mails, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var ids = new List<long>();
        foreach (var mail in mails)
            ids.Add(await PutAsync(connection, mail, stop));
        await transaction.CommitAsync(stop);
        return ids;
    }

    /// <summary>One within a transaction: the mail is there if, and only if, what it speaks of is.</summary>
    internal static Task<long> PutAsync(NpgsqlConnection connection, OutboxMail mail, CancellationToken stop) =>
        connection.QuerySingleAsync<long>(new CommandDefinition(Insert, mail, cancellationToken: stop));

    /// <summary>Takes a mail for sending; null where another has it, or it is done or not due.</summary>
    public async Task<ClaimedMail?> ClaimAsync(long id, TimeSpan lease, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<ClaimedMail>(new CommandDefinition(Claim, new { id, lease }, cancellationToken: stop));
    }

    public Task SentAsync(ClaimedMail mail, string reply, CancellationToken stop) => FinishAsync(mail, "sent", reply, TimeSpan.Zero, stop);

    public Task FailedAsync(ClaimedMail mail, string reply, CancellationToken stop) => FinishAsync(mail, "failed", reply, TimeSpan.Zero, stop);

    /// <summary>It turned out that nobody is to get it: nothing of it is kept.</summary>
    public async Task DropAsync(ClaimedMail mail, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(Drop, new { id = mail.Id, fence = mail.Fence }, cancellationToken: stop));
    }

    public Task TryAgainAsync(ClaimedMail mail, string reply, TimeSpan wait, CancellationToken stop) => FinishAsync(mail, "ready", reply, wait, stop);

    /// <summary>What waits to be sent now, perhaps because its job was lost.</summary>
    public async Task<IReadOnlyList<long>> AllDue(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<long>(new CommandDefinition(SelectDue, cancellationToken: stop))];
    }

    private async Task FinishAsync(ClaimedMail mail, string state, string reply, TimeSpan retryIn, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new { id = mail.Id, fence = mail.Fence, state, reply, retryIn };
        await connection.ExecuteAsync(new CommandDefinition(Finish, values, cancellationToken: stop));
    }
}

/// <summary>A mail to one person: what it is and what it speaks of, not how it looks.</summary>
public sealed record OutboxMail
{
    /// <summary>Which of the kinds that Delivery can compose.</summary>
    public required string Kind { get; init; }

    public required string Address { get; init; }

    public long? NewsletterId { get; init; }

    /// <summary>JSON object; its shape depends on the kind.</summary>
    public required string Model { get; init; }

    /// <summary>Random part of the Message-ID, the same for every try.</summary>
    public string Nonce { get; init; } = System.Security.Cryptography.RandomNumberGenerator.GetHexString(16, lowercase: true);
}

/// <summary>A mail under our lease.</summary>
public sealed record ClaimedMail
{
    public long Id { get; init; }

    public string Kind { get; init; } = "";

    public string Address { get; init; } = "";

    public long? NewsletterId { get; init; }

    public string Model { get; init; } = "{}";

    public string Nonce { get; init; } = "";

    /// <summary>This one included.</summary>
    public short Attempts { get; init; }

    public long Fence { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
