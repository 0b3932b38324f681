using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>What was published: the list that every mail's List-Archive leads to (RFC 2369 §3.6), and the pages it leads on to.</summary>
public sealed class ArchiveStore(NpgsqlDataSource database)
{
    private const string Columns =
        """
        a.issue_id as "IssueId", a.number as "Number", a.slug as "Slug", a.title as "Title", a.author as "Author", a.tier as "Tier", a.sent_date as "SentAt",
        p.language as "Language", p.day::timestamp as "Day", p.byline as "Byline", p.description as "Description", p.gate as "Gate", p.sha256 as "Hash"
        """;

    private const string SelectPublished = /*lang=sql*/ "select " + Columns + /*lang=sql*/ """

        from archived_editions a left join issue_pages p on p.issue_id = a.issue_id
        where a.newsletter_id = @newsletter
        order by a.sent_date desc, a.issue_id desc
        limit @limit
        """;

    private const string SelectOne = /*lang=sql*/ "select " + Columns + /*lang=sql*/ """
        , older.slug as "OlderSlug", older.title as "OlderTitle", newer.slug as "NewerSlug", newer.title as "NewerTitle", newer.sent_date as "NewerSentAt"
        from archived_editions a
        left join issue_pages p on p.issue_id = a.issue_id
        left join lateral (
            select o.slug, o.title from archived_editions o
            where o.newsletter_id = @newsletter and (o.sent_date, o.issue_id) < (a.sent_date, a.issue_id)
            order by o.sent_date desc, o.issue_id desc limit 1) older on true
        left join lateral (
            select o.slug, o.title, o.sent_date from archived_editions o
            where o.newsletter_id = @newsletter and (o.sent_date, o.issue_id) > (a.sent_date, a.issue_id)
            order by o.sent_date, o.issue_id limit 1) newer on true
        where a.newsletter_id = @newsletter and a.slug = @slug
        """;

    private const string SelectTexts = /*lang=sql*/ "select issue_id, html from issue_pages where issue_id = any(@issues) and html is not null";

    private const string SelectSitemap = /*lang=sql*/ """
        select n.slug as "Newsletter", a.slug as "Edition", a.sent_date as "SentAt"
        from newsletters n join archived_editions a on a.newsletter_id = n.id
        where n.indexed
        order by a.sent_date desc, a.issue_id desc
        limit @limit
        """;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<PublishedIssue>> ListAsync(long newsletter, int limit, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<PublishedIssue>(new CommandDefinition(SelectPublished, new { newsletter, limit }, cancellationToken: stop))];
    }

    /// <summary>One with its neighbours; null where nothing of that name was published.</summary>
    public async Task<ArchivedEdition?> FindAsync(long newsletter, string slug, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<ArchivedEdition>(new CommandDefinition(SelectOne, new { newsletter, slug }, cancellationToken: stop));
    }

    /// <summary>The texts of these issues by id, as HTML; of those that are gated, none.</summary>
    public async Task<IReadOnlyDictionary<long, string>> TextsAsync(IReadOnlyCollection<long> issues, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QueryAsync<(long Issue, string Html)>(new CommandDefinition(SelectTexts, new { issues = issues.ToArray() }, cancellationToken: stop)))
            .ToDictionary(row => row.Issue, row => row.Html);
    }

    /// <summary>The newest editions of all newsletters that search engines may list.</summary>
    public async Task<IReadOnlyList<ListedEdition>> SitemapAsync(int limit, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<ListedEdition>(new CommandDefinition(SelectSitemap, new { limit }, cancellationToken: stop))];
    }
}

/// <summary>An issue as the archive names it.</summary>
public record PublishedIssue
{
    public long IssueId { get; init; }

    /// <summary>Number of the edition.</summary>
    public int Number { get; init; }

    /// <summary>Its part of the edition's public URL.</summary>
    public string Slug { get; init; } = "";

    public string Title { get; init; } = "";

    public string? Author { get; init; }

    /// <summary><c>free</c> or <c>premium</c>.</summary>
    public string Tier { get; init; } = "free";

    /// <summary>The Date of its mails.</summary>
    public DateTimeOffset SentAt { get; init; }

    /// <summary>BCP 47 tag; null, as everything below, where its page was not made yet.</summary>
    public string? Language { get; init; }

    /// <summary>The day it bears, at midnight.</summary>
    public DateTime? Day { get; init; }

    /// <summary>Who wrote it, plain text; null where nobody is named.</summary>
    public string? Byline { get; init; }

    /// <summary>What it is about, plain text.</summary>
    public string? Description { get; init; }

    /// <summary>Why its text isn't shown: <c>premium</c> or <c>unreadable</c>; null where it is.</summary>
    public string? Gate { get; init; }

    /// <summary>Hash of its page; null where that was not made yet.</summary>
    public byte[]? Hash { get; init; }
}

/// <summary>An issue between its neighbours.</summary>
public sealed record ArchivedEdition : PublishedIssue
{
    public string? OlderSlug { get; init; }

    public string? OlderTitle { get; init; }

    public string? NewerSlug { get; init; }

    public string? NewerTitle { get; init; }

    public DateTimeOffset? NewerSentAt { get; init; }
}

/// <summary>An edition by its public name.</summary>
public sealed record ListedEdition
{
    /// <summary>Slug of its newsletter.</summary>
    public string Newsletter { get; init; } = "";

    /// <summary>Its own slug.</summary>
    public string Edition { get; init; } = "";

    public DateTimeOffset SentAt { get; init; }
}
