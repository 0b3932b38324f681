using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>What stands between <c>:::name</c> and <c>:::</c>, and what is said about it where something is missing.</summary>
public sealed class ContainerTests
{
    [Theory]
    [InlineData("Hello\n\n```python\nx = 1\n\n:::premium\nSECRET\n:::", RenderSeverity.Error, 6, "never closed")]
    [InlineData("Hello\n\n~~~\nx = 1\n\n:::premium\nSECRET\n:::", RenderSeverity.Error, 6, "never closed")]
    [InlineData(":::summary\n```\nx\n:::", RenderSeverity.Error, 5, "never closed")]
    [InlineData("Hello\n\n    :::premium\n    SECRET\n    :::", RenderSeverity.Warning, 6, "looks like :::premium")]
    [InlineData("Hello\n\n\t:::premium\n\tSECRET\n\t:::", RenderSeverity.Warning, 6, "looks like :::premium")]
    [InlineData("Hello\n\n::premium\nSECRET\n::", RenderSeverity.Warning, 6, "looks like :::premium")]
    [InlineData("Hello\n\n\u200B:::premium\nSECRET", RenderSeverity.Warning, 6, "looks like :::premium")]
    [InlineData("Hello\n\n：：：premium\nSECRET", RenderSeverity.Warning, 6, "looks like :::premium")]
    [InlineData("Hello\n\n**:::premium T**\nSECRET", RenderSeverity.Warning, 6, "looks like :::premium")]
    public void WhatWasMeantAsAContainerAndIsNoneIsSaid(string body, RenderSeverity severity, int line, string message)
    {
        var problems = EditionRenderer.Render(Rendered.Request(Rendered.Edition(body))) switch
        {
            RenderOutcome.Refused refused => refused.Problems,
            RenderOutcome.Rendered rendered => rendered.Warnings,
            _ => [],
        };

        Assert.Contains(problems, problem => problem.Severity == severity && problem.Line == line && problem.Message.Contains(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("`:::premium` hides it")]
    [InlineData("```\n:::premium\n```")]
    [InlineData("Write \\:::premium or ::premium in a line")]
    [InlineData(":::premium\nx\n:::")]
    [InlineData("> :::summary\n> x\n> :::")]
    [InlineData("- :::summary\n  x\n  :::")]
    [InlineData("> ```\n> x\n\nText")]
    public void AContainerOrOneThatIsSpokenOfIsNoLostOne(string body) =>
        Assert.DoesNotContain(Rendered.Of(Rendered.Edition(body)).Warnings, problem => problem.Message.Contains("looks like", StringComparison.Ordinal));

    [Fact]
    public void ASummaryIsAPanelWithItsOwnLead()
    {
        var page = Page("Hello\n\n:::summary Here's the tea ☕\n- one\n- two\n:::\n\n## Later\n");
        var panel = page.QuerySelector(".summary")!;

        Assert.Equal("Here's the tea ☕", panel.FirstElementChild!.TextContent);
        Assert.Equal(2, panel.QuerySelectorAll("li").Length);
        Assert.Single(page.QuerySelectorAll(".summary"));
        Assert.Contains("Here's the tea ☕\n\n- one\n- two", Text("Hello\n\n:::summary Here's the tea ☕\n- one\n- two\n:::\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":::button https://example.com/a?b=1 Join us")]
    [InlineData(":::button [Join us](https://example.com/a?b=1)")]
    [InlineData(":::button\n[Join us](https://example.com/a?b=1)\n:::")]
    [InlineData(":::button https://example.com/a?b=1\nJoin us\n:::")]
    [InlineData("::::button\n[Join us][r]\n::::\n\n[r]: https://example.com/a?b=1")]
    public void AButtonIsALinkInACellOfItsOwn(string body)
    {
        var edition = Rendered.Body(body);
        var link = Page(edition).QuerySelector("table.button-box td a")!;

        Assert.Equal(("https://example.com/a?b=1", "Join us"), (link.GetAttribute("href"), link.TextContent));
        Assert.Equal("https://example.com/a?b=1", Assert.Single(edition.Links).Url);
        Assert.Contains("Join us:\nhttps://example.com/a?b=1", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void AButtonMayLeadWhereASlotSaysAndGreet()
    {
        var page = Page(":::button {{ links.unsubscribe }} Leave, {{ subscriber.first_name | default: \"friend\" }}");
        var link = page.QuerySelector("table.button-box a")!;

        Assert.Equal((Rendered.Ana.UnsubscribeUrl, "Leave, Ana"), (link.GetAttribute("href"), link.TextContent));
        Assert.Equal("https://example.com/?n=Ana", Page(":::button https://example.com/?n={{ subscriber.first_name | default: \"x\" }} Go").QuerySelector("table.button-box a")!.GetAttribute("href"));
    }

    [Fact]
    public void AVideoIsALinkedPictureAndABarWithAPlayMark()
    {
        var page = Page(":::video https://video.example.com/w/1 Winding the clock\n![A keeper](https://example.com/k.jpg)\nTaken in *May*.\n:::");
        var video = page.QuerySelector("table.video")!;

        Assert.Equal(("https://example.com/k.jpg", "A keeper", "520"), (Of(video, "img", "src"), Of(video, "img", "alt"), Of(video, "img", "width")));
        Assert.All(video.QuerySelectorAll("a"), link => Assert.Equal("https://video.example.com/w/1", link.GetAttribute("href")));
        Assert.Equal("▶\uFE0E\u00A0 Winding the clock", video.QuerySelectorAll("td a")[^1].TextContent);
        Assert.Equal("Taken in May.", page.QuerySelector(".video-caption")!.TextContent.Trim());
        Assert.Empty(page.QuerySelectorAll("iframe, video"));
        Assert.Contains("[Video] Winding the clock:\nhttps://video.example.com/w/1\n\nTaken in _May_.", Text(":::video https://video.example.com/w/1 Winding the clock\n![A keeper](https://example.com/k.jpg)\nTaken in *May*.\n:::"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://img.youtube.com/vi/dQw4w9WgXcQ/hqdefault.jpg")]
    [InlineData("https://youtu.be/dQw4w9WgXcQ?t=1", "https://img.youtube.com/vi/dQw4w9WgXcQ/hqdefault.jpg")]
    [InlineData("https://www.youtube.com/watch?list=x&v=dQw4w9WgXcQ", "https://img.youtube.com/vi/dQw4w9WgXcQ/hqdefault.jpg")]
    [InlineData("https://example.com/watch?v=dQw4w9WgXcQ", null)]
    [InlineData("https://www.youtube.com/channel", null)]
    public void AVideoWithoutAPictureHasItsSitesOrNone(string url, string? picture)
    {
        var page = Page($":::video {url}\n\nText");

        Assert.Equal(picture, page.QuerySelector("table.video img")?.GetAttribute("src"));
        Assert.Contains("Watch the video", page.QuerySelector("table.video")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("Text", page.QuerySelectorAll(".content > p")[^1].TextContent);
    }

    [Fact]
    public void AQuoteSaysWho()
    {
        var quote = Page(":::quote Virginia Woolf\nNothing was simply *one* thing.\n:::").QuerySelector("blockquote.pull")!;

        Assert.Equal("Virginia Woolf", quote.QuerySelector("p.cite")!.TextContent);
        Assert.Contains("> Nothing was simply _one_ thing.\n>\n> -- Virginia Woolf", Text(":::quote Virginia Woolf\nNothing was simply *one* thing.\n:::"), StringComparison.Ordinal);
    }

    [Fact]
    public void ADividerStandsAloneOrIsClosedAtOnce()
    {
        Assert.Single(Page("a\n\n:::divider\n\nb").QuerySelectorAll(".content hr"));
        Assert.Single(Page("a\n:::divider\n:::\nb").QuerySelectorAll(".content hr"));
        Assert.Equal("✻ ✻", Page("a\n:::divider ✻ ✻\nb").QuerySelector("p.ornament")!.TextContent);
        Assert.Contains("* * *", Text("a\n\n:::divider\n\nb"), StringComparison.Ordinal);
    }

    [Fact]
    public void AnAdvertisementIsLabelledAsOne()
    {
        Assert.Equal("Advertisement: Rope & Sons", Page(":::ad Rope & Sons\nBuy rope.\n:::").QuerySelector(".ad .label")!.TextContent);
        Assert.Equal("Anzeige", Page(":::ad\nKauft Seile.\n:::", "title: T\nlanguage: de").QuerySelector(".ad .label")!.TextContent);
        Assert.Contains("Advertisement: Rope & Sons\n\nBuy rope.\n---", Text(":::ad Rope & Sons\nBuy rope.\n:::"), StringComparison.Ordinal);
    }

    [Fact]
    public void AConversationLeadsToItsThread()
    {
        var page = Page(":::conversation https://talk.example.com/t/35 What is dry for one hour?\n\nText");

        Assert.Equal("What is dry for one hour?", page.QuerySelector(".conversation .box-title")!.TextContent);
        Assert.Equal("https://talk.example.com/t/35", page.QuerySelector(".conversation table a")!.GetAttribute("href"));
        Assert.Contains("Read and answer:\nhttps://talk.example.com/t/35", Text(":::conversation https://talk.example.com/t/35"), StringComparison.Ordinal);
        Assert.Contains(Rendered.Body(":::conversation https://talk.example.com/t/35").Links, link => link.Url == "https://talk.example.com/t/35");
        Assert.Contains(Problems(":::conversation javascript:alert(1) What?"), problem => problem.Message.Contains("leads nowhere", StringComparison.Ordinal));
    }

    [Fact]
    public void AConversationWithoutAThreadIsAnsweredByMail()
    {
        var page = Page(":::conversation What is dry for one hour?\n\nText");

        Assert.Equal("What is dry for one hour?", page.QuerySelector(".conversation .box-title")!.TextContent);
        Assert.Contains("Answer this mail", page.QuerySelector(".conversation")!.TextContent, StringComparison.Ordinal);
        Assert.Null(page.QuerySelector(".conversation a"));
        Assert.Contains("Answer this mail", Text(":::conversation"), StringComparison.Ordinal);
        Assert.DoesNotContain("Answer this mail", Text(":::conversation\nWrite to me.\n:::"), StringComparison.Ordinal);
    }

    [Fact]
    public void SignOffAndBylineComeFromTheFrontMatter()
    {
        const string FrontMatter = "title: T\nauthor: Ana\nbyline: Words by Ana, lamps by Bo\nsign_off: 'Fair winds, {{ subscriber.first_name | default: \"friend\" }},'";
        var page = Page("Text", FrontMatter);

        Assert.Equal("Words by Ana, lamps by Bo", page.QuerySelector(".byline")!.TextContent);
        Assert.Equal("Fair winds, Ana,Ana", page.QuerySelector(".sign-off")!.TextContent);
        Assert.Contains("Text\n\nFair winds, Ana,\nAna\n", Text("Text", FrontMatter), StringComparison.Ordinal);
    }

    [Fact]
    public void ContainersNestWithoutLongerFences()
    {
        var page = Page(":::summary Tea\n- one\n\n:::button https://example.com/ Go\n\n> quoted\n\n:::quote Me\nwise\n:::\n\nlast\n:::\n\nafter", "title: T");
        var panel = page.QuerySelector(".summary")!;

        Assert.NotNull(panel.QuerySelector("table.button-box"));
        Assert.Equal("last", panel.Children[^1].TextContent);
        Assert.Equal("after", panel.Closest("table")!.NextElementSibling!.TextContent);
    }

    [Fact]
    public void FencesInCodeAreText()
    {
        Assert.Equal(":::button\n", Page("```\n:::button\n```").QuerySelector("pre")!.TextContent);
        Assert.Equal(":::\n", Page(":::summary Tea\n```\n:::\n```\n:::").QuerySelector(".summary pre")!.TextContent);
        Assert.Empty(Page("    :::nothing\n\nWhat :::nothing is, and ::: too.").QuerySelectorAll(".content div"));
    }

    [Fact]
    public void ContainersStandInListsAndQuotes()
    {
        var page = Page("- item\n\n  :::button https://example.com/ Go\n\n> :::summary Tea\n> - one\n> :::\n> after");

        Assert.NotNull(page.QuerySelector("li table.button-box a"));
        Assert.Equal("one", page.QuerySelector("blockquote .summary li")!.TextContent.Trim());
        Assert.Equal("after", page.QuerySelector("blockquote > p")!.TextContent);
    }

    [Theory]
    [InlineData("x\n\n:::sumary Tea\n- one\n:::", 6, 1, "Did you mean :::summary?")]
    [InlineData(":::nonsense\ntext\n:::", 4, 1, "Known are :::ad, :::button")]
    [InlineData(":::summary Tea\n- one\n", 4, 1, "never closed. End it with a line of :::.")]
    [InlineData("x\n\n::::ad\ntext\n:::\n", 6, 1, "End it with a line of ::::.")]
    [InlineData("> :::summary Tea\n> - one\n\nafter", 4, 3, "never closed")]
    [InlineData("text\n:::", 5, 1, "Nothing is open")]
    [InlineData(":::button", 4, 10, "needs an address and words")]
    [InlineData(":::button Join us", 4, 11, "needs an address and words")]
    [InlineData(":::button https://example.com/", 4, 11, "needs an address and words")]
    [InlineData(":::button /join Join", 4, 11, "leads nowhere")]
    [InlineData(":::button javascript:alert(1) Join", 4, 11, "leads nowhere")]
    [InlineData(":::button https://example.com/ Join\nand more\n:::", 4, 1, "one link and nothing else")]
    [InlineData(":::button\n[a](https://example.com/) [b](https://example.com/)\n:::", 4, 1, "one link and nothing else")]
    [InlineData(":::video", 4, 9, "needs the address of the video")]
    [InlineData(":::video A title", 4, 10, "needs the address of the video")]
    [InlineData(":::only\ntext\n:::", 4, 8, "needs the segment")]
    [InlineData(":::only betta\ntext\n:::", 4, 9, "Did you mean 'beta'?")]
    [InlineData(":::only beta\n:::", 4, 1, "is empty")]
    [InlineData(":::premium\n\n:::", 4, 1, "is empty")]
    [InlineData(":::summary Tea\n:::", 4, 1, "is empty")]
    [InlineData(":::quote Me\n:::", 4, 1, "is empty")]
    [InlineData(":::ad Them\n:::", 4, 1, "is empty")]
    [InlineData(":::divider\n:::\n:::premium\ntext[^1]\n\n[^1]: note\n:::", 9, 1, "The footnote [^1] is defined in a container")]
    [InlineData(":::summary {{ subscriber.frist_name }}\n- x\n:::", 4, 15, "subscriber.first_name")]
    public void WhatIsMissingIsAnErrorWithItsPlace(string body, int line, int column, string message)
    {
        var problem = Problems(body).First(problem => problem.Severity == RenderSeverity.Error);

        Assert.Equal((line, column), (problem.Line, problem.Column));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OfAnotherToolsFileTheContentIsShownAndAWarningSaysWhy()
    {
        var edition = Rendered.Edition("x") with { IsForeign = true, Body = ":::tip Hello\nSome *text*\n:::\n\n:::summary\nopen" };
        var outcome = Rendered.Of(edition);

        Assert.Equal(2, outcome.Warnings.Count);
        Assert.Contains("Some <em>text</em>", outcome.Edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("open", outcome.Edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":::summary <script>alert(1)</script>\n- x\n:::")]
    [InlineData(":::quote \"><img src=x onerror=alert(1)>\nx\n:::")]
    [InlineData(":::ad <iframe src=https://example.com>\nx\n:::")]
    [InlineData(":::divider <b onclick=x>")]
    [InlineData(":::conversation <svg onload=alert(1)>")]
    [InlineData(":::premium <object>\nx\n:::")]
    [InlineData(":::button https://example.com/\"onmouseover=alert(1) <script>x</script>")]
    [InlineData(":::video https://example.com/'onmouseover=alert(1) <script>x</script>")]
    public void ArgumentsAreText(string body) =>
        Assert.Empty(Page(body).QuerySelectorAll(".content script, .content iframe, .content svg, .content object, .content b, .content img, [onclick], [onmouseover], [onerror]"));

    private static string? Of(IElement element, string selector, string attribute) => element.QuerySelector(selector)!.GetAttribute(attribute);

    private static IReadOnlyList<RenderProblem> Problems(string body) =>
        Assert.IsType<RenderOutcome.Refused>(EditionRenderer.Render(Rendered.Request(Rendered.Edition(body)) with { Segments = [VariantTests.Segment("beta")] })).Problems;

    private static string Text(string body, string frontMatter = "title: Hello") => Rendered.Body(body, frontMatter).FillText(Rendered.Ana);

    private static IDocument Page(string body, string frontMatter = "title: Hello") => Page(Rendered.Body(body, frontMatter));

    private static IDocument Page(RenderedEdition edition) => new HtmlParser().ParseDocument(edition.FillHtml(Rendered.Ana));
}
