using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Whom nothing is sent to, whatever they are subscribed to.</summary>
/// <param name="database">Where they are kept.</param>
/// <param name="keys">What addresses are hashed with; without, none is.</param>
public sealed class SuppressionStore(NpgsqlDataSource database, KeyRing? keys = null)
{
    internal const int MaxEvidenceLength = 1_000;

    private static readonly string[] Reasons = ["hard_bounce", "soft_bounces", "complaint", "manual", "imported"];

    // What a reader has said, and what is known of no address that is kept.
    private static readonly string[] ReasonsOfHashes = ["not_me", "erased"];

    // Whichever of the unique indexes it is that has it already.
    private const string Insert = /*lang=sql*/ """
        insert into suppressions (address, domain, address_hash, reason, evidence)
        values (@Address, @Domain, @AddressHash, @Reason, @Evidence)
        on conflict do nothing
        returning id as "Id", address as "Address", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        """;

    private const string SelectSame = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where lower(address) = lower(@Address) or lower(domain) = lower(@Domain)
           or address_hash = @AddressHash and (reason = @Reason or reason not in ('not_me', 'erased') and @Reason not in ('not_me', 'erased'))
        """;

    private const string SelectFor = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where lower(address) = lower(@address) or lower(domain) = lower(@domain) or address_hash = any(@hashes::bytea[])
        order by address nulls last, reason = 'erased', reason = 'not_me'
        limit 1
        """;

    private const string SelectBarrier = /*lang=sql*/ """
        select (array_agg(reason order by reason = 'erased', reason = 'not_me'))[1] as "Reason", coalesce(bool_or(address_hash is not null), false) as "ByHash"
        from suppressions
        where lower(address) = lower(@address) or lower(domain) = lower(split_part(@address, '@', -1)) or address_hash = any(@hashes::bytea[])
        """;

    private const string SelectById = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where id = @id
        """;

    private const string SelectPage = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where id > @after
        order by id
        limit @rows
        """;

    // The hash of an address that is lifted goes with it: whoever sends asks for addresses and domains alone, and the lookup must not say otherwise.
    private const string Lift = /*lang=sql*/ """
        with gone as (delete from suppressions where id = @id or address_hash = any(@hashes::bytea[]) and reason not in ('not_me', 'erased') returning *)
        insert into suppressions_lifted (suppression_id, domain, address_hash, reason, suppressed_at, note, api_key_id)
        select id, domain, coalesce(address_hash, @hash::bytea), reason, created_at, @note, @key from gone
        returning id
        """;

    private const string SelectLifted = /*lang=sql*/ """
        select id as "Id", suppression_id as "SuppressionId", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason",
               suppressed_at as "SuppressedAt", note as "Note", api_key_id as "ApiKeyId", lifted_at as "LiftedAt"
        from suppressions_lifted
        where id > @after and (@hashes::bytea[] is null or address_hash = any(@hashes::bytea[]))
        order by id
        limit @rows
        """;

    private const string IsSubscriber = /*lang=sql*/ "select exists (select from subscribers where lower(address) = lower(@address))";

    /// <summary>A hash suppresses the subscriber it is of in the same commit. Created; Updated with the one that is there already (its first reason and time are kept); or Invalid.</summary>
    public async Task<AudienceOutcome<Suppression>> AddAsync(SuppressionDraft draft, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var target = Check(draft, problems);
        if (problems.Count > 0) return new AudienceOutcome<Suppression>.Invalid(problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (draft.AsHash && target.Address is { } address)
        {
            if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(IsSubscriber, new { address }, cancellationToken: stop)))
                return new AudienceOutcome<Suppression>.Conflict("as_hash", "This address is a subscriber's, so it is kept anyway. Suppress it as it is, or erase the subscriber first.");
            target = target with { Address = null, AddressHash = AddressHash.Of(keys ?? throw new InvalidOperationException("There are no keys to hash with."), address) };
        }

        while (true)
        {
            var added = await connection.QuerySingleOrDefaultAsync<Suppression>(new CommandDefinition(Insert, target, cancellationToken: stop));
            if (added is not null)
            {
                // Whose hash it is nobody can tell but by trying everyone. Where the address was given, it is no subscriber's.
                if (draft.Hash is not null && keys is not null) await SuppressionListStore.ApplyHashesAsync(connection, keys, stop);
                await transaction.CommitAsync(stop);
                return new AudienceOutcome<Suppression>.Created(added);
            }

            var present = await connection.QueryFirstOrDefaultAsync<Suppression>(
                new CommandDefinition(SelectSame, target, cancellationToken: stop));
            // Neither: someone has removed it between the two, so that there is room for ours now.
            if (present is not null) return new AudienceOutcome<Suppression>.Updated(present);
        }
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<Suppression?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<Suppression>(
            new CommandDefinition(SelectById, new { id }, cancellationToken: stop));
    }

    /// <summary>
    /// What stands against mail to this address: its own suppression first, else its domain's or its hash's, and that it was erased last; null if nothing does.
    /// </summary>
    public async Task<Suppression?> FindAsync(EmailAddress address, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<Suppression>(new CommandDefinition(
            SelectFor, new { address = address.Value, domain = address.Domain, hashes = HashesOf(address.Value) }, cancellationToken: stop));
    }

    /// <summary>In the order of their ids.</summary>
    public async Task<Page<Suppression>> ListAsync(PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Suppression>(
            new CommandDefinition(SelectPage, new { after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, suppression => suppression.Id);
    }

    /// <summary>
    /// Lifts it and notes who did, and why. Removed, NotFound, Invalid (<c>note</c>), or Conflict: who asked to be forgotten comes back by themselves alone.
    /// </summary>
    /// <param name="id">Which.</param>
    /// <param name="note">Why, on one line; null where nobody says.</param>
    /// <param name="apiKey">Id of the caller's key; null where it is none.</param>
    /// <param name="stop">Cancels.</param>
    public async Task<AudienceOutcome<Suppression>> RemoveAsync(long id, string? note, long? apiKey, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var cleanNote = AudienceRules.CheckLine("note", note, MaxEvidenceLength, problems);
        if (problems.Count > 0) return new AudienceOutcome<Suppression>.Invalid(problems);
        if (await GetAsync(id, stop) is not { } present) return new AudienceOutcome<Suppression>.NotFound();
        if (present.Reason == "erased") return new AudienceOutcome<Suppression>.Conflict("reason", ErasedProblem);
        var hash = present.Address is null || keys is null ? null : AddressHash.Of(keys, present.Address);
        var hashes = present.Address is null ? [] : HashesOf(present.Address);
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteScalarAsync<long?>(new CommandDefinition(Lift, new { id, hash, hashes, note = cleanNote, key = apiKey }, cancellationToken: stop)) is null
            ? new AudienceOutcome<Suppression>.NotFound()
            : new AudienceOutcome<Suppression>.Removed();
    }

    /// <summary>The same without a word.</summary>
    public Task<AudienceOutcome<Suppression>> RemoveAsync(long id, CancellationToken stop) => RemoveAsync(id, null, null, stop);

    /// <summary>What was lifted, in the order in which it was; of one address or of all.</summary>
    public async Task<Page<LiftedSuppression>> ListLiftedAsync(EmailAddress? address, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<LiftedSuppression>(new CommandDefinition(
            SelectLifted, new { after = page.After.After, rows = page.Limit + 1, hashes = address is null ? null : HashesOf(address.Value) }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, lifted => lifted.Id);
    }

    /// <summary>What stands against an address that somebody brings in, however it is known.</summary>
    internal static Task<Barrier> FindBarrierAsync(NpgsqlConnection connection, KeyRing? keys, string address, CancellationToken stop) =>
        connection.QuerySingleAsync<Barrier>(
            new CommandDefinition(SelectBarrier, new { address, hashes = keys is null ? [] : AddressHash.AllOf(keys, address) }, cancellationToken: stop));

    private byte[][] HashesOf(string address) => keys is null ? [] : AddressHash.AllOf(keys, address);

    /// <summary>Whether it is one of the words for a reason.</summary>
    internal static bool IsReason(string word) => Reasons.Contains(word) || ReasonsOfHashes.Contains(word);

    internal static Target Check(SuppressionDraft draft, List<FieldProblem> problems)
    {
        string? address = null, domain = null;
        byte[]? hash = null;
        if (new[] { draft.Email, draft.Domain, draft.Hash }.Count(given => given is not null) != 1)
            problems.Add(new FieldProblem("email", "Give either an address in \"email\", a domain in \"domain\", or a keyed hash in \"hash\"."));
        else if (draft.Hash is not null)
        {
            if (draft.Hash.Length == 64 && draft.Hash.All(char.IsAsciiHexDigit)) hash = Convert.FromHexString(draft.Hash);
            else problems.Add(new FieldProblem("hash", "A hash has 64 hexadecimal digits, as an export of suppressions has it; one of another installation says nothing here."));
        }
        else if (draft.Domain is null)
        {
            if (EmailAddress.TryParse(draft.Email, out var parsed, out var problem)) address = parsed.Value;
            else problems.Add(new FieldProblem("email", problem));
        }
        else if (!MailDomain.TryParse(draft.Domain, out domain, out var problem)) problems.Add(new FieldProblem("domain", problem));

        var reason = draft.Reason ?? "manual";
        if (ReasonsOfHashes.Contains(reason))
        {
            if (draft.Hash is null && (draft.Email is null || !draft.AsHash))
                problems.Add(new FieldProblem("reason", $"Of an address that is {reason} only the hash is kept: give its \"hash\", or \"as_hash\": true."));
        }
        else if (!Reasons.Contains(reason))
            problems.Add(new FieldProblem("reason", $"The reason must be one of {string.Join(", ", Reasons.Concat(ReasonsOfHashes))}."));
        return new Target(address, domain, hash, reason, CheckEvidence(draft.Evidence, problems));
    }

    private static string? CheckEvidence(string? raw, List<FieldProblem> problems)
    {
        var evidence = raw?.ReplaceLineEndings("\n").Trim();
        if (string.IsNullOrEmpty(evidence)) return null;
        if (evidence.Length > MaxEvidenceLength)
            problems.Add(new FieldProblem("evidence", $"It is {evidence.Length} characters long, and {MaxEvidenceLength} is the limit."));
        else if (TextRules.FindInText(evidence) is { } found) problems.Add(new FieldProblem("evidence", $"It {found}."));
        return evidence;
    }

    internal const string ErasedProblem = "Whoever reads at this address asked to be forgotten. It comes back when they sign up themselves and confirm, and in no other way.";

    /// <param name="Reason">The gravest; null where nothing stands against it.</param>
    /// <param name="ByHash">The address may not be kept: only its hash is.</param>
    internal sealed record Barrier(string? Reason, bool ByHash);

    internal sealed record Target(string? Address, string? Domain, byte[]? AddressHash, string Reason, string? Evidence);
}
