using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// Forgetting a reader: every row that names the address goes, wherever it is, in one transaction. What stays is the ledger of consents under a keyed
/// hash, and that hash as a mark, with the suppression that there was. A delivery keeps its number; the reader behind it is nobody.
/// </summary>
public sealed class ErasureStore(NpgsqlDataSource database, KeyRing keys)
{
    private const string Lock = /*lang=sql*/ "select address from subscribers where id = @id for update";

    private const string KeepMark = /*lang=sql*/ """
        insert into address_marks as m (address_hash, reason, suppressed)
        values (@hash, 'erased', (select p.reason from suppressions p where lower(p.address) = lower(@address)))
        on conflict (address_hash) do update set suppressed = coalesce(excluded.suppressed, m.suppressed)
        """;

    private const string KeepConsents = /*lang=sql*/ """
        update consents set subscriber_id = null, address_hash = @hash, ip = null, note = null where subscriber_id = @id
        """;

    // Mail that waits or is in flight, what an import has received and not merged, and answers remembered for a day.
    private const string Forget = /*lang=sql*/ """
        with sign_up as (delete from sign_ups where lower(address) = lower(@address)),
        mail as (delete from outbox where lower(address) = lower(@address)),
        suppression as (delete from suppressions where lower(address) = lower(@address)),
        received as (delete from import_rows where key = lower(@address)),
        answered as (
            delete from idempotency_keys
            where position(lower(encode(convert_to(@address, 'UTF8'), 'escape')) in lower(encode(body, 'escape'))) > 0)
        delete from subscribers where id = @id
        """;

    /// <summary>Forgets the reader. Removed or NotFound.</summary>
    public async Task<AudienceOutcome<Subscriber>> EraseAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await connection.ExecuteScalarAsync<string?>(new CommandDefinition(Lock, new { id }, cancellationToken: stop)) is not { } address)
            return new AudienceOutcome<Subscriber>.NotFound();
        var values = new { id, address, hash = AddressHash.Of(keys, address) };
        await connection.ExecuteAsync(new CommandDefinition(KeepMark, values, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(KeepConsents, values, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(Forget, values, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return new AudienceOutcome<Subscriber>.Removed();
    }
}
