using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// The ledger of consents (STANDARDS S11): rows are added and never changed, which a trigger of the database holds. Once the reader is erased,
/// theirs have a keyed hash in the place of the reader, and neither network nor own words.
/// </summary>
public sealed class ConsentStore(NpgsqlDataSource database, KeyRing keys)
{
    private const string Insert = /*lang=sql*/ """
        insert into consents (newsletter_id, subscriber_id, action, wording, language, form, ip, how, reason, note, at)
        values (@NewsletterId, @SubscriberId, @Action, @Wording, @Language, @Form, @Ip::inet, @How, @Reason, @Note, coalesce(@At, now()))
        """;

    private const string Select = /*lang=sql*/ """
        select c.id as "Id", n.slug as "Newsletter", c.action as "Action", c.wording as "Wording", c.language as "Language", c.form as "Form",
               host(c.ip) as "Ip", c.how as "How", c.reason as "Reason", c.note as "Note", c.at as "At"
        from consents c
        join newsletters n on n.id = c.newsletter_id
        """ + " ";

    private const string SelectOfReader = Select + /*lang=sql*/ "where c.subscriber_id = @subscriberId order by c.at, c.id";

    private const string SelectOfAddress = Select + /*lang=sql*/ """
        where c.subscriber_id = (select s.id from subscribers s where lower(s.address) = lower(@address)) or c.address_hash = any(@hashes::bytea[])
        order by c.at, c.id
        """;

    /// <summary>Everything a reader agreed to and took back, oldest first.</summary>
    public async Task<IReadOnlyList<Consent>> ListAsync(long subscriberId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<Consent>(new CommandDefinition(SelectOfReader, new { subscriberId }, cancellationToken: stop))];
    }

    /// <summary>The same by address, also of a reader who was erased. Found or Invalid (field <c>email</c>).</summary>
    public async Task<AudienceOutcome<IReadOnlyList<Consent>>> LookupAsync(string? email, CancellationToken stop)
    {
        if (!EmailAddress.TryParse(email, out var address, out var problem))
            return new AudienceOutcome<IReadOnlyList<Consent>>.Invalid("email", problem);
        await using var connection = await database.OpenConnectionAsync(stop);
        var about = new { address = address.Value, hashes = AddressHash.AllOf(keys, address.Value) };
        return new AudienceOutcome<IReadOnlyList<Consent>>.Found([.. await connection.QueryAsync<Consent>(new CommandDefinition(SelectOfAddress, about, cancellationToken: stop))]);
    }

    /// <summary>Adds an entry, in the transaction of what it tells of.</summary>
    internal static Task AddAsync(NpgsqlConnection connection, ConsentEntry entry, CancellationToken stop) =>
        connection.ExecuteAsync(new CommandDefinition(Insert, entry, cancellationToken: stop));
}

/// <summary>An entry about to be made.</summary>
internal sealed record ConsentEntry
{
    public required long NewsletterId { get; init; }

    public required long SubscriberId { get; init; }

    public required string Action { get; init; }

    public string? Wording { get; init; }

    public string? Language { get; init; }

    public required string Form { get; init; }

    public string? Ip { get; init; }

    public string? How { get; init; }

    public string? Reason { get; init; }

    public string? Note { get; init; }

    /// <summary>Null: now, by the database's clock.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>An entry of the ledger.</summary>
public sealed record Consent
{
    public required long Id { get; init; }

    /// <summary>Slug of the newsletter.</summary>
    public required string Newsletter { get; init; }

    /// <summary>
    /// <c>asked</c> (a form was sent), <c>confirmed</c>, <c>chosen</c> (in the preferences, or a digest in the place of leaving), <c>paused</c>, <c>resumed</c>, <c>withdrawn</c> (left), <c>restored</c> (leaving was undone).
    /// </summary>
    public required string Action { get; init; }

    /// <summary>What the form said, word for word; null where it said nothing, as when leaving.</summary>
    public string? Wording { get; init; }

    /// <summary>Of the wording.</summary>
    public string? Language { get; init; }

    /// <summary><c>page</c>, <c>embed</c>, <c>api</c>, <c>again</c>, <c>preferences</c> or <c>unsubscribe</c>.</summary>
    public required string Form { get; init; }

    /// <summary>Where it came from; null where unknown, or erased.</summary>
    public string? Ip { get; init; }

    /// <summary><c>mailed_link</c>: by a link that only this address was sent. <c>one_click</c>: by the mail program. <c>stated</c>: whoever called the API says so.</summary>
    public string? How { get; init; }

    /// <summary>Why they left, as one of the page's choices.</summary>
    public string? Reason { get; init; }

    /// <summary>Why they left, in their own words; null once erased.</summary>
    public string? Note { get; init; }

    public required DateTimeOffset At { get; init; }
}
