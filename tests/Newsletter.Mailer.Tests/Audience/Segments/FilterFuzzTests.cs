using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience.Segments;

/// <summary>Nothing a person writes in a filter reaches SQL but as a parameter, and nothing makes the database trip.</summary>
public sealed class FilterFuzzTests : DatabaseTest
{
    private static readonly FilterContext Context = new(1, "Europe/Berlin", new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static readonly string[] Pieces =
    [
        "tier", "=", "!=", "\"premium\"", "\"free\"", "'x'", "and", "or", "not", "(", ")", ",", "in", "has", "any", "all", "tags", "name", "email", "is", "empty",
        "attributes.zzq", "attributes.age", "<", ">=", "12", "-3.5", "2026-01-31", "true", "contains", "starts_with", "subscribed_before", "confirmed_within", "5", "days",
        "clicked", "received", "voted", "last", "issues", "since", "ever", "\"zzq'); drop table subscribers; --\"", "'zzq\\\\'", ";", "--", "/*", "*/", "\"zzq\u202E\"", "\u0000", "@f_0", "\"@zzq\"", "$1", "\uD800", "\"", "'", "\\",
    ];

    private static readonly string[] Conditions =
    [
        "tier = {0}", "name = {1}", "email in ({1}, {1})", "attributes.zzq = {1}", "attributes.zzq >= {2}", "attributes.zzq != true", "attributes.zzq < 2026-01-31",
        "attributes.zzq has {1}", "attributes.zzq contains {1}", "attributes.zzq is empty", "tags has {3}", "tags has any ({3}, {3})", "tags has all ({3})", "tags is empty",
        "domain ends_with {1}", "first_name starts_with {1}", "language not in ({1})", "time_zone is not empty", "subscribed_before 2999-12-31", "confirmed_after 1900-01-01",
        "subscribed_within 36500 days", "clicked(last 3 issues)", "received(last 36500 days)", "voted(since 1900-01-01)", "clicked(ever)",
    ];

    private static readonly string[] Hostile =
    [
        "\"zzq'); drop table subscribers; --\"", "'zzq\" or 1=1'", "\"zzq\\\\\"", "\"@f_0 zzq\"", "\"$1 zzq\"", "\"{zzq,NULL}\"", "\"zzq%_\"", "\"E'\\\\\\\\x00zzq\"", "\"$$zzq$$\"", "\"[zzq]\"", "\"::text zzq\"",
    ];

    // Every word and every quoted text that the compiler knows.
    private static readonly string[] Words =
    [
        "and", "or", "not", "coalesce", "false", "lower", "s", "b", "g", "m", "x", "v", "tier", "any", "text", "address", "name", "attributes", "first_name", "language", "time_zone", "split_part",
        "strpos", "starts_with", "right", "left", "length", "in", "select", "from", "unnest", "case", "when", "then", "end", "numeric", "collate", "jsonb", "to_jsonb", "tags", "created_at", "confirmed_at",
        "timestamptz", "received_issue", "clicked_issue", "voted_issue", "is", "null", "min", "issue_id", "mailings", "where", "newsletter_id", "bigint", "sent_at", "order", "by", "desc", "limit", "0", "1", "10",
    ];

    private static readonly string[] Quoted = ["''", "'[]'", "'{}'", "'@'", @"'^[ \t\n\r]*[-+]?[0-9]+(\.[0-9]+)?[ \t\n\r]*$'", "'^[0-9]{4}-[0-9]{2}-[0-9]{2}'", "\"C\""];

    /// <summary>Whatever pieces stand in whatever order: an answer with a place, or SQL of known words.</summary>
    [Property(MaxTest = 5_000)]
    public Property SoupIsRefusedWithAPlaceOrCompiledOfKnownWords() =>
        Prop.ForAll(Gen.Elements(Pieces).ArrayOf().ToArbitrary(), pieces => Holds(string.Join(' ', pieces)) && Holds(string.Concat(pieces)));

    /// <summary>The same where most of it is a filter.</summary>
    [Property(MaxTest = 1_000)]
    public Property FiltersAreCompiledOfKnownWords() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => Holds(Filter(new System.Random(seed)), mustParse: true));

    [Fact]
    public async Task NoFilterMakesTheDatabaseTripAndNotIsTheRest()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 40);
        await Database.ExecuteAsync("""
            update subscribers set
              attributes = case id % 8 when 0 then '{"zzq": "12"}' when 1 then '{"zzq": 1e5}' when 2 then '{"zzq": true}' when 3 then '{"zzq": ["a", "Zzq"]}'
                                       when 4 then '{"zzq": "1999-01-02T03:04"}' when 5 then '{"zzq": " -3.5 "}' when 6 then '{"zzq": "\\\" \u001f"}' else '{}' end::jsonb,
              tags = case id % 3 when 0 then '{a,zzq}' when 1 then '{a}' else '{}' end::text[]
            """);
        await Database.ExecuteAsync("insert into mailings (issue_id, newsletter_id, sent_at) select n, $1, now() - n * interval '1 day' from generate_series(1, 5) n", newsletter.Id);
        await Database.ExecuteAsync("insert into engagement (subscriber_id, newsletter_id, clicked_issue) select id, $1, id % 7 from subscribers where id % 2 = 0", newsletter.Id);
        var sizes = new SegmentSizeStore(DataSource);
        var context = (await sizes.ContextAsync(newsletter.Slug, default))!;
        var some = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var filter = Filter(new System.Random(seed));
            var with = (await sizes.CountAsync(SegmentFilterTests.Read(filter), context, default)).Audience;
            var without = (await sizes.CountAsync(SegmentFilterTests.Read($"not ({filter})"), context, default)).Audience;
            Assert.True(with + without == 40, $"{filter} is true of {with} and not true of {without} of 40 readers.");
            if (with is > 0 and < 40) some++;
        }

        // Otherwise the filters made up here say nothing.
        Assert.InRange(some, 50, 400);
        Assert.Equal(40L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    private static bool Holds(string text) => Holds(text, mustParse: false);

    private static bool Holds(string text, bool mustParse)
    {
        if (SegmentFilter.TryParse(text, out var filter) is { } problem)
        {
            var lines = text.Split('\n');
            Assert.False(mustParse, $"{text}: {problem}");
            Assert.InRange(problem.Line, 1, lines.Length);
            Assert.InRange(problem.Column, 1, lines[problem.Line - 1].Length + 1);
            return problem.Message.Length > 0;
        }

        var sql = Regex.Replace(FilterCompiler.Compile(filter!, Context).Where, "@f_[0-9]+", " ", RegexOptions.CultureInvariant);
        var bare = Regex.Replace(sql, "'[^']*'|\"[^\"]*\"", quoted => Quoted.Contains(quoted.Value) ? " " : throw new InvalidOperationException($"{quoted.Value} in {sql}"), RegexOptions.CultureInvariant);
        Assert.All(Regex.Matches(bare, @"\w+", RegexOptions.CultureInvariant), word => Assert.Contains(word.Value, Words));
        Assert.Matches(@"^[\w\s().,:<>=~@&|\-\[\]]*$", bare);
        return !sql.Contains("zzq", StringComparison.Ordinal);
    }

    private static string Filter(System.Random random, int depth = 0) => random.Next(depth > 4 ? 1 : 4) switch
    {
        1 => $"not {Filter(random, depth + 1)}",
        2 => $"({Filter(random, depth + 1)} and {Filter(random, depth + 1)})",
        3 => $"({Filter(random, depth + 1)} or {Filter(random, depth + 1)})",
        _ => string.Format(
            System.Globalization.CultureInfo.InvariantCulture, Conditions[random.Next(Conditions.Length)],
            random.Next(2) == 0 ? "\"premium\"" : "'free'", Hostile[random.Next(Hostile.Length)], random.Next(-5, 200), random.Next(2) == 0 ? "\"a\"" : "\"Zzq\""),
    };
}
