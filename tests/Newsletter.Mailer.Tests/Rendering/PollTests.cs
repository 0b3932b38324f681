using AngleSharp.Html.Parser;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class PollTests
{
    private const string Body = """
        Before.

        :::poll How was this *letter* & more? {anonymous closes=2024-05-01 comments=off}
        - 😍 Loved it
        - `Fine` &amp; dandy
        - Not for **me**
        :::

        After.
        """;

    private static readonly Recipient Ana = Rendered.Ana with { VoteToken = "k1.TOKEN" };

    [Fact]
    public void APollIsReadWithItsSettings()
    {
        var poll = Assert.Single(Rendered.Body(Body).Polls);

        Assert.Equal((1, "How was this *letter* & more?", true, false, new DateTime(2024, 5, 2)), (poll.Number, poll.Question, poll.IsAnonymous, poll.TakesComments, poll.Closes!.Value));
        Assert.Equal(["😍 Loved it", "Fine & dandy", "Not for me"], poll.Options);
        Assert.Equal(new DateTime(2024, 5, 1, 18, 30, 0), Rendered.Body(":::poll When? {closes=2024-05-01T18:30}\n- a\n- b\n:::").Polls[0].Closes);
        var plain = Rendered.Body(":::poll When?\n1. a\n2. b\n:::").Polls[0];
        Assert.Equal((false, true, null), (plain.IsAnonymous, plain.TakesComments, plain.Closes));
    }

    [Fact]
    public void EachChoiceIsALinkOfTheReadersInBothParts()
    {
        var edition = Rendered.Body(Body);
        var page = new HtmlParser().ParseDocument(edition.FillHtml(Ana));

        Assert.Equal(
            [("https://news.example.com/vote/k1.TOKEN.1.1", "😍 Loved it"), ("https://news.example.com/vote/k1.TOKEN.1.2", "Fine & dandy"), ("https://news.example.com/vote/k1.TOKEN.1.3", "Not for me")],
            page.QuerySelectorAll("a.choice").Select(link => (Bare(link.GetAttribute("href")!), link.TextContent)));
        var text = Bare(edition.FillText(Ana));
        Assert.Contains("How was this *letter* & more?\n\n😍 Loved it:\nhttps://news.example.com/vote/k1.TOKEN.1.1\nFine & dandy:\nhttps://news.example.com/vote/k1.TOKEN.1.2\n", text, StringComparison.Ordinal);
        Assert.Contains("Nobody sees who chose what.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("{anonymous", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ACompiledMessageAsksForTheReadersToken()
    {
        var with = Rendered.Compile(Body);
        Assert.True(with.HasPolls);
        Assert.True(CompiledMessage.FromBytes(with.ToBytes()).HasPolls);
        Assert.Contains("/vote/k1.TOKEN.1.3", Bare(Rendered.Parse(with.Fill(Ana)).HtmlBody!), StringComparison.Ordinal);
        Assert.False(Rendered.Compile("No poll.").HasPolls);
    }

    [Fact]
    public void ThePollsOfAPartThatSomeDontSeeKeepTheirNumbers()
    {
        var edition = Rendered.Body(":::premium More\n:::poll First?\n- a\n- b\n:::\n:::\n\n:::poll Second?\n- a\n- b\n:::\n");

        Assert.Equal(["First?", "Second?"], edition.Polls.Select(poll => poll.Question));
        Assert.DoesNotContain(".1.1", Bare(edition.FillHtml(Ana)), StringComparison.Ordinal);
        Assert.Contains("k1.TOKEN.2.1", Bare(edition.FillHtml(Ana)), StringComparison.Ordinal);
        Assert.Contains("k1.TOKEN.1.1", Bare(edition.FillHtml(Ana with { Tier = "premium" })), StringComparison.Ordinal);
        Assert.Contains("k1.TOKEN.2.2", Bare(edition.FillText(Ana with { Tier = "premium" })), StringComparison.Ordinal);
    }

    [Fact]
    public void TheWebShowsWhatIsAskedAndNobodysLinks()
    {
        var html = Rendered.Body(Body).ToWeb().Html!;

        Assert.Contains("Loved it", html, StringComparison.Ordinal);
        Assert.Contains("Readers vote from the mail.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("vote/", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":::poll\n- a\n- b\n:::", 4, "asks nothing")]
    [InlineData(":::poll {anonymous}\n- a\n- b\n:::", 4, "asks nothing")]
    [InlineData(":::poll Well?\n- a\n:::", 4, "has 2 to 10 things to choose from, and this one has 1")]
    [InlineData(":::poll Well?\n- a\n- b\n- c\n- d\n- e\n- f\n- g\n- h\n- i\n- j\n- k\n:::", 4, "and this one has 11")]
    [InlineData(":::poll Well?\nWords.\n:::", 4, "holds one list and nothing else")]
    [InlineData(":::poll Well?\n- a\n- b\n\nWords.\n:::", 4, "holds one list and nothing else")]
    [InlineData(":::poll Well?\n:::", 4, "holds one list and nothing else")]
    [InlineData(":::poll Well?\n- a\n- A\n:::", 6, "may be chosen twice")]
    [InlineData(":::poll Well?\n- a\n- [b](https://example.org/)\n:::", 6, "one line of words")]
    [InlineData(":::poll Well?\n- a\n- {{ subscriber.first_name | default: \"b\" }}\n:::", 6, "one line of words")]
    [InlineData(":::poll Well?\n- a\n- b\n  - c\n:::", 6, "one line of words")]
    [InlineData(":::poll Well?\n- a\n-\n:::", 6, "one line of words")]
    [InlineData(":::poll Well, {{ subscriber.first_name | default: \"you\" }}?\n- a\n- b\n:::", 4, "its question holds no slots")]
    [InlineData(":::poll Well? {hidden}\n- a\n- b\n:::", 4, "\"hidden\" is no setting")]
    [InlineData(":::poll Well? {closes=tomorrow}\n- a\n- b\n:::", 4, "\"closes=tomorrow\" is no setting")]
    [InlineData(":::poll Well?\n- a\n- b\n", 4, "never closed")]
    public void WhatIsWrongWithAPollIsToldWithItsLine(string body, int line, string said)
    {
        var problem = Rendered.Problems(body).First(problem => problem.Message.Contains(said, StringComparison.Ordinal));

        Assert.Equal(line, problem.Line);
    }

    [Fact]
    public void QuestionsAndChoicesHaveABound()
    {
        Assert.Contains(Rendered.Problems($":::poll {new string('q', 301)}\n- a\n- b\n:::"), problem => problem.Message.Contains("300", StringComparison.Ordinal));
        Assert.Contains(Rendered.Problems($":::poll Well?\n- {new string('a', 151)}\n- b\n:::"), problem => problem.Message.Contains("150", StringComparison.Ordinal));
        Assert.Contains(Rendered.Problems(string.Concat(Enumerable.Repeat(":::poll Well?\n- a\n- b\n:::\n\n", 11))), problem => problem.Message.Contains("at most 10 polls", StringComparison.Ordinal));
    }

    [Fact]
    public void APollThatClosesBeforeItIsSentIsWarnedOf() =>
        Assert.Contains(
            Rendered.Of(Rendered.Edition(":::poll Well? {closes=2024-04-18}\n- a\n- b\n:::")).Warnings, warning => warning.Message.Contains("closes at 2024-04-19 00:00, before the edition goes out", StringComparison.Ordinal));

    [Fact]
    public void WithTemplateOffItAsksAllTheSame() =>
        Assert.Contains("/vote/k1.TOKEN.1.2", Bare(Rendered.Body(":::poll Well?\n- a {{ x }}\n- b\n:::", "title: Hello\ntemplate: off").FillHtml(Ana)), StringComparison.Ordinal);

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><img src=x onerror=alert(1)>")]
    public void WhatIsAskedIsText(string evil)
    {
        var page = new HtmlParser().ParseDocument(Rendered.Body($":::poll {evil}\n- a {evil.Replace("<", "\\<", StringComparison.Ordinal)}\n- b\n:::").FillHtml(Ana));

        Assert.Empty(page.QuerySelectorAll("script, img[onerror]"));
        Assert.Contains(evil, page.QuerySelector("p.box-title")!.TextContent, StringComparison.Ordinal);
    }

    // Without what proves that the poll was sent.
    private static string Bare(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"(\.[0-9]+)-[0-9a-f]{10}\.", "$1.");
}
