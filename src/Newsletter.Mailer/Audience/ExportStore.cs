using Dapper;
using Newsletter.Mailer.Audience.Segments;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Reads readers for an export, some thousand at a time, each time over a connection of its own: nothing is held while a client is slow.</summary>
public sealed class ExportStore(NpgsqlDataSource database)
{
    private const int ChunkRows = 10_000;

    private const string SelectKeys = /*lang=sql*/ """
        select distinct jsonb_object_keys(b.attributes) as key
        from subscriptions s join subscribers b on b.id = s.subscriber_id
        where s.newsletter_id = @newsletter and b.attributes <> '{}'
        order by key
        """;

    // Looked up row by row on purpose (lateral): joined, each chunk would read everyone.
    private const string SelectChunk = /*lang=sql*/ """
        select s.subscriber_id, b.address, b.name, s.status, s.tier, array_to_string(b.tags, ','), b.language, b.time_zone,
               s.created_at, s.confirmed_at, s.unsubscribed_at, s.frequency, case when b.attributes <> '{}' then b.attributes::text end
        from subscriptions s
        cross join lateral (select x.* from subscribers x where x.id = s.subscriber_id offset 0) b
        left join lateral (select x.* from engagement x where x.subscriber_id = s.subscriber_id and x.newsletter_id = s.newsletter_id offset 0) g on true
        where s.newsletter_id = @newsletter and s.subscriber_id > @after and (@status::text is null or s.status = @status) and (/*filter*/ true) and not
        """ + " " + SubscriptionStore.IsMadeByLeaving + /*lang=sql*/ """

        order by s.subscriber_id
        limit @rows
        """;

    /// <summary>Whom a request means; or what is wrong with it, by field.</summary>
    public async Task<AudienceOutcome<ExportQuery>> FindAsync(string? newsletter, string? segment, string? status, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var wanted = SubscriberRules.CheckStatus(status, problems)?.Word();
        var (context, filter, problem) = await new SegmentChoiceStore(database).FindAsync(newsletter, segment, null, stop);
        if (problem is not null) problems.Add(problem);
        return problems.Count > 0
            ? new AudienceOutcome<ExportQuery>.Invalid(problems)
            : new AudienceOutcome<ExportQuery>.Found(new ExportQuery(context!, filter, wanted));
    }

    /// <summary>Every attribute that a reader of the newsletter has, in order.</summary>
    internal async Task<IReadOnlyList<string>> KeysAsync(long newsletter, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<string>(new CommandDefinition(SelectKeys, new { newsletter }, commandTimeout: 300, cancellationToken: stop))).AsList();
    }

    /// <summary>Hands out rows until there are no more, the chunk is full, or the taker has enough.</summary>
    /// <returns>Where the next chunk begins; null at the end.</returns>
    internal async Task<long?> ReadChunkAsync(ExportQuery query, long after, Func<System.Data.Common.DbDataReader, bool> take, CancellationToken stop)
    {
        var compiled = query.Filter is null ? null : FilterCompiler.Compile(query.Filter, query.Context);
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var command = new NpgsqlCommand(compiled?.Into(SelectChunk) ?? SelectChunk, connection) { CommandTimeout = 300 };
        foreach (var (name, value) in compiled?.Parameters ?? new Dictionary<string, object>(StringComparer.Ordinal)) command.Parameters.AddWithValue(name, value);
        command.Parameters.AddWithValue("newsletter", query.Context.NewsletterId);
        command.Parameters.AddWithValue("after", after);
        command.Parameters.AddWithValue("status", (object?)query.Status ?? DBNull.Value);
        command.Parameters.AddWithValue("rows", ChunkRows);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var rows = 0;
        while (await reader.ReadAsync(stop))
        {
            rows++;
            after = reader.GetInt64(0);
            if (!take(reader)) return after;
        }

        return rows < ChunkRows ? null : after;
    }
}

/// <summary>Whom an export is about.</summary>
/// <param name="Context">The newsletter, and when "now" is.</param>
/// <param name="Filter">Null: everyone.</param>
/// <param name="Status">Of the subscription; null: any.</param>
public sealed record ExportQuery(FilterContext Context, SegmentFilter? Filter, string? Status);
