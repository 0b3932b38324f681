using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>Readers who see different content.</summary>
public sealed class VariantTests
{
    private const string Mixed = "All.\n\n:::premium The long one\nSecret[^1] of [the lamp][l].\n:::\n\n:::only beta\nBeta here.\n:::\n\n:::only not Beta\nNo beta.\n:::\n\nEnd[^2].\n\n[l]: https://example.com/lamp\n[^1]: Secret note\n[^2]: Public note";

    [Fact]
    public void AnEditionForAllHasOneVariant()
    {
        var edition = Rendered.Body("Text");

        Assert.Equal("everyone", Assert.Single(edition.Variants).Name);
        Assert.Empty(edition.Questions);
    }

    [Fact]
    public void EveryCombinationIsRenderedOnce()
    {
        var edition = Render(Mixed);

        Assert.Equal(["premium", "beta"], edition.Questions.Select(question => question.Name));
        Assert.Equal(["free", "premium", "free+beta", "premium+beta"], edition.Variants.Select(variant => variant.Name));
        Assert.Equal([0, 1, 2, 3], edition.Variants.Select(variant => variant.Mask));
        Assert.Equal("https://example.com/lamp", Assert.Single(edition.Links).Url);
    }

    [Theory]
    [InlineData("free", "", "End", "Secret|Beta here|lamp")]
    [InlineData("premium", "", "Secret of |the lamp|Secret note|Public note|No beta", "Beta here|This part is for")]
    [InlineData("free", "beta", "Beta here|This part is for premium readers|The long one", "Secret|No beta")]
    [InlineData("premium", "Beta", "Secret|Beta here", "No beta|The long one")]
    public void EachSeesTheirOwnInBothParts(string tier, string segment, string there, string notThere)
    {
        var edition = Render(Mixed);
        var reader = Rendered.Ana with { Tier = tier, Segments = [segment] };
        foreach (var part in new[] { edition.FillHtml(reader), edition.FillText(reader) })
        {
            var text = System.Text.RegularExpressions.Regex.Replace(part, "<[^>]+>| \\[note \\d\\]| \\[\\d\\]", "");
            Assert.All(there.Split('|'), words => Assert.Contains(words, text.Replace("Secret1 of", "Secret of", StringComparison.Ordinal), StringComparison.Ordinal));
            Assert.All(notThere.Split('|'), words => Assert.DoesNotContain(words, part, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("<center>Members only</center>\n:::premium\nSecret.\n:::\nEnd.")]
    [InlineData("<div>\nMembers only\n:::only beta\nSecret.\n:::\nEnd.")]
    [InlineData("See[^1].\n\n[^1]: Note\n:::only beta\nSecret.\n:::\n")]
    [InlineData("See[^1].\n\n[^1]: Note\n\n    :::only beta\n    Secret.\n    :::\n")]
    [InlineData("See[^1].\n\n[^1]: Note\n:::premium\nSecret.\n:::\n")]
    public void WhatIsForSomeIsNeverEverybodys(string body)
    {
        var request = Request(body) with { Newsletter = Rendered.Newsletter with { RawHtml = true } };
        var edition = Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(request)).Edition;

        Assert.Equal(2, edition.Variants.Count);
        Assert.DoesNotContain("Secret", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void ATabBeforeAContainerCostsNothingOfTheLineAbove()
    {
        var edition = Render("- One\n- Two\n-\t:::only beta\n\tHidden\n\t:::\n\nEnd");

        Assert.Contains("Two", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
        Assert.DoesNotContain("Hidden", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void AGateSaysHowToGetWhatIsMissing()
    {
        Assert.Contains("Answer this mail, and we tell you how", Render(Mixed).FillText(Rendered.Ana), StringComparison.Ordinal);

        var newsletter = Rendered.Newsletter with { PremiumUrl = "https://example.com/premium" };
        var sold = Rendered.Of(Rendered.Edition(":::premium\nx\n:::"), newsletter).Edition;
        Assert.Contains("Become a premium reader:\nhttps://example.com/premium", sold.FillText(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("href=\"https://example.com/premium\"", sold.FillHtml(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void WhereAllAreTheSameNothingIsAsked()
    {
        var edition = Render(":::premium\nSecret\n:::\n\n:::only beta\nBeta\n:::\n\n:::only not beta\nOther\n:::", "title: T\ntier: premium\nsegment: beta");

        Assert.Empty(edition.Questions);
        Assert.Contains("Secret", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("Beta", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
        Assert.DoesNotContain("Other", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void NothingOfAHiddenPartIsLeftInAQuoteOrList()
    {
        var text = Render("> before\n>\n> :::only beta\n> Hidden\n> :::\n>\n> behind\n\n- item\n\n  :::premium\n  Hidden\n  :::\n- next").FillText(Rendered.Ana);

        Assert.DoesNotContain("Hidden", text, StringComparison.Ordinal);
        Assert.Contains("> before\n>\n> behind", text, StringComparison.Ordinal);
        Assert.Contains("- next", text, StringComparison.Ordinal);
    }

    [Fact]
    public void FourQuestionsAreTheMost()
    {
        var four = string.Concat(new[] { "a", "b", "c", "d" }.Select(name => $":::only {name}\nx\n:::\n\n"));

        Assert.Equal(16, Render(four).Variants.Count);
        var problem = Assert.Single(Assert.IsType<RenderOutcome.Refused>(EditionRenderer.Render(Request(four + ":::premium\nx\n:::"))).Problems);
        Assert.Contains("at most 4 kinds", problem.Message, StringComparison.Ordinal);
        Assert.Equal(20, problem.Line);
    }

    [Fact]
    public void WithoutANewsletterEverySegmentMayBeThere() =>
        Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Request(":::only whoever you are\nx\n:::") with { Segments = null }));

    internal static Segment Segment(string name) => new()
    {
        Id = 1,
        Newsletter = "the-tide-table",
        Slug = name,
        Name = char.ToUpperInvariant(name[0]) + name[1..],
        Filter = "tags has \"" + name + "\"",
        CreatedAt = default,
        UpdatedAt = default,
    };

    private static RenderRequest Request(string body, string frontMatter = "title: T") =>
        Rendered.Request(Rendered.Edition(body, frontMatter)) with { Segments = [Segment("beta"), Segment("a"), Segment("b"), Segment("c"), Segment("d")] };

    private static RenderedEdition Render(string body, string frontMatter = "title: T") =>
        Assert.IsType<RenderOutcome.Rendered>(EditionRenderer.Render(Request(body, frontMatter))).Edition;
}
