using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>What was published: the list that every mail's List-Archive leads to (RFC 2369 §3.6).</summary>
public sealed class ArchiveStore(NpgsqlDataSource database)
{
    // A digest is no more than a list of what is there.
    private const string SelectPublished = /*lang=sql*/ """
        select e.number, e.slug, e.title, i.sent_date as sentat
        from issues i join editions e on e.id = i.edition_id
        where i.newsletter_id = @newsletter and i.kind = 'issue' and i.state not in ('freezing', 'failed', 'cancelling', 'cancelled')
        order by i.sent_date desc, i.id desc
        limit @limit
        """;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<PublishedIssue>> ListAsync(long newsletter, int limit, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<PublishedIssue>(new CommandDefinition(SelectPublished, new { newsletter, limit }, cancellationToken: stop))];
    }
}

/// <summary>An issue as the archive names it.</summary>
public sealed record PublishedIssue
{
    /// <summary>Number of the edition.</summary>
    public int Number { get; init; }

    /// <summary>Its part of the edition's public URL.</summary>
    public string Slug { get; init; } = "";

    public string Title { get; init; } = "";

    /// <summary>The Date of its mails.</summary>
    public DateTimeOffset SentAt { get; init; }
}
