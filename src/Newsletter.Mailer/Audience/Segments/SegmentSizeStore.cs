using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Whom a filter is true of, now: how many, and whether of somebody.</summary>
public sealed class SegmentSizeStore(NpgsqlDataSource database)
{
    private const string SelectContext = /*lang=sql*/ """
        select id as "NewsletterId", time_zone as "TimeZone", now() as "Now" from newsletters where slug = @newsletter
        """;

    // A left join by a whole key costs nothing where no condition looks at it: the planner takes it out.
    private const string Count = /*lang=sql*/ """
        select count(*) as "Audience",
               count(*) filter (where exists (select from suppressions p where lower(p.address) = lower(b.address) and p.address is not null)
                                   or exists (select from suppressions p where lower(p.domain) = lower(split_part(b.address, '@', -1)) and p.domain is not null))
                   as "Suppressed"
        from subscriptions s
        join subscribers b on b.id = s.subscriber_id
        left join engagement g on g.subscriber_id = s.subscriber_id and g.newsletter_id = s.newsletter_id
        where s.newsletter_id = @newsletter and s.status = 'active' and (@tier::text = 'free' or s.tier = @tier) and (/*filter*/ true)
        """;

    private const string IsOf = /*lang=sql*/ """
        select exists (
            select from subscriptions s
            join subscribers b on b.id = s.subscriber_id
            left join engagement g on g.subscriber_id = s.subscriber_id and g.newsletter_id = s.newsletter_id
            where s.newsletter_id = @newsletter and s.subscriber_id = @subscriber and (/*filter*/ true))
        """;

    /// <summary>What a filter of this newsletter (its slug) is counted from; null where there is no such newsletter.</summary>
    public async Task<FilterContext?> ContextAsync(string newsletter, CancellationToken stop)
    {
        if (newsletter.Contains('\0', StringComparison.Ordinal)) return null;
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<ContextRow>(new CommandDefinition(SelectContext, new { newsletter }, cancellationToken: stop));
        return row is null ? null : new FilterContext(row.NewsletterId, row.TimeZone, row.Now);
    }

    /// <summary>Active readers of the tier (<c>free</c>: of any) that the filter is true of. Takes a second or two with a million subscribers.</summary>
    public async Task<SegmentSize> CountAsync(SegmentFilter filter, FilterContext context, CancellationToken stop, string tier = "free")
    {
        var compiled = FilterCompiler.Compile(filter, context);
        var parameters = new DynamicParameters(compiled.Parameters);
        parameters.Add("newsletter", context.NewsletterId);
        parameters.Add("tier", tier);
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleAsync<SizeRow>(new CommandDefinition(compiled.Into(Count), parameters, commandTimeout: 300, cancellationToken: stop));
        return new SegmentSize(row.Audience, row.Suppressed);
    }

    /// <summary>Whether the filter is true of a subscriber, active or not; false of who never was subscribed.</summary>
    public async Task<bool> IsTrueOfAsync(SegmentFilter filter, FilterContext context, long subscriber, CancellationToken stop)
    {
        var compiled = FilterCompiler.Compile(filter, context);
        var parameters = new DynamicParameters(compiled.Parameters);
        parameters.AddDynamicParams(new { newsletter = context.NewsletterId, subscriber });
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(compiled.Into(IsOf), parameters, cancellationToken: stop));
    }

    private sealed record ContextRow
    {
        public long NewsletterId { get; init; }

        public required string TimeZone { get; init; }

        public DateTimeOffset Now { get; init; }
    }

    private sealed record SizeRow
    {
        public long Audience { get; init; }

        public long Suppressed { get; init; }
    }
}
