using System.Text.Encodings.Web;
using Dapper;
using Newsletter.Mailer.Audience.Segments;
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
    // What an import has received and not merged; what it receives from here on it leaves out itself, by the hash. First, and the import is told last:
    // the merge takes its rows before its readers and counts them at the end, and in another order the two would wait for each other.
    private const string ForgetReceived = /*lang=sql*/ """
        with received as (delete from import_rows where key = lower(@address) returning import_id, is_wrong)
        select import_id as "ImportId", count(*) as "Rows", count(*) filter (where not is_wrong) as "Right" from received group by import_id
        """;

    private const string Begin = /*lang=sql*/ "select pg_advisory_xact_lock_shared(hashtextextended('newsletter erasure', 0))";

    /// <summary>Ends when every erasure that had begun has.</summary>
    internal const string WaitForAll = /*lang=sql*/ "select pg_advisory_xact_lock(hashtextextended('newsletter erasure', 0))";

    /// <summary>
    /// Whoever takes <c>@address</c> in waits for its erasure, and its erasure for them: one of the two sees what the other did. Sign-ups have a turn of
    /// their own (<see cref="ConfirmationStore"/>), because it comes after their row's lock.
    /// </summary>
    internal const string TakeTurn = /*lang=sql*/ "select pg_advisory_xact_lock(hashtextextended(lower(@address), 11))";

    private const string SelectAddress = /*lang=sql*/ "select address from subscribers where id = @id";

    private const string SelectReader = /*lang=sql*/ """select id as "Id", address as "Address" from subscribers where lower(address) = lower(@address)""";

    private const string Lock = SelectAddress + " for update";

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

    // What names no address at all isn't looked into.
    private const string SelectSegments = /*lang=sql*/ """select id as "Id", filter as "Filter" from segments where filter like '%@%'""";

    private const string SelectBulkChanges = /*lang=sql*/ """select id as "Id", filter as "Filter" from bulk_changes where filter like '%@%'""";

    private const string SelectIssues = /*lang=sql*/ """
        select id as "Id", segment_filter as "Filter", variant_questions::text as "Questions" from issues
        where segment_filter like '%@%' or variant_questions::text like '%@%'
        """;

    private const string PutSegment = /*lang=sql*/ "update segments set filter = @forgotten where id = @id and filter = @kept";

    private const string PutBulkChange = /*lang=sql*/ "update bulk_changes set filter = @forgotten where id = @id and filter = @kept";

    private const string PutIssue = /*lang=sql*/ """
        update issues set segment_filter = @forgotten, variant_questions = @forgottenQuestions::jsonb
        where id = @id and segment_filter is not distinct from @kept and variant_questions::text = @keptQuestions
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
    public async Task<AudienceOutcome<Subscriber>> EraseAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteScalarAsync<string?>(new CommandDefinition(SelectAddress, new { id }, cancellationToken: stop)) is { } address
            && await CrossedWrite.RunReferringAsync(() => TryEraseAsync(connection, id, address, stop), stop)
                ? new AudienceOutcome<Subscriber>.Removed()
                : new AudienceOutcome<Subscriber>.NotFound();
    }

    /// <summary>Forgets whoever has the address, whether they ever read anything or are known by a suppression, a sign-up or nothing at all. Removed, or Invalid.</summary>
    public async Task<AudienceOutcome<Subscriber>> EraseAsync(string? email, CancellationToken stop)
    {
        if (!EmailAddress.TryParse(email, out var address, out var problem))
            return new AudienceOutcome<Subscriber>.Invalid("email", problem);
        await using var connection = await database.OpenConnectionAsync(stop);
        while (true)
        {
            var reader = await FindAsync();
            // Where there was no reader, one may have come while the rest was forgotten.
            if (await CrossedWrite.RunReferringAsync(() => TryEraseAsync(connection, reader?.Id, reader?.Address ?? address.Value, stop), stop) && await FindAsync() is null)
                return new AudienceOutcome<Subscriber>.Removed();
        }

        Task<Reader?> FindAsync() => connection.QuerySingleOrDefaultAsync<Reader>(new CommandDefinition(SelectReader, new { address = address.Value }, cancellationToken: stop));
    }

    // False where the reader is gone by now.
    private async Task<bool> TryEraseAsync(NpgsqlConnection connection, long? id, string address, CancellationToken stop)
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(Begin, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(TakeTurn, new { address }, cancellationToken: stop));
        if (id is not null)
            await connection.ExecuteAsync(new CommandDefinition(ReaderLock.Own, new { subscriber = id }, cancellationToken: stop));
        var values = new { id, address, hash = AddressHash.Of(keys, address), spellings = Spellings(address) };
        var received = (await connection.QueryAsync<Received>(new CommandDefinition(ForgetReceived, values, cancellationToken: stop))).OrderBy(import => import.ImportId).ToList();
        if (id is not null && await connection.ExecuteScalarAsync<string?>(new CommandDefinition(Lock, values, cancellationToken: stop)) is null)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(KeepHash, values, cancellationToken: stop));
        if (id is { } reader)
            await ForgetReaderAsync(connection, reader, values.hash, stop);
        await connection.ExecuteAsync(new CommandDefinition(Forget, values, cancellationToken: stop));
        await ForgetInFiltersAsync(connection, address, stop);
        foreach (var import in received)
            await connection.ExecuteAsync(new CommandDefinition(CountLeftOut, import, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return true;
    }

    private async Task ForgetReaderAsync(NpgsqlConnection connection, long id, byte[] hash, CancellationToken stop)
    {
        await connection.ExecuteAsync(new CommandDefinition(KeepConsents, new { id, hash }, cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(ForgetVisits, new { id }, cancellationToken: stop));
        var voters = await AnonymousVoteStore.VotersAsync(connection, keys, id, stop);
        await connection.ExecuteAsync(new CommandDefinition(ForgetVotes, new { id, voters }, cancellationToken: stop));
    }

    // Once more where somebody changed one meanwhile: another erasure, say. Only what names the address is written to, so nobody waits who needn't.
    private static async Task ForgetInFiltersAsync(NpgsqlConnection connection, string address, CancellationToken stop)
    {
        var crossed = true;
        while (crossed)
        {
            crossed = false;
            foreach (var (select, put) in ((string, string)[])[(SelectSegments, PutSegment), (SelectBulkChanges, PutBulkChange), (SelectIssues, PutIssue)])
                foreach (var kept in await connection.QueryAsync<KeptFilter>(new CommandDefinition(select, cancellationToken: stop)))
                    crossed |= await PutAsync(put, kept) == 0;
        }

        async Task<int> PutAsync(string put, KeptFilter kept)
        {
            var without = kept with { Filter = kept.Filter is null ? null : FilterForgetting.Without(kept.Filter, address), Questions = FilterForgetting.WithoutInQuestions(kept.Questions, address) };
            return without == kept ? 1 : await connection.ExecuteAsync(new CommandDefinition(
                put, new { id = kept.Id, kept = kept.Filter, keptQuestions = kept.Questions, forgotten = without.Filter, forgottenQuestions = without.Questions }, cancellationToken: stop));
        }
    }

    // As it stands in answers: in a text as it is, in JSON with quotation marks and letters beyond ASCII escaped or not.
    private static string[] Spellings(string address) =>
    [
        .. new[] { address, JavaScriptEncoder.Default.Encode(address), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(address) }.Distinct(StringComparer.Ordinal),
    ];

    private sealed record Reader
    {
        public long Id { get; init; }

        public string Address { get; init; } = "";
    }

    private sealed record KeptFilter
    {
        public long Id { get; init; }

        public string? Filter { get; init; }

        public string Questions { get; init; } = "[]";
    }

    private sealed record Received
    {
        public long ImportId { get; init; }

        public long Rows { get; init; }

        public long Right { get; init; }
    }
}
