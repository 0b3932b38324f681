using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Tests.Editions;

public sealed class EditionDocumentTests
{
    private const string Full = """
        ---
        newsletter: the-tide-table
        number: 12
        title: "Lighthouses: a primer"
        subject: 'Can you read a lighthouse?'
        preheader: One flash, two flashes
        slug: lighthouses
        author: The lamp room
        date: 2024-04-19
        tier: premium
        segment: sailors
        theme: plain
        language: en-GB
        template: off
        ---

        Dear reader
        """;

    [Fact]
    public void EveryKeyIsRead()
    {
        var edition = Read(Full);

        Assert.Equal("the-tide-table", edition.Newsletter);
        Assert.Equal(12, edition.Number);
        Assert.Equal("Lighthouses: a primer", edition.Title);
        Assert.Equal("Can you read a lighthouse?", edition.Subject);
        Assert.Equal("One flash, two flashes", edition.Preheader);
        Assert.Equal("lighthouses", edition.Slug);
        Assert.Equal("The lamp room", edition.Author);
        Assert.Equal(new DateOnly(2024, 4, 19), edition.Date);
        Assert.Equal("premium", edition.Tier);
        Assert.Equal("sailors", edition.Segment);
        Assert.Equal("plain", edition.Theme);
        Assert.Equal("en-GB", edition.Language);
        Assert.False(edition.Template);
        Assert.Equal("\nDear reader", edition.Body);
        Assert.Equal(16, edition.BodyLine);
    }

    [Fact]
    public void ByteOrderMarkAndForeignLineEndsSayNothing()
    {
        var edition = Read("\uFEFF" + Full.ReplaceLineEndings("\r\n"));

        Assert.Equal(Read(Full), edition);
        Assert.DoesNotContain('\r', edition.Body);
    }

    [Fact]
    public void TheTitleIsTheSubjectWhereThereIsNone() => Assert.Equal("Hello", Read("---\ntitle: Hello\n---\nx").Subject);

    [Fact]
    public void TheSubjectIsTheTitleWhereThereIsNone() => Assert.Equal("Hello", Read("---\nsubject: Hello\n---\nx").Title);

    [Theory]
    [InlineData("""High water, {{ subscriber.first_name | default: "friend" }}""", "High water, friend", "high-water-friend")]
    [InlineData("""{{ subscriber.first_name | default: 'friend' }}: the tide is in""", "Friend: the tide is in", "friend-the-tide-is-in")]
    [InlineData("{{ subscriber.first_name }}, the tide is in for {{ subscriber.name }}!", "The tide is in for!", "the-tide-is-in-for")]
    public void ATitleOutOfAGreetingSubjectIsOneForAllReaders(string subject, string title, string slug)
    {
        var edition = Read($"---\nsubject: >-\n  {subject}\n---\nx");

        Assert.Equal((subject, title, slug), (edition.Subject, edition.Title, edition.Slug));
    }

    [Fact]
    public void BracesAreTextInATitleWithoutTemplate() => Assert.Equal("Use {{ x }}", Read("---\nsubject: 'Use {{ x }}'\ntemplate: off\n---\nx").Title);

    [Fact]
    public void ASubjectThatIsNothingButASlotAsksForATitle() => AssertRefused("---\nsubject: '{{ subscriber.first_name }}'\n---\n", 1, "title", "title: ");

    [Fact]
    public void QuotesInQuotesAreAnsweredWithHowToWriteThem() =>
        AssertRefused("---\nsubject: \"Hi {{ subscriber.first_name | default: \"friend\" }}\"\n---\n", 2, null, "single ones where the value has double ones");

    [Theory]
    [InlineData("Meta's Big Leap Forward", "metas-big-leap-forward")]
    [InlineData("  Ünïcode & façade, 2nd ed.! ", "unicode-facade-2nd-ed")]
    [InlineData("Straße", "strasse")]
    public void ASlugIsMadeFromTheTitle(string title, string slug) => Assert.Equal(slug, Read($"---\ntitle: \"{title}\"\n---\n").Slug);

    [Fact]
    public void ALongTitleIsCutAtAWord()
    {
        var slug = Read($"---\ntitle: {string.Join(' ', Enumerable.Repeat("lighthouse", 20))}\n---\n").Slug;

        Assert.True(slug.Length <= 80);
        Assert.EndsWith("lighthouse", slug, StringComparison.Ordinal);
    }

    [Fact]
    public void ATitleWithoutLatinLettersTakesTheNumberAsSlug() => Assert.Equal("edition-7", Read("---\ntitle: 灯台\nnumber: 7\n---\n").Slug);

    [Fact]
    public void ATitleWithoutLatinLettersOrNumberAsksForASlug() => AssertRefused("---\ntitle: 灯台\n---\n", 1, "slug", "Add a line");

    [Fact]
    public void AnUnknownKeyIsNamedWithItsLineAndTheNearestKnownOne() =>
        AssertRefused("---\ntitle: x\nsubjet: y\n---\n", 3, "subjet", "Did you mean \"subject\"?");

    [Fact]
    public void AnUnknownKeyLikeNoOtherListsTheKnownOnes() =>
        AssertRefused("---\ntitle: x\nlayout-engine: y\n---\n", 3, "layout-engine", "Known keys are newsletter, number");

    [Theory]
    [InlineData("my--list")]
    [InlineData("a")]
    [InlineData("2-tea")]
    [InlineData("a-newsletter-of-sixty-three-letters-is-as-long-as-a-slug-may-be")]
    [InlineData("35")]
    [InlineData("-tea")]
    [InlineData("tea-")]
    [InlineData("a-newsletter-of-sixty-four-letters-is-longer-than-a-slug-may-be1")]
    public void FrontMatterNamesEveryNewsletterThatCanBe(string slug)
    {
        var fits = NewsletterRules.Check(new NewsletterDraft { Slug = slug, Name = "Tea", FromAddress = "tea@example.com" }).Profile is not null;

        Assert.Equal(fits, EditionDocument.Parse($"---\nnewsletter: \"{slug}\"\ntitle: x\n---\n", FrontMatterRules.Edition) is EditionParseOutcome.Read);
    }

    [Theory]
    [InlineData("number: -1", "number")]
    [InlineData("number: thirty", "number")]
    [InlineData("number: 3.5", "number")]
    [InlineData("number: 99999999999", "number")]
    [InlineData("date: tomorrow", "date")]
    [InlineData("date: 2024-02-30", "date")]
    [InlineData("tier: gold", "tier")]
    [InlineData("slug: Not A Slug", "slug")]
    [InlineData("newsletter: No Slug", "newsletter")]
    [InlineData("language: \"english please\"", "language")]
    [InlineData("template: maybe", "template")]
    [InlineData("author: [a, b]", "author")]
    [InlineData("author: {a: b}", "author")]
    [InlineData("preheader: \"a\\u202Eb\"", "preheader")]
    [InlineData("preheader: \"a\\u0007b\"", "preheader")]
    [InlineData("preheader: \"a\\r\\nBcc: x@example.com\"", "preheader")]
    [InlineData("author: &a b", "author")]
    [InlineData("author: *a", "author")]
    [InlineData("author: !!binary aGk=", "author")]
    [InlineData("author: !ruby/object:Gem x", "author")]
    public void AWrongValueIsRefusedAtItsLine(string line, string key) => AssertRefused($"---\ntitle: x\n{line}\n---\n", 3, key, "");

    [Fact]
    public void AKeyWrittenTwiceIsRefused() => AssertRefused("---\ntitle: x\nauthor: a\nauthor: b\n---\n", 4, "author", "twice");

    [Fact]
    public void EveryErrorIsNamedNotOnlyTheFirst()
    {
        var errors = Refuse("---\nnumber: x\ntier: y\ncolour: z\n---\n");

        Assert.Equal([2, 3, 4], errors.Select(error => error.Line));
    }

    [Fact]
    public void NeitherSubjectNorTitleIsAnError() => AssertRefused("---\nnumber: 3\n---\nText", 1, "subject", "neither a subject nor a title");

    [Fact]
    public void AnEmptySubjectCountsAsNone() => AssertRefused("---\nsubject:\n---\nText", 1, "subject", "neither");

    [Fact]
    public void FrontMatterThatIsNeverClosedIsNamed() => AssertRefused("---\ntitle: x\nText", 1, null, "never closed");

    [Fact]
    public void BrokenYamlIsNamedWithItsLine()
    {
        var error = Assert.Single(Refuse("---\ntitle: x\nauthor: \"open\n---\n"));

        Assert.True(error.Line is 3 or 4);
        Assert.Contains("not YAML", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("title: [Draft\nsubject: Hi")]
    [InlineData("title: x\nauthor: [a,\nb]")]
    [InlineData("title: \"\\UFFFFFFFF\"")]
    [InlineData("title: \"\\uD800A\"")]
    [InlineData("title: {a: b")]
    public void WhatTheScannerTripsOverIsNamedWithItsLine(string yaml) =>
        Assert.All(Refuse($"---\n{yaml}\n---\n"), error => Assert.InRange(error.Line, 2, 4));

    [Fact]
    public void AValueWithAColonAsksForQuotes() => Assert.Contains("quotes", Assert.Single(Refuse("---\ntitle: a: b\n---\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void AListInsteadOfKeysIsRefused() => AssertRefused("---\n- a\n- b\n---\n", 2, null, "key: value");

    [Fact]
    public void NoFrontMatterIsAnErrorForSending() => AssertRefused("# Hello\n", 1, null, "no front matter");

    [Fact]
    public void NoFrontMatterWillDoForAPreview()
    {
        var edition = Read("# Hello there #\n\nText", FrontMatterRules.Preview);

        Assert.Equal("Hello there", edition.Subject);
        Assert.Equal("hello-there", edition.Slug);
        Assert.Equal(1, edition.BodyLine);
    }

    [Fact]
    public void NothingAtAllWillDoForAPreview() => Assert.Equal("Untitled edition", Read("", FrontMatterRules.Preview).Subject);

    [Fact]
    public void AnotherToolsFrontMatterIsPassedOverUnread()
    {
        var edition = Read("---\nlayout: post\ntitle: ! 'x'\n---\nText", FrontMatterRules.ForeignBody);

        Assert.Equal("Text", edition.Body);
        Assert.Equal(5, edition.BodyLine);
        Assert.True(edition.IsForeign);
    }

    [Fact]
    public void BinaryIsRefusedWithItsLine()
    {
        var error = Assert.Single(Refuse("---\ntitle: x\n---\nab\0c"));

        Assert.Equal((4, 3), (error.Line, error.Column));
    }

    [Fact]
    public void AFileBeyondAnyMailIsRefused() => Assert.Contains("characters long", Assert.Single(Refuse(new string('x', EditionDocument.MaxLength + 1))).Message, StringComparison.Ordinal);

    [Fact]
    public void PositionsOfValuesAreTheFilesOwn()
    {
        var edition = Read("---\ntitle: x\nsubject: \"quoted\"\npreheader:   plain\n---\n");

        Assert.Equal(new SourcePosition(3, 11), edition.SubjectAt);
        Assert.Equal(new SourcePosition(4, 14), edition.PreheaderAt);
    }

    private static EditionDocument Read(string source, FrontMatterRules? rules = null) =>
        Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse(source, rules ?? FrontMatterRules.Edition)).Edition;

    private static IReadOnlyList<FrontMatterError> Refuse(string source) =>
        Assert.IsType<EditionParseOutcome.Refused>(EditionDocument.Parse(source, FrontMatterRules.Edition)).Errors;

    private static void AssertRefused(string source, int line, string? key, string part)
    {
        var error = Assert.Single(Refuse(source));
        Assert.Equal(line, error.Line);
        Assert.Equal(key, error.Key);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }
}
