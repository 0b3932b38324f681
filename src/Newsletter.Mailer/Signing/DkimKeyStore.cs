using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Signing;

/// <summary>Keys for DKIM as rows, their secrets sealed under the key ring.</summary>
public sealed class DkimKeyStore(NpgsqlDataSource database, KeyRing ring)
{
    internal const string Purpose = "dkim key";

    private const string Columns =
        """
        domain as "Domain", selector as "Selector", algorithm as "Algorithm", public_key as "PublicKey", state as "State", created_at as "CreatedAt", activated_at as "ActivatedAt", retired_at as "RetiredAt"
        """;

    private const string Insert = /*lang=sql*/ """
        insert into dkim_keys (domain, selector, algorithm, public_key, private_key)
        values (@domain, @selector, @algorithm, @publicKey, @secret)
        on conflict (domain, selector) do nothing
        returning
        """ + " " + Columns;

    private const string SelectAll = /*lang=sql*/ "select " + Columns + /*lang=sql*/ " from dkim_keys order by domain, id";

    private const string SelectActive = /*lang=sql*/ """
        select domain as "Domain", selector as "Selector", algorithm as "Algorithm", private_key as "Secret"
        from dkim_keys
        where state = 'active'
        """;

    // The one it replaces gives up its secret: a retired key never signs again.
    private const string RetireOther = /*lang=sql*/ """
        update dkim_keys o set state = 'retired', retired_at = now(), private_key = null
        from dkim_keys k
        where k.domain = @domain and k.selector = @selector and k.state = 'waiting'
          and o.domain = k.domain and o.algorithm = k.algorithm and o.state = 'active'
        """;

    private const string Activate = /*lang=sql*/ """
        update dkim_keys set state = 'active', activated_at = now()
        where domain = @domain and selector = @selector and state = 'waiting'
        returning
        """ + " " + Columns;

    private const string Retire = /*lang=sql*/ """
        update dkim_keys set state = 'retired', retired_at = now(), private_key = null
        where domain = @domain and selector = @selector and state in ('waiting', 'active')
        returning
        """ + " " + Columns;

    /// <summary>Makes a key that waits for its record to be published; null where the domain has one of that selector.</summary>
    /// <param name="domain">Lower case, in punycode.</param>
    /// <param name="selector">Lower-case letters, digits and hyphens.</param>
    /// <param name="algorithm"><c>rsa</c> or <c>ed25519</c>.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<DkimKey?> CreateAsync(string domain, string selector, string algorithm, CancellationToken stop)
    {
        var pair = DkimKeyPair.Generate(algorithm);
        var values = new { domain, selector, algorithm, publicKey = pair.PublicKey, secret = SealedSecret.Seal(ring, Purpose, pair.Secret) };
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<DkimKey>(new CommandDefinition(Insert, values, cancellationToken: stop));
    }

    /// <summary>Every key, by domain and age.</summary>
    public async Task<IReadOnlyList<DkimKey>> ListAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<DkimKey>(new CommandDefinition(SelectAll, cancellationToken: stop))];
    }

    /// <summary>Makes a waiting key sign from now on, and retires the one of its domain and algorithm that did; null where none waits under that name.</summary>
    public async Task<DkimKey?> ActivateAsync(string domain, string selector, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(RetireOther, new { domain, selector }, transaction, cancellationToken: stop));
        var active = await connection.QuerySingleOrDefaultAsync<DkimKey>(new CommandDefinition(Activate, new { domain, selector }, transaction, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return active;
    }

    /// <summary>Ends a key; null where there is none that signs or waits under that name.</summary>
    public async Task<DkimKey?> RetireAsync(string domain, string selector, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<DkimKey>(new CommandDefinition(Retire, new { domain, selector }, cancellationToken: stop));
    }

    internal async Task<IReadOnlyList<DkimSecret>> ListActiveAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<DkimSecret>(new CommandDefinition(SelectActive, cancellationToken: stop))];
    }
}

/// <summary>An active key with its secret, sealed.</summary>
internal sealed record DkimSecret
{
    public required string Domain { get; init; }

    public required string Selector { get; init; }

    public required string Algorithm { get; init; }

    public required string Secret { get; init; }
}
