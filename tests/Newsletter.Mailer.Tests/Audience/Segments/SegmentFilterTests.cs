using Newsletter.Mailer.Audience.Segments;

namespace Newsletter.Mailer.Tests.Audience.Segments;

public sealed class SegmentFilterTests
{
    [Theory]
    [InlineData("tier = \"premium\" and tags has \"beta\" and subscribed_before 2026-01-01 and not clicked(last 5 issues)")]
    [InlineData("TIER = 'premium' OR NOT (Tags HAS ANY ('a', \"b\"))")]
    [InlineData("\n tier != \"free\"\r\n\tand attributes.city in (\"Rome\",\"Oslo\")\n")]
    [InlineData("attributes.age >= 18 and attributes.age < 65.5 and attributes.debt > -3")]
    [InlineData("attributes.vip = true or attributes.birthday <= 1990-12-31 or attributes.topics has \"ai\"")]
    [InlineData("name contains \"an\" and not email ends_with \".org\" and domain not in (\"example.com\") and language starts_with \"pt\"")]
    [InlineData("first_name is empty and time_zone is not empty and tags is not empty")]
    [InlineData("received(ever) and voted(last issue) and clicked(last 90 days) and clicked(since 2026-01-31)")]
    [InlineData("subscribed_within 30 days and confirmed_after 2025-12-31 and confirmed_within 1 day")]
    [InlineData("name = \"say \\\"tea\\\" and \\\\ \"")]
    public void WhatTheLanguageHasIsRead(string text) => Assert.Null(SegmentFilter.TryParse(text, out _));

    [Fact]
    public void OrBindsLessThanAndAndNotBindsMost()
    {
        var root = Read("not tier = \"free\" and name = \"a\" or name = \"b\"").Root;

        var or = Assert.IsType<FilterNode.Or>(root);
        var and = Assert.IsType<FilterNode.And>(or.Parts[0]);
        Assert.IsType<FilterNode.Not>(and.Parts[0]);
        Assert.IsType<FilterNode.TextTest>(and.Parts[1]);
        Assert.IsType<FilterNode.TextTest>(or.Parts[1]);
    }

    [Theory]
    [InlineData("", 1, 1, "empty")]
    [InlineData("tier", 1, 5, "the end of the filter")]
    [InlineData("tier = ", 1, 8, "quotation marks")]
    [InlineData("tier = premium", 1, 8, "text in quotation marks")]
    [InlineData("frequency = \"daily\"", 1, 13, "\"every\" issue")]
    [InlineData("tier = \"gold\"", 1, 8, "\"free\" and \"premium\"")]
    [InlineData("tier == \"free\"", 1, 6, "single =")]
    [InlineData("teir = \"free\"", 1, 1, "Did you mean tier?")]
    [InlineData("colour = \"red\"", 1, 1, "attributes.city")]
    [InlineData("tier = \"free\"\n  && name = \"x\"", 2, 3, "word and")]
    [InlineData("tier = \"free\" tags has \"x\"", 1, 15, "and or or")]
    [InlineData("(tier = \"free\"", 1, 1, "never closed")]
    [InlineData("tier = \"free\")", 1, 14, "closes none")]
    [InlineData("tier = \"free", 1, 8, "not closed")]
    [InlineData("name = \u201Cx\u201D", 1, 8, "straight")]
    [InlineData("name < \"x\"", 1, 6, "contains")]
    [InlineData("attributes.age > \"x\"", 1, 16, "without quotation marks")]
    [InlineData("attributes.City = \"x\"", 1, 1, "lower-case")]
    [InlineData("attributes. = \"x\"", 1, 1, "no attribute")]
    [InlineData("tags = \"x\"", 1, 6, "has")]
    [InlineData("tags has \"a,b\"", 1, 10, "comma")]
    [InlineData("tags has any \"a\"", 1, 14, "(")]
    [InlineData("name in (\"a\" \"b\")", 1, 14, "comma")]
    [InlineData("subscribed_before \"2026-01-01\"", 1, 19, "without quotation marks")]
    [InlineData("subscribed_before 2026-02-30", 1, 19, "no such day")]
    [InlineData("subscribed_before 0001-01-01", 1, 19, "1900")]
    [InlineData("subscribed_within 0 days", 1, 19, "1 to 36500")]
    [InlineData("subscribed_within 5", 1, 20, "days")]
    [InlineData("clicked", 1, 8, "last 5 issues")]
    [InlineData("clicked(5)", 1, 9, "last 5 issues")]
    [InlineData("clicked(last 2000 issues)", 1, 14, "1000")]
    [InlineData("clicked(last 5.5 issues)", 1, 14, "whole number")]
    [InlineData("name = \"a\\n\"", 1, 10, "backslash")]
    [InlineData("name = \"a\u0000b\"", 1, 8, "NUL")]
    [InlineData("name = \"a\" ; drop table subscribers", 1, 12, "one condition")]
    [InlineData("name = 12abc", 1, 8, "neither a number")]
    [InlineData("name is \"x\"", 1, 9, "empty")]
    [InlineData("name not = \"x\"", 1, 10, "After not")]
    [InlineData("name contains \"\"", 1, 15, "empty one")]
    [InlineData("not", 1, 4, "a condition should begin")]
    [InlineData("tier = \"free\" and\n  or", 2, 3, "no field")]
    public void EveryErrorPointsAtItsPlaceAndSaysWhatToDo(string text, int line, int column, string words)
    {
        var problem = SegmentFilter.TryParse(text, out var filter);

        Assert.NotNull(problem);
        Assert.Null(filter);
        Assert.Equal((line, column), (problem.Line, problem.Column));
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
        Assert.True(problem.Length >= 1);
    }

    [Fact]
    public void WhatIsTooMuchIsRefusedAndNothingOverflows()
    {
        Assert.Contains("10000 is the limit", Problem(new string('(', 10_001)).Message, StringComparison.Ordinal);
        Assert.Contains("nested", Problem(new string('(', 9_000)).Message, StringComparison.Ordinal);
        Assert.Contains("nested", Problem(string.Concat(Enumerable.Repeat("not ", 2_000)) + "tier = \"free\"").Message, StringComparison.Ordinal);
        Assert.Contains("500 conditions", Problem(string.Join(" or ", Enumerable.Repeat("name = \"x\"", 501))).Message, StringComparison.Ordinal);
        Assert.Contains("1000 values", Problem($"name in ({string.Join(",", Enumerable.Repeat("\"x\"", 1_001))})").Message, StringComparison.Ordinal);
        Assert.Contains("2000 is the limit", Problem($"name = \"{new string('x', 2_001)}\"").Message, StringComparison.Ordinal);
    }

    private static FilterProblem Problem(string text) => Assert.IsType<FilterProblem>(SegmentFilter.TryParse(text, out _));

    internal static SegmentFilter Read(string text)
    {
        Assert.Null(SegmentFilter.TryParse(text, out var filter));
        return filter!;
    }
}
