using AngleSharp.Html.Parser;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class SlotTests
{
    private const string Greeting = "Hi {{ subscriber.first_name | default: \"friend\" }}!";

    private static readonly Recipient Nobody = Rendered.Ana with { Name = null, FirstName = null };

    [Fact]
    public void AReaderIsGreetedByName()
    {
        var edition = Rendered.Body(Greeting);

        Assert.Contains("Hi Ana!", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("Hi Ana!", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void AReaderWithoutANameGetsTheDefault(string? name)
    {
        var edition = Rendered.Body(Greeting);

        Assert.Contains("Hi friend!", edition.FillHtml(Nobody with { FirstName = name }), StringComparison.Ordinal);
        Assert.Contains("Hi friend!", edition.FillText(Nobody with { FirstName = name }), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryNameOfAReaderHasItsValue()
    {
        var edition = Rendered.Body("""
            {{subscriber.first_name|default:"x"}}/{{ subscriber.name | default: 'x' }}/{{- subscriber.address -}}/{{ subscriber.tier }}/{{ subscriber.language | default: "none" }}/{{ subscriber.attributes.city | default: "nowhere" }}/{{ subscriber.attributes["shoe size"] | default: "any" }}
            """);
        var reader = Rendered.Ana with { Attributes = new Dictionary<string, string> { ["city"] = "Porto", ["shoe size"] = "39" } };

        Assert.Contains("Ana/Ana Lima/ana@example.net/free/none/Porto/39", edition.FillText(reader), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsTheSameForEveryoneIsFoldedIn()
    {
        var edition = Rendered.Body("{{ newsletter.name }}, {{ newsletter.slug }}, no. {{ edition.number }}: {{ edition.title }} of {{ edition.date }}", "title: Hello & bye\nnumber: 3");

        Assert.Contains("The Tide Table, the-tide-table, no. 3: Hello &amp; bye of April 19, 2024", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("no. 3: Hello & bye of", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void AValueIsTextInHtml()
    {
        var html = Rendered.Body(Greeting).FillHtml(Rendered.Ana with { FirstName = "<b onclick=x>\"A\" & 'B'</b>" });

        var page = new HtmlParser().ParseDocument(html);
        Assert.Null(page.QuerySelector("b"));
        Assert.Contains("Hi <b onclick=x>\"A\" & 'B'</b>!", page.Body!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void AValueIsPercentEncodedInAUrl()
    {
        var edition = Rendered.Body("[see](https://example.com/a?name={{ subscriber.first_name | default: \"a b\" }}&x=1#f)");
        var reader = Rendered.Ana with { FirstName = "Zoë & \"co\"/#?<x>" };

        var link = new HtmlParser().ParseDocument(edition.FillHtml(reader)).QuerySelector("a")!;
        Assert.Equal("https://example.com/a?name=Zo%C3%AB%20%26%20%22co%22%2F%23%3F%3Cx%3E&x=1#f", link.GetAttribute("href"));
        Assert.Contains("https://example.com/a?name=Zo%C3%AB%20%26%20%22co%22%2F%23%3F%3Cx%3E&x=1#f", edition.FillText(reader), StringComparison.Ordinal);
        Assert.Contains("name=a%20b&amp;x=1", edition.FillHtml(Nobody), StringComparison.Ordinal);
    }

    [Fact]
    public void AValueCannotLeaveAnAttribute()
    {
        var edition = Rendered.Body("![{{ subscriber.first_name | default: \"you\" }}](https://example.com/x.png \"For {{ subscriber.first_name | default: 'you' }}\") and text");

        var image = new HtmlParser().ParseDocument(edition.FillHtml(Rendered.Ana with { FirstName = "\" onerror=\"alert(1)" })).QuerySelector("img")!;
        Assert.Equal("\" onerror=\"alert(1)", image.GetAttribute("alt"));
        Assert.Equal("For \" onerror=\"alert(1)", image.GetAttribute("title"));
        Assert.False(image.HasAttribute("onerror"));
    }

    [Fact]
    public void AWholeAddressCanBeALink()
    {
        var edition = Rendered.Body("[leave]({{ links.unsubscribe }}) or [leave here]({{ links.unsubscribe }}?really)");
        var reader = Rendered.Ana with { UnsubscribeUrl = "https://news.example.com/unsubscribe/a?b=1&c=2" };

        var links = new HtmlParser().ParseDocument(edition.FillHtml(reader)).QuerySelectorAll(".content a");
        Assert.Equal(["https://news.example.com/unsubscribe/a?b=1&c=2", "https://news.example.com/unsubscribe/a?b=1&c=2?really"], links.Select(link => link.GetAttribute("href")));
    }

    [Theory]
    [InlineData("[x](https://{{ subscriber.first_name | default: \"a\" }}.example.com/)")]
    [InlineData("[x](https://a{{ subscriber.first_name | default: \"a\" }}/)")]
    [InlineData("[x](https://example.com{{ subscriber.first_name | default: \"a\" }})")]
    [InlineData("[x]({{ subscriber.first_name | default: \"a\" }})")]
    public void AReaderNeverChoosesWhereALinkLeads(string body) => Assert.Contains(Rendered.Problems(body), problem => problem is { Severity: RenderSeverity.Error, Line: 4 });

    [Fact]
    public void SlotsStandInSubjectAndPreheader()
    {
        var edition = Rendered.Body("Text", "title: T\nsubject: '{{ subscriber.first_name | default: \"Friend\" }}, look!'\npreheader: 'For {{ subscriber.first_name | default: \"you\" }} & \\{{x}}'");

        Assert.Equal("Ana, look!", edition.FillSubject(Rendered.Ana));
        Assert.Equal("Friend, look!", edition.FillSubject(Nobody));
        Assert.Contains(">For Ana &amp; {{x}}", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void SubjectValuesNeverBreakTheHeader()
    {
        var edition = Rendered.Body("Text", "title: T\nsubject: 'Hi {{ subscriber.first_name | default: \"you\" }}'");

        Assert.Equal("Hi a Bcc: b@example.com", edition.FillSubject(Rendered.Ana with { FirstName = "a\r\nBcc: b@example.com\0\u202E" }));
    }

    [Theory]
    [InlineData("`{{ subscriber.first_name }}`", "{{ subscriber.first_name }}")]
    [InlineData("```\n{{ anything | goes }}\n```", "{{ anything | goes }}")]
    [InlineData("    {% if x %}{{ y }}", "{% if x %}{{ y }}")]
    [InlineData("`{{` opens and `}}` closes", "opens and")]
    [InlineData("> - `{{ subscriber.first_name }}`", "{{ subscriber.first_name }}")]
    [InlineData("\\{{ subscriber.first_name }}", "{{ subscriber.first_name }}")]
    [InlineData("\\{% if %}", "{% if %}")]
    [InlineData("a } b { c }} d", "a } b { c }} d")]
    public void BracesInCodeAndBehindABackslashAreText(string body, string expected)
    {
        var edition = Rendered.Body(body);

        Assert.Contains(expected, new HtmlParser().ParseDocument(edition.FillHtml(Rendered.Ana)).Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains(expected, edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Fact]
    public void TemplateOffMakesAllBracesText()
    {
        var edition = Rendered.Body("{{ anything }} and {% include x %} and [x](https://example.com/{{y}})", "title: T\nsubject: '{{ s }}'\ntemplate: off");

        Assert.Equal("{{ s }}", edition.FillSubject(Rendered.Ana));
        Assert.Contains("{{ anything }} and {% include x %}", edition.FillHtml(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains("{{ anything }} and {% include x %}", edition.FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*{{ subscriber.first_name | default: \"a * b\" }}* and `{{`", "<em>a * b</em>")]
    [InlineData("{{ subscriber.first_name | default: \"a ` b\" }} and `c`", "a ` b and")]
    [InlineData("| a |\n|---|\n| {{ subscriber.first_name | default: \"x | y\" }} |", ">x | y</td>")]
    [InlineData("{{ subscriber.first_name | default: \"a }} b\" }}", "a }} b")]
    public void WhatIsInASlotIsNoMarkdown(string body, string expected) => Assert.Contains(expected, Rendered.Body(body).FillHtml(Nobody), StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ subscriber.frist_name | default: \"x\" }}", 4, "Did you mean {{ subscriber.first_name }}?")]
    [InlineData("{{ password }}", 4, "Known names are")]
    [InlineData("{{ subscriber.attributes.town | default: \"x\" }}", 4, "known attributes are city")]
    [InlineData("{{ subscriber.attributes.city }}", 4, "needs a default")]
    [InlineData("{{ subscriber.first_name | upcase }}", 28, "more than is allowed")]
    [InlineData("{{ subscriber.first_name | default: \"x\" | upcase }}", 28, "more than is allowed")]
    [InlineData("{{ subscriber.first_name | default: subscriber.name }}", 28, "more than is allowed")]
    [InlineData("{{ 'x' | object.eval }}", 4, "more than is allowed")]
    [InlineData("{{ date.now }}", 4, "Known names are")]
    [InlineData("{{ 1 + 1 }}", 6, "can't be read")]
    [InlineData("{{ subscriber.first_name", 1, "not closed")]
    [InlineData("{{}}", 1, "empty")]
    [InlineData("{{ }}", 1, "more than is allowed")]
    public void WhatIsNotAllowedIsNamedWithLineAndColumn(string slot, int column, string part)
    {
        var problem = Rendered.Problems("First\n\nab " + slot)[0];

        Assert.Equal((RenderSeverity.Error, 6), (problem.Severity, problem.Line));
        Assert.Equal(column + 3, problem.Column);
        Assert.Contains(part, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ErrorsInTheSubjectPointIntoTheFrontMatter()
    {
        var problem = Assert.Single(Rendered.Problems("Text", "title: T\nsubject: \"Hi {{ subscriber.nmae }}\""));

        Assert.Equal((3, 17), (problem.Line, problem.Column));
    }

    [Fact]
    public void ATitleHoldsNoSlots() => Assert.Contains("title", Rendered.Problems("Text", "title: '{{ subscriber.name }}'\nsubject: x")[0].Message, StringComparison.Ordinal);

    [Fact]
    public void AGapWithoutADefaultIsWarnedAbout()
    {
        var warning = Assert.Single(Rendered.Of(Rendered.Edition("Hi {{ subscriber.first_name }}")).Warnings);

        Assert.Contains("leaves a gap", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThousandsOfSlotsAreRefusedRatherThanRead() =>
        Assert.Contains(Rendered.Problems(string.Concat(Enumerable.Repeat("{{ newsletter.name }}\n", 4100))), problem => problem.Message.Contains("4,096", StringComparison.Ordinal));

    [Fact]
    public void DeepNestingIsRefusedRatherThanRead() => Assert.Contains("nested", Rendered.Problems(new string('>', 5000) + " x")[0].Message, StringComparison.Ordinal);

    [Fact]
    public void OurOwnMarksInASourceAreHarmless()
    {
        var outcome = Rendered.Of(Rendered.Edition("a\uFDD0\uFDE0\uFDE0\uFDE0\uFDD1b \u0007 [x](https://example.com/%EF%B7%90%EF%B7%A0%EF%B7%91)"));

        Assert.Contains(outcome.Warnings, warning => warning.Message.Contains("U+FDD0", StringComparison.Ordinal));
        Assert.DoesNotContain('\uFDD0', outcome.Edition.FillHtml(Rendered.Ana));
    }
}
