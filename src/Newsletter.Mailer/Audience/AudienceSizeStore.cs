using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>How many readers an edition would have.</summary>
public sealed class AudienceSizeStore(NpgsqlDataSource database)
{
    private const string CountActive = /*lang=sql*/ """
        select count(*)
        from subscriptions s
        where s.newsletter_id = (select n.id from newsletters n where n.slug = @newsletter)
          and s.status = 'active'
          and (@tier = 'free' or s.tier = @tier)
        """;

    private const string Exists = /*lang=sql*/ """
        select exists (select 1 from newsletters where slug = @newsletter)
        """;

    /// <summary>Active subscriptions that an edition of the tier would go to, suppressed readers included; null where there is no such newsletter.</summary>
    /// <param name="newsletter">Slug.</param>
    /// <param name="tier"><c>free</c> (everyone) or <c>premium</c>.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<long?> FindAsync(string newsletter, string tier, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var exists = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Exists, new { newsletter }, cancellationToken: stop));
        return exists
            ? await connection.ExecuteScalarAsync<long>(new CommandDefinition(CountActive, new { newsletter, tier }, commandTimeout: 300, cancellationToken: stop))
            : null;
    }
}
