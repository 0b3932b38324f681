using System.Text.Encodings.Web;
using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// Forgetting a reader: every row that names the address goes, wherever it is, in one transaction. What stays is the ledger of consents under a keyed
/// hash, and that hash among the suppressions: as erased, and with the reason that there was. A delivery keeps its number; the reader behind it is nobody.
/// </summary>
public sealed class ErasureStore(NpgsqlDataSource database, KeyRing keys)
{
    // What an import has received and not merged; what it receives from here on it leaves out itself, by the hash. First, and the import is told last: the merge takes its rows before its readers and counts them
    // at the end, and in another order the two would wait for each other.
    private const string ForgetReceived = /*lang=sql*/ """
        with reader as (select address from subscribers where id = @id),
        received as (delete from import_rows r using reader where r.key = lower(reader.address) returning r.import_id, r.is_wrong)
        select import_id as "ImportId", count(*) as "Rows", count(*) filter (where not is_wrong) as "Right" from received group by import_id
        """;

    private const string Begin = /*lang=sql*/ "select pg_advisory_xact_lock_shared(hashtextextended('newsletter erasure', 0))";

    /// <summary>Ends when every erasure that had begun has.</summary>
    internal const string WaitForAll = /*lang=sql*/ "select pg_advisory_xact_lock(hashtextextended('newsletter erasure', 0))";

    private const string Lock = /*lang=sql*/ "select address from subscribers where id = @id for update";

    // Two facts, each lifted by itself: that they asked to be forgotten, and what stood against their address. The evidence may name it.
    private const string KeepHash = /*lang=sql*/ """
        with suppressed as (
            insert into suppressions (address_hash, reason, created_at)
            select @hash, p.reason, p.created_at from suppressions p where lower(p.address) = lower(@address)
            on conflict do nothing)
        insert into suppressions (address_hash, reason) values (@hash, 'erased') on conflict do nothing
        """;

    private const string KeepConsents = /*lang=sql*/ """
        update consents set subscriber_id = null, address_hash = @hash, ip = null, note = null where subscriber_id = @id
        """;

    // Mail that waits or is in flight, and answers remembered for a day.
    private const string Forget = /*lang=sql*/ """
        with sign_up as (delete from sign_ups where lower(address) = lower(@address)),
        bounce as (update bounces set evidence = null where subscriber_id = @id and evidence is not null),
        mail as (delete from outbox where lower(address) = lower(@address)),
        suppression as (delete from suppressions where lower(address) = lower(@address)),
        answered as (
            delete from idempotency_keys
            where exists (select from unnest(@spellings::text[]) x (spelling)
                          where position(lower(encode(convert_to(x.spelling, 'UTF8'), 'escape')) in lower(encode(body, 'escape'))) > 0))
        delete from subscribers where id = @id
        """;

    // Clicks and opened mails stay in their issue's sums, as nobody's.
    private const string ForgetVisits = /*lang=sql*/ """
        with clicked as (delete from clicks where subscriber_id = @id and subscriber_id <> 0 returning *),
        opened as (delete from opens where subscriber_id = @id and subscriber_id <> 0 returning *),
        kept as (
            insert into opens as o (issue_id, human, proxy, machine, first_at, last_at) select issue_id, human, proxy, machine, first_at, last_at from opened order by issue_id
            on conflict (issue_id, subscriber_id, visitor) do update
            set human = o.human + excluded.human, proxy = o.proxy + excluded.proxy, machine = o.machine + excluded.machine,
                first_at = least(o.first_at, excluded.first_at), last_at = greatest(o.last_at, excluded.last_at))
        insert into clicks as c (issue_id, link_no, human, machine, machine_reason, first_at, last_at)
        select issue_id, link_no, human, machine, machine_reason, first_at, last_at from clicked order by issue_id, link_no
        on conflict (issue_id, subscriber_id, visitor, link_no) do update
        set human = c.human + excluded.human, machine = c.machine + excluded.machine, first_at = least(c.first_at, excluded.first_at), last_at = greatest(c.last_at, excluded.last_at)
        """;

    // A vote stays in its poll's sums; who it was, when they said it and what they wrote goes.
    private const string ForgetVotes = /*lang=sql*/ """
        update votes set subscriber_id = null, comment = null, voter = uuid_send(gen_random_uuid()), voted_at = date_trunc('day', voted_at), changed_at = null
        where subscriber_id = @id or voter = any(@voters)
        """;

    // Counted as the merge would have: it is to leave out whoever was erased.
    private const string CountLeftOut = /*lang=sql*/ """
        update imports set merged = merged + @Rows, suppressed = suppressed + @Right where id = @ImportId and state in ('receiving', 'merging')
        """;

    /// <summary>Forgets the reader. Removed or NotFound.</summary>
    public Task<AudienceOutcome<Subscriber>> EraseAsync(long id, CancellationToken stop) => CrossedWrite.RunReferringAsync(() => TryEraseAsync(id, stop), stop);

    private async Task<AudienceOutcome<Subscriber>> TryEraseAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(Begin, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(ReaderLock.Own, new { subscriber = id }, cancellationToken: stop));
        var received = (await connection.QueryAsync<Received>(new CommandDefinition(ForgetReceived, new { id }, cancellationToken: stop))).OrderBy(import => import.ImportId).ToList();
        if (await connection.ExecuteScalarAsync<string?>(new CommandDefinition(Lock, new { id }, cancellationToken: stop)) is not { } address)
            return new AudienceOutcome<Subscriber>.NotFound();
        var values = new { id, address, hash = AddressHash.Of(keys, address), spellings = Spellings(address) };
        await connection.ExecuteAsync(new CommandDefinition(KeepHash, values, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(KeepConsents, values, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(ForgetVisits, values, cancellationToken: stop));
        var voters = await AnonymousVoteStore.VotersAsync(connection, keys, id, stop);
        await connection.ExecuteAsync(new CommandDefinition(ForgetVotes, new { id, voters }, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(Forget, values, cancellationToken: stop));
        foreach (var import in received)
            await connection.ExecuteAsync(new CommandDefinition(CountLeftOut, import, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return new AudienceOutcome<Subscriber>.Removed();
    }

    // As it stands in answers: in a text as it is, in JSON with quotation marks and letters beyond ASCII escaped or not.
    private static string[] Spellings(string address) =>
    [
        .. new[] { address, JavaScriptEncoder.Default.Encode(address), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(address) }.Distinct(StringComparer.Ordinal),
    ];

    private sealed record Received
    {
        public long ImportId { get; init; }

        public long Rows { get; init; }

        public long Right { get; init; }
    }
}
