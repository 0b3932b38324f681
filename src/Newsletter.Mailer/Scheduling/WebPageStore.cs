using System.Data.Common;
using Dapper;
using Newsletter.Mailer.Rendering;
using Npgsql;

namespace Newsletter.Mailer.Scheduling;

/// <summary>What the web shows of issues: kept with the issue at its freeze, once.</summary>
public sealed class WebPageStore(NpgsqlDataSource database)
{
    private const string Insert = /*lang=sql*/ """
        insert into issue_pages (issue_id, language, day, byline, description, html, gate, sha256)
        values (@issue, @language, @day, @byline, @description, @html, @gate, @sha256)
        on conflict (issue_id) do nothing
        """;

    // An edition can't be changed once it is published: its source is still what was frozen.
    private const string SelectMissing = /*lang=sql*/ """
        select i.id as "IssueId", i.newsletter_id as "NewsletterId", e.source as "Source", e.number as "Number", e.tier as "Tier", i.sent_date as "SentAt"
        from issues i join editions e on e.id = i.edition_id
        where i.id = any(@issues) and i.kind = 'issue' and not exists (select from issue_pages p where p.issue_id = i.id)
        order by i.id
        """;

    /// <summary>Those of the issues that were frozen before pages were kept.</summary>
    internal async Task<IReadOnlyList<UnpagedIssue>> MissingAsync(IReadOnlyCollection<long> issues, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<UnpagedIssue>(new CommandDefinition(SelectMissing, new { issues = issues.ToArray() }, cancellationToken: stop))];
    }

    /// <summary>Keeps the page unless there is one.</summary>
    internal async Task InsertAsync(long issue, WebEdition page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await InsertAsync(connection, issue, page, stop);
    }

    /// <summary>The same in somebody's transaction.</summary>
    internal static Task InsertAsync(DbConnection connection, long issue, WebEdition page, CancellationToken stop) =>
        connection.ExecuteAsync(new CommandDefinition(
            Insert,
            new
            {
                issue,
                language = page.Language,
                day = page.Day.ToDateTime(TimeOnly.MinValue),
                byline = page.Byline,
                description = page.Description,
                html = page.Html,
                gate = page.Gate,
                sha256 = page.Hash(),
            },
            cancellationToken: stop));
}

/// <summary>An issue without a page.</summary>
internal sealed record UnpagedIssue
{
    public long IssueId { get; init; }
    public long NewsletterId { get; init; }
    public string Source { get; init; } = "";
    public int Number { get; init; }
    public string Tier { get; init; } = "free";
    public DateTimeOffset SentAt { get; init; }
}
