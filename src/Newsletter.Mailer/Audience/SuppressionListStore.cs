using System.Text;
using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Whole lists of suppressions: in and out as CSV, of any size; and what hashes among them mean for those who are subscribers already.</summary>
public sealed class SuppressionListStore(NpgsqlDataSource database, KeyRing keys)
{
    private const int ChunkRows = 5_000;
    private const int ProblemsTold = 100;

    private const string Insert = /*lang=sql*/ """
        insert into suppressions (address, domain, address_hash, reason, evidence)
        select x.address, x.domain, x.hash, x.reason, x.evidence
        from unnest(@addresses::text[], @domains::text[], @hashes::bytea[], @reasons::text[], @evidences::text[]) x (address, domain, hash, reason, evidence)
        order by lower(x.address), lower(x.domain), x.hash
        on conflict do nothing
        returning id
        """;

    private const string SelectChunk = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", encode(address_hash, 'hex') as "Hash", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where id > @after
        order by id
        limit @rows
        """;

    private const string AnyHash = /*lang=sql*/ "select exists (select from suppressions where address_hash is not null and reason not in ('not_me', 'erased'))";

    private const string SelectSubscribers = /*lang=sql*/ "select id, address from subscribers where id > @after order by id limit @rows";

    private const string SuppressHashed = /*lang=sql*/ """
        insert into suppressions (address, reason, evidence)
        select x.address, p.reason, 'Suppressed by its hash.'
        from unnest(@addresses::text[], @hashes::bytea[]) x (address, hash) join suppressions p on p.address_hash = x.hash
        where p.reason not in ('not_me', 'erased')
        on conflict do nothing
        returning id
        """;

    /// <summary>Takes in a CSV. What is suppressed already keeps its first reason; a wrong row is left out and told.</summary>
    /// <returns>The counts; or why the file can't be read.</returns>
    public async Task<(SuppressionImport? Import, string? Problem)> ImportAsync(Stream csv, CancellationToken stop)
    {
        var (file, problem) = await SuppressionFile.OpenAsync(csv, stop);
        if (file is null) return (null, problem);
        using (file)
        {
            var (chunk, problems) = (new List<SuppressionStore.Target>(), new List<ImportProblem>());
            long rows = 0, invalid = 0, added = 0, matched = 0;
            try
            {
                while (await file.ReadAsync() is { } draft)
                {
                    rows++;
                    var wrong = new List<FieldProblem>();
                    var target = SuppressionStore.Check(draft, wrong);
                    if (file.IsMisquoted) wrong.Insert(0, new FieldProblem("", "A quotation mark stands where none may, or is never closed, so that this row may hold others: correct it and send the file again."));
                    if (wrong.Count == 0) chunk.Add(target);
                    else if (++invalid <= ProblemsTold) problems.Add(new ImportProblem { Line = file.Line, Column = wrong[0].Field is { Length: > 0 } column ? column : null, Reason = wrong[0].Problem });
                    if (chunk.Count >= ChunkRows) added += await InsertAsync(chunk, stop);
                }

                if (file.IsCutOff)
                {
                    (rows, invalid) = (rows + 1, invalid + 1);
                    problems.Add(new ImportProblem { Line = file.Line, Reason = "A row doesn't end within 1,000,000 characters: most likely a quotation mark is never closed. What follows was not read." });
                }

                added += await InsertAsync(chunk, stop);
            }
            finally
            {
                // What was taken in counts, wherever the file broke off: whoever sends looks for addresses, not for hashes.
                matched = await ApplyHashesAsync(CancellationToken.None);
            }

            return (new SuppressionImport(rows, added, rows - invalid - added, invalid, matched, problems), null);
        }
    }

    /// <summary>Writes all of them as CSV, which can be imported again.</summary>
    public async Task ExportAsync(Stream output, CancellationToken stop)
    {
        var text = new StringBuilder("email,domain,hash,reason,evidence,created_at\r\n");
        for (long? after = 0; after is not null;)
        {
            await using (var connection = await database.OpenConnectionAsync(stop))
            {
                var rows = (await connection.QueryAsync<Suppression>(new CommandDefinition(SelectChunk, new { after, rows = ChunkRows }, commandTimeout: 300, cancellationToken: stop))).AsList();
                foreach (var row in rows) Append(text, row);
                after = rows.Count < ChunkRows ? null : rows[^1].Id;
            }

            await output.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), stop);
            await output.FlushAsync(stop);
            text.Clear();
        }
    }

    /// <summary>
    /// Whoever is a subscriber and suppressed by hash becomes suppressed by address too, so that whoever sends needs no key. Not who once disowned a
    /// sign-up or was erased: a subscriber of theirs is one by their own doing. Returns how many.
    /// </summary>
    public async Task<long> ApplyHashesAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await ApplyHashesAsync(connection, keys, stop);
    }

    /// <summary>The same within a transaction.</summary>
    internal static async Task<long> ApplyHashesAsync(NpgsqlConnection connection, KeyRing keys, CancellationToken stop)
    {
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(AnyHash, cancellationToken: stop))) return 0;
        long matched = 0;
        for (long after = 0; ;)
        {
            var rows = (await connection.QueryAsync<(long Id, string Address)>(
                new CommandDefinition(SelectSubscribers, new { after, rows = ChunkRows }, commandTimeout: 300, cancellationToken: stop))).AsList();
            if (rows.Count == 0) return matched;
            var hashed = rows.SelectMany(row => AddressHash.AllOf(keys, row.Address).Select(hash => (row.Address, Hash: hash))).ToList();
            var values = new { addresses = hashed.Select(row => row.Address).ToArray(), hashes = hashed.Select(row => row.Hash).ToArray() };
            matched += (await connection.QueryAsync<long>(new CommandDefinition(SuppressHashed, values, commandTimeout: 300, cancellationToken: stop))).Count();
            after = rows[^1].Id;
        }
    }

    private async Task<long> InsertAsync(List<SuppressionStore.Target> chunk, CancellationToken stop)
    {
        if (chunk.Count == 0) return 0;
        await using var connection = await database.OpenConnectionAsync(stop);
        var values = new
        {
            addresses = chunk.Select(row => row.Address).ToArray(),
            domains = chunk.Select(row => row.Domain).ToArray(),
            hashes = chunk.Select(row => row.AddressHash).ToArray(),
            reasons = chunk.Select(row => row.Reason).ToArray(),
            evidences = chunk.Select(row => row.Evidence).ToArray(),
        };
        var added = await CrossedWrite.RunAsync(() => connection.QueryAsync<long>(new CommandDefinition(Insert, values, commandTimeout: 300, cancellationToken: stop)), stop);
        chunk.Clear();
        return added.Count();
    }

    private static void Append(StringBuilder text, Suppression row)
    {
        string?[] cells = [row.Address, row.Domain, row.Hash, row.Reason, row.Evidence];
        foreach (var cell in cells)
        {
            CsvCell.Append(text, cell);
            text.Append(',');
        }

        text.Append(row.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)).Append("\r\n");
    }
}

/// <summary>What became of a list of suppressions.</summary>
/// <param name="Rows">Rows read; <c>Rows = Added + Already + Invalid</c>.</param>
/// <param name="Added">Suppressed anew.</param>
/// <param name="Already">Were suppressed, or stand in the file twice.</param>
/// <param name="Invalid">Wrong rows.</param>
/// <param name="Matched">Subscribers whose hash is in the list, and who are suppressed by their address now as well.</param>
/// <param name="Problems">The first hundred wrong rows.</param>
public sealed record SuppressionImport(long Rows, long Added, long Already, long Invalid, long Matched, IReadOnlyList<ImportProblem> Problems);
