using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Reports;

/// <summary>Which links of an issue were followed, by how many or by whom.</summary>
public sealed class LinkReportStore(NpgsqlDataSource database)
{
    // Whoever followed a link is a row; those who were erased since share one, and count as one.
    private const string SelectLinks = /*lang=sql*/ """
        select l.link_no as "Link", l.url as "Url",
               count(*) filter (where c.human > 0) as "Readers", coalesce(sum(c.human), 0)::bigint as "Clicks",
               coalesce(sum(c.machine), 0)::bigint as "MachineClicks", min(c.first_at) filter (where c.human > 0) as "FirstAt", max(c.last_at) filter (where c.human > 0) as "LastAt"
        from links l left join clicks c on c.issue_id = l.issue_id and c.link_no = l.link_no
        where l.issue_id = @issue
        group by l.link_no, l.url
        order by l.link_no
        """;

    private const string CountReaders = /*lang=sql*/ """
        select count(*) from (select from clicks c where c.issue_id = @issue group by c.subscriber_id, c.visitor having bool_or(c.human > 0)) readers
        """;

    private const string CountOpens = /*lang=sql*/ """
        select count(*) filter (where o.human > 0) as "Readers", coalesce(sum(o.human), 0)::bigint as "Opens",
               count(*) filter (where o.human = 0 and o.proxy > 0) as "ProxyReaders", coalesce(sum(o.proxy), 0)::bigint as "ProxyOpens",
               coalesce(sum(o.machine), 0)::bigint as "MachineOpens"
        from opens o where o.issue_id = @issue
        """;

    private const string SelectReaders = /*lang=sql*/ """
        with page as (
            select distinct c.subscriber_id from clicks c
            where c.issue_id = @issue and c.subscriber_id > @after and (@link::integer is null or c.link_no = @link)
            order by c.subscriber_id
            limit @rows)
        select c.subscriber_id as "Subscriber", c.link_no as "Link", l.url as "Url", c.human as "Clicks", c.machine as "MachineClicks", c.machine_reason as "MachineReason",
               c.first_at as "FirstAt", c.last_at as "LastAt"
        from page p
        join clicks c on c.issue_id = @issue and c.subscriber_id = p.subscriber_id and (@link::integer is null or c.link_no = @link)
        join links l on l.issue_id = c.issue_id and l.link_no = c.link_no
        order by c.subscriber_id, c.first_at, c.link_no
        """;

    /// <summary>All links of an issue, and sums; both empty where nothing is measured.</summary>
    public async Task<LinkReport> FindAsync(long issue, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return new LinkReport
        {
            Items = (await connection.QueryAsync<LinkClicks>(Command(SelectLinks, new { issue }, stop))).AsList(),
            Readers = await connection.ExecuteScalarAsync<long>(Command(CountReaders, new { issue }, stop)),
            Opens = await connection.QuerySingleAsync<OpenCounts>(Command(CountOpens, new { issue }, stop)),
        };
    }

    /// <summary>Readers who followed a link, or any, in the order of their ids, a page at a time. Of an anonymous issue there are none.</summary>
    public async Task<Page<ReaderClicks>> ListReadersAsync(long issue, int? link, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<long, ReaderClick, (long Subscriber, ReaderClick Click)>(
            Command(SelectReaders, new { issue, link, after = page.After.After, rows = page.Limit + 1 }, stop), (subscriber, click) => (subscriber, click), splitOn: "Link");
        var readers = rows.GroupBy(row => row.Subscriber, row => row.Click)
            .Select(clicks => new ReaderClicks { Subscriber = clicks.Key, Links = [.. clicks] })
            .ToList();
        return Page.Of(readers, page, reader => reader.Subscriber);
    }

    private static CommandDefinition Command(string sql, object parameters, CancellationToken stop) => new(sql, parameters, commandTimeout: 120, cancellationToken: stop);
}

/// <summary>What is known of an issue's links.</summary>
public sealed record LinkReport
{
    /// <summary>In the order of the edition.</summary>
    public required IReadOnlyList<LinkClicks> Items { get; init; }

    /// <summary>Readers who followed any of them; of an anonymous issue visitors, told apart by network and day.</summary>
    public required long Readers { get; init; }

    /// <summary>Opened mails; all 0 where they aren't counted.</summary>
    public required OpenCounts Opens { get; init; }
}

/// <summary>One measured link.</summary>
public sealed record LinkClicks
{
    /// <summary>Its number in the issue, from 1.</summary>
    public int Link { get; init; }

    /// <summary>Where it leads.</summary>
    public string Url { get; init; } = "";

    /// <summary>People who followed it, each once.</summary>
    public long Readers { get; init; }

    /// <summary>How often they did.</summary>
    public long Clicks { get; init; }

    /// <summary>Visits that no person made.</summary>
    public long MachineClicks { get; init; }

    /// <summary>When a person first did; null where none has.</summary>
    public DateTimeOffset? FirstAt { get; init; }

    /// <summary>When one last did.</summary>
    public DateTimeOffset? LastAt { get; init; }
}

/// <summary>Opened mails. A proxy's says that the mail arrived, not that it was read.</summary>
public sealed record OpenCounts
{
    /// <summary>Readers whose own program showed it.</summary>
    public long Readers { get; init; }

    /// <summary>How often.</summary>
    public long Opens { get; init; }

    /// <summary>Further readers of whom only a provider's server loaded the picture: perhaps for them, perhaps ahead of them.</summary>
    public long ProxyReaders { get; init; }

    /// <summary>How often such servers did.</summary>
    public long ProxyOpens { get; init; }

    /// <summary>Scanners.</summary>
    public long MachineOpens { get; init; }
}

/// <summary>A reader and what they followed in an issue.</summary>
public sealed record ReaderClicks
{
    /// <summary>Id.</summary>
    public required long Subscriber { get; init; }

    /// <summary>In the order in which they did first.</summary>
    public required IReadOnlyList<ReaderClick> Links { get; init; }
}

/// <summary>A link that a reader followed, or a machine in their place.</summary>
public sealed record ReaderClick
{
    /// <summary>Its number in the issue.</summary>
    public int Link { get; init; }

    /// <summary>Where it leads.</summary>
    public string Url { get; init; } = "";

    /// <summary>How often the reader did.</summary>
    public long Clicks { get; init; }

    /// <summary>How often a machine did.</summary>
    public long MachineClicks { get; init; }

    /// <summary>Why the last of them was taken for one: <c>method</c>, <c>agent</c>, <c>early</c> (seconds after it was sent) or <c>burst</c> (all links at once); null where there was none.</summary>
    public string? MachineReason { get; init; }

    /// <summary>The first of either.</summary>
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>The last.</summary>
    public DateTimeOffset LastAt { get; init; }
}
