using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>What a filter's windows and days are counted from.</summary>
/// <param name="NewsletterId">Whose readers.</param>
/// <param name="TimeZone">IANA zone in which its days begin.</param>
/// <param name="Now">When "now" is: the same for the whole of a freeze.</param>
public sealed record FilterContext(long NewsletterId, string TimeZone, DateTimeOffset Now);

/// <summary>
/// A filter as a condition of PostgreSQL over the aliases <c>s</c> (subscriptions), <c>b</c> (subscribers) and <c>g</c> (engagement, left
/// joined). It is never null.
/// </summary>
/// <param name="Where">Put together from constants of <see cref="FilterCompiler"/>; nothing a person wrote is in it.</param>
/// <param name="Parameters">Name → value; every name begins with the prefix that was asked for.</param>
public sealed record CompiledFilter(string Where, IReadOnlyDictionary<string, object> Parameters)
{
    /// <summary>Where a statement takes a filter's condition: true as it stands, so that the statement can be read and prepared without one.</summary>
    public const string Slot = "/*filter*/ true";

    /// <summary>The statement with the condition in its slot.</summary>
    public string Into(string statement) => statement.Contains(Slot, StringComparison.Ordinal)
        ? statement.Replace(Slot, Where, StringComparison.Ordinal)
        : throw new ArgumentException("The statement has no slot for a filter.", nameof(statement));
}

/// <summary>Compiles a tree to SQL: text from this file's constants only, every key and value a parameter.</summary>
public sealed class FilterCompiler
{
    private readonly FilterContext context;
    private readonly StringBuilder sql = new();
    private readonly Dictionary<string, object> parameters = new(StringComparer.Ordinal);
    private readonly string prefix;

    private FilterCompiler(FilterContext context, string prefix) => (this.context, this.prefix) = (context, prefix);

    /// <summary>Compiles; the same tree and context give the same text.</summary>
    /// <param name="filter">What to compile.</param>
    /// <param name="context">What its windows are counted from.</param>
    /// <param name="prefix">What its parameters' names begin with: each filter of a statement with several has its own.</param>
    public static CompiledFilter Compile(SegmentFilter filter, FilterContext context, string prefix = "f_")
    {
        var compiler = new FilterCompiler(context, prefix);
        compiler.Write(filter.Root);
        return new CompiledFilter(compiler.sql.ToString(), compiler.parameters);
    }

    private void Write(FilterNode node)
    {
        switch (node)
        {
            case FilterNode.And and: WriteAll(and.Parts, " and "); break;
            case FilterNode.Or or: WriteAll(or.Parts, " or "); break;
            case FilterNode.Not not:
                sql.Append("not ");
                Write(not.Part);
                break;
            case FilterNode.TextTest test: WriteText(test); break;
            case FilterNode.EmptyTest test: sql.Append("(coalesce(").Append(Expression(test.Subject)).Append(", '') in ('', '[]'))"); break;
            case FilterNode.NumberTest test: WriteNumber(test); break;
            case FilterNode.AttributeDayTest test: WriteAttributeDay(test); break;
            case FilterNode.ListTest test: WriteList(test); break;
            case FilterNode.TagTest test: WriteTags(test); break;
            case FilterNode.DayTest test: WriteDay(test); break;
            case FilterNode.WithinTest test:
                sql.Append("coalesce(").Append(Column(test.Moment)).Append(" > ").Append(Parameter(context.Now.UtcDateTime.AddDays(-test.Days))).Append("::timestamptz, false)");
                break;
            case FilterNode.EngagementTest test: WriteEngagement(test); break;
            default: throw new InvalidOperationException($"{node.GetType().Name} can't be compiled.");
        }
    }

    private void WriteAll(IReadOnlyList<FilterNode> parts, string between)
    {
        sql.Append('(');
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0) sql.Append(between);
            Write(parts[i]);
        }

        sql.Append(')');
    }

    private void WriteText(FilterNode.TextTest test)
    {
        if (test.Subject.Field == FilterField.Tier && test.Match == TextMatch.Is)
        {
            sql.Append("(s.tier = any(").Append(Parameter(test.Values.Select(value => value.ToLowerInvariant()).ToArray())).Append("::text[]))");
            return;
        }

        var left = Expression(test.Subject);
        var values = test is { Subject.Field: FilterField.Domain, Match: TextMatch.Is } ? [.. test.Values.Select(AsKept)] : test.Values;
        var value = values.Count == 1 ? Parameter(values[0]) : Parameter(values.ToArray());
        sql.Append("coalesce(").Append(test switch
        {
            { Match: TextMatch.Contains } => $"strpos(lower({left}), lower({value}::text)) > 0",
            { Match: TextMatch.StartsWith } => $"starts_with(lower({left}), lower({value}::text))",
            { Match: TextMatch.EndsWith } => $"right(lower({left}), length(lower({value}::text))) = lower({value}::text)",
            { Values.Count: 1 } => $"lower({left}) = lower({value}::text)",
            _ => $"lower({left}) in (select lower(v) from unnest({value}::text[]) v)",
        }).Append(", false)");
    }

    // "grün.example" is kept as xn--grn-ioa.example.
    private static string AsKept(string domain) => MailDomain.TryParse(domain, out var kept, out _) ? kept : domain;

    // A text that reads as a number is one: whatever came from a CSV is a text. The case guards the cast, which knows no white space but these.
    private void WriteNumber(FilterNode.NumberTest test)
    {
        var left = Expression(new FilterSubject(FilterField.Attribute, test.Key));
        sql.Append("coalesce(case when ").Append(left).Append(@" ~ '^[ \t\n\r]*[-+]?[0-9]+(\.[0-9]+)?[ \t\n\r]*$' then (").Append(left).Append(")::numeric end ")
            .Append(Sign(test.Comparison)).Append(' ').Append(Parameter(test.Value)).Append("::numeric, false)");
    }

    // Days written the ISO way are in order as texts.
    private void WriteAttributeDay(FilterNode.AttributeDayTest test)
    {
        var left = Expression(new FilterSubject(FilterField.Attribute, test.Key));
        sql.Append("coalesce(case when ").Append(left).Append(" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' then left(").Append(left).Append(", 10) end collate \"C\" ")
            .Append(Sign(test.Comparison)).Append(' ').Append(Parameter(test.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))).Append("::text, false)");
    }

    // Containment holds for a text alone as well as for a list of texts.
    private void WriteList(FilterNode.ListTest test) =>
        sql.Append("coalesce(lower((b.attributes -> ").Append(Parameter(test.Key)).Append("::text)::text)::jsonb @> to_jsonb(lower(")
            .Append(Parameter(test.Value)).Append("::text)), false)");

    // The first half is what the index of tags is made for (migration 0018).
    private void WriteTags(FilterNode.TagTest test)
    {
        if (test.Match == TagMatch.None) sql.Append("(b.tags = '{}')");
        else
            sql.Append("(b.tags <> '{}' and b.tags ").Append(test.Match == TagMatch.All ? "@>" : "&&").Append(' ')
                .Append(Parameter(test.Values.ToArray())).Append("::text[])");
    }

    private void WriteDay(FilterNode.DayTest test)
    {
        var start = StartOf(test.Before ? test.Day : test.Day.AddDays(1));
        sql.Append("coalesce(").Append(Column(test.Moment)).Append(test.Before ? " < " : " >= ").Append(Parameter(start)).Append("::timestamptz, false)");
    }

    // The bound is one number for the whole statement. Where there were fewer issues than asked for, every one counts; where none was sent
    // in the time asked for, none does.
    private void WriteEngagement(FilterNode.EngagementTest test)
    {
        var column = test.Engagement switch
        {
            Engagement.Received => "g.received_issue",
            Engagement.Clicked => "g.clicked_issue",
            _ => "g.voted_issue",
        };
        if (test.Window is EngagementWindow.Ever)
        {
            sql.Append('(').Append(column).Append(" is not null)");
            return;
        }

        var newsletter = Parameter(context.NewsletterId);
        var now = Parameter(context.Now.UtcDateTime);
        sql.Append("coalesce(").Append(column).Append(" >= ").Append(test.Window switch
        {
            EngagementWindow.LastIssues(var count) =>
                $"coalesce((select min(m.issue_id) from (select x.issue_id from mailings x where x.newsletter_id = {newsletter}::bigint and x.sent_at <= {now}::timestamptz order by x.issue_id desc limit {Parameter((long)count)}::bigint) m), 0)",
            EngagementWindow.LastDays(var days) => IssuesSince(newsletter, now, Parameter(context.Now.UtcDateTime.AddDays(-days))),
            EngagementWindow.Since(var day) => IssuesSince(newsletter, now, Parameter(StartOf(day))),
            _ => throw new InvalidOperationException($"{test.Window.GetType().Name} can't be compiled."),
        }).Append(", false)");
    }

    private static string IssuesSince(string newsletter, string now, string since) =>
        $"(select min(x.issue_id) from mailings x where x.newsletter_id = {newsletter}::bigint and x.sent_at <= {now}::timestamptz and x.sent_at >= {since}::timestamptz)";

    private string Expression(FilterSubject subject) => subject.Field switch
    {
        FilterField.Tier => "s.tier",
        FilterField.Frequency => "s.frequency",
        FilterField.Email => "b.address",
        FilterField.Domain => "split_part(b.address, '@', -1)",
        FilterField.Name => "b.name",
        FilterField.FirstName => "first_name(b.name, b.attributes)",
        FilterField.Language => "b.language",
        FilterField.TimeZone => "b.time_zone",
        _ => $"(b.attributes ->> {Parameter(subject.Key!)}::text)",
    };

    private static string Column(FilterMoment moment) => moment == FilterMoment.Subscribed ? "s.created_at" : "s.confirmed_at";

    private static string Sign(Comparison comparison) => comparison switch
    {
        Comparison.Equal => "=",
        Comparison.Less => "<",
        Comparison.LessOrEqual => "<=",
        Comparison.Greater => ">",
        _ => ">=",
    };

    // Where the clocks skip midnight, the day begins when they skipped it: the offset before is the zone's for a time that isn't.
    private DateTime StartOf(DateOnly day)
    {
        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(context.TimeZone, out var found) ? found : TimeZoneInfo.Utc;
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        return DateTime.SpecifyKind(midnight - zone.GetUtcOffset(midnight), DateTimeKind.Utc);
    }

    private string Parameter(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}{parameters.Count}");
        parameters.Add(name, value);
        return "@" + name;
    }
}
