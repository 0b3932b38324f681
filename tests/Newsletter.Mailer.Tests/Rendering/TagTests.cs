using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using MimeKit;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>Choices: <c>{% if … %}</c> among words, between blocks and in a subject.</summary>
public sealed class TagTests
{
    private static readonly Recipient Premium = Rendered.Ana with { Tier = "premium", Attributes = new Dictionary<string, string> { ["city"] = "Porto", ["shoe size"] = "41" } };
    private static readonly Recipient Nobody = Rendered.Ana with { Name = null, FirstName = null };

    [Theory]
    [InlineData("subscriber.first_name", true, true, false)]
    [InlineData("subscriber.tier == \"premium\"", true, false, false)]
    [InlineData("subscriber.tier != 'premium'", false, true, true)]
    [InlineData("subscriber.attributes.city == 'Porto' and subscriber.first_name", true, false, false)]
    [InlineData("subscriber.attributes.city == 'Lisbon' or subscriber.first_name == \"Ana\"", true, true, false)]
    [InlineData("subscriber.attributes.city contains 'ort'", true, false, false)]
    [InlineData("subscriber.attributes[\"shoe size\"] >= 41", true, false, false)]
    [InlineData("subscriber.attributes[\"shoe size\"] > 41", false, false, false)]
    [InlineData("subscriber.attributes[\"shoe size\"] < 41.5", true, false, false)]
    [InlineData("subscriber.attributes[\"shoe size\"] <= 40", false, false, false)]
    [InlineData("subscriber.first_name == blank", false, false, true)]
    [InlineData("subscriber.first_name != empty", true, true, false)]
    [InlineData("subscriber.attributes[\"city\"] == nil", false, true, true)]
    [InlineData("newsletter.slug == 'the-tide-table'", true, true, true)]
    [InlineData("newsletter.slug == 'other' or subscriber.first_name", true, true, false)]
    [InlineData("newsletter.slug == 'other' and subscriber.first_name", false, false, false)]
    [InlineData("(subscriber.tier == 'premium')", true, false, false)]
    public void AConditionIsTrueOfSome(string condition, bool premium, bool free, bool nobody)
    {
        var edition = Rendered.Body($"A {{% if {condition} %}}yes{{% else %}}no{{% endif %}} B");

        foreach (var (reader, expected) in ((Recipient, bool)[])[(Premium, premium), (Rendered.Ana, free), (Nobody, nobody)])
        {
            Assert.Contains($"A {(expected ? "yes" : "no")} B", edition.FillHtml(reader), StringComparison.Ordinal);
            Assert.Contains($"A {(expected ? "yes" : "no")} B", edition.FillText(reader), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{% unless subscriber.first_name %}stranger{% endunless %}", "", "stranger")]
    [InlineData("{% if subscriber.tier == 'gold' %}gold{% elsif subscriber.first_name %}named{% else %}none{% endif %}", "named", "none")]
    [InlineData("{% if subscriber.first_name %}{% if subscriber.tier == 'free' %}free {% endif %}{{ subscriber.first_name }}{% endif %}", "free Ana", "")]
    [InlineData("a {%- if subscriber.first_name -%} b {%- endif %} c", "ab c", "a c")]
    [InlineData("**{% if subscriber.first_name %}you{% else %}them{% endif %}**", "you", "them")]
    [InlineData("| a |\n|---|\n| {% if subscriber.first_name %}x | y{% else %}z{% endif %} |", "", "")]
    public void WhatIsBetweenTagsIsSeenByThoseItIsFor(string body, string named, string unnamed)
    {
        if (body.StartsWith('|'))
        {
            // The bar ends the cell, and so parts the two ends of the choice.
            Assert.Contains(Rendered.Problems(body), problem => problem.Message.Contains("in the same place", StringComparison.Ordinal));
            return;
        }

        var edition = Rendered.Body($"[{body}]");
        Assert.Contains($"[{named}]", Text(edition.FillHtml(Rendered.Ana)), StringComparison.Ordinal);
        Assert.Contains($"[{unnamed}]", Text(edition.FillHtml(Nobody)), StringComparison.Ordinal);
        Assert.Contains($"[{named}]", edition.FillText(Rendered.Ana).Replace("*", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void WholeBlocksStandBetweenTagsOnTheirOwnLines()
    {
        var edition = Rendered.Body("""
            First [one](https://example.com/1)
            {% if subscriber.attributes.city == "Porto" %}
            ## In Porto

            - rain
            - [sun](https://example.com/2)
            {% else %}
            Elsewhere
            {% endif %}
            - a
            {% if subscriber.first_name %}
            - b
            {% endif %}

            > quoted
            > {% if subscriber.first_name %}
            > for {{ subscriber.first_name }}
            > {% endif %}

            Last
            """);

        var (porto, other) = (Text(edition.FillHtml(Premium)), Text(edition.FillHtml(Nobody)));
        Assert.Contains("In Porto", porto, StringComparison.Ordinal);
        Assert.DoesNotContain("Elsewhere", porto, StringComparison.Ordinal);
        Assert.Contains("for Ana", porto, StringComparison.Ordinal);
        Assert.Contains("Elsewhere", other, StringComparison.Ordinal);
        Assert.DoesNotContain("Porto", other, StringComparison.Ordinal);
        Assert.Contains("[1] https://example.com/1\n\nElsewhere\n\n- a\n\n> quoted\n\nLast\n", edition.FillText(Nobody), StringComparison.Ordinal);
        Assert.Contains("[1] https://example.com/1\n\n\nIn Porto\n--------\n\n- rain\n- sun [2]\n\n[2] https://example.com/2\n\n- a\n\n- b\n\n> quoted\n>\n> for Ana\n\nLast\n", edition.FillText(Premium), StringComparison.Ordinal);
        Assert.DoesNotContain("example.com/2", edition.FillText(Nobody), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryWayIsWholeHtml()
    {
        var edition = Rendered.Body("Start\n\n{% if subscriber.first_name %}\n\n| a | b |\n|---|---|\n| 1 | **2** |\n\n{% else %}\n\n> quote\n\n{% endif %}\n\n:::premium\n{% if subscriber.attributes.city == 'Porto' %}\nPorto\n{% endif %}\n:::\n\nEnd");

        foreach (var reader in (Recipient[])[Premium, Rendered.Ana, Nobody])
        {
            var html = edition.FillHtml(reader);
            var page = new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(html);
            Assert.Contains("End", page.Body!.TextContent, StringComparison.Ordinal);
            Assert.DoesNotContain(html, c => c is >= '\uFDD0' and <= '\uFDEF');
        }
    }

    [Fact]
    public void ASubjectMayChoose()
    {
        var edition = Rendered.Body("Text", "title: T\nsubject: '{% if subscriber.first_name %}{{ subscriber.first_name }}, come{% else %}Come{% endif %} in'\npreheader: '{% if subscriber.tier == \"premium\" %}For you{% endif %}'");

        Assert.Equal("Ana, come in", edition.FillSubject(Rendered.Ana));
        Assert.Equal("Come in", edition.FillSubject(Nobody));
        Assert.Contains(">For you", edition.FillHtml(Premium), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsTheSameForEveryoneIsDecidedBefore()
    {
        var edition = Rendered.Body("{% if newsletter.slug == 'the-tide-table' %}ours{% else %}another's{% endif %}");
        var message = MessageCompiler.Compile(edition.Variants[0], new IssueHeaders { IssueId = 1, Date = DateTimeOffset.UnixEpoch });

        Assert.DoesNotContain("another", Encoding.UTF8.GetString(message.ToBytes()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain words", "words alone")]
    [InlineData("数字と日本語の文章、とても長い文章です。", "日本語だけ")]
    public void TheFinishedMessageSaysWhatThePreviewSays(string then, string otherwise)
    {
        var edition = Rendered.Body(
            $"x{{% if subscriber.attributes.city == 'Porto' %}}{then} {{{{ subscriber.first_name | default: 'you' }}}}{{% if subscriber.tier == 'premium' %}}!{{% endif %}}{{% else %}}{otherwise}{{% endif %}}y",
            "title: T\nsubject: '{% if subscriber.first_name %}Hi {{ subscriber.first_name }}{% else %}" + then + "{% endif %}'");
        var headers = new IssueHeaders { IssueId = 1, Date = DateTimeOffset.UnixEpoch };
        var compiled = MessageCompiler.Compile(edition.Variants[0], headers);
        var stored = CompiledMessage.FromBytes(compiled.ToBytes());

        Assert.Equal(["city"], compiled.Attributes);
        foreach (var reader in (Recipient[])[Premium, Rendered.Ana, Nobody, Premium with { FirstName = "Zoë", Tier = "free" }])
        {
            var bytes = Bytes(compiled, reader);
            Assert.Equal(bytes, Bytes(stored, reader));
            var mail = MimeMessage.Load(new MemoryStream(bytes));
            Assert.Equal(edition.FillText(reader), mail.TextBody!.ReplaceLineEndings("\n"));
            Assert.Equal(edition.FillHtml(reader).TrimEnd('\n'), mail.HtmlBody!.ReplaceLineEndings("\n").TrimEnd('\n'));
            Assert.Equal(edition.FillSubject(reader), mail.Subject);
            Assert.All(Encoding.UTF8.GetString(bytes).Split("\r\n"), line => Assert.True(line.Length <= 998));
        }
    }

    [Theory]
    [InlineData("{% if subscriber.frist_name %}x{% endif %}", 7, "Did you mean")]
    [InlineData("{% if %}x{% endif %}", 7, "asks nothing")]
    [InlineData("{% if subscriber.tier = 'x' %}x{% endif %}", 7, "can't be read")]
    [InlineData("{% if subscriber.tier == subscriber.name %}x{% endif %}", 26, "can't be read")]
    [InlineData("{% if subscriber.tier | upcase == 'X' %}x{% endif %}", 7, "can't be read")]
    [InlineData("{% if links.unsubscribe %}x{% endif %}", 7, "everybody has")]
    [InlineData("{% if subscriber.tier %}x", 1, "not ended")]
    [InlineData("x{% endif %}", 2, "before it in the same place")]
    [InlineData("x{% else %}", 2, "before it in the same place")]
    [InlineData("{% if subscriber.tier %}x{% endunless %}", 26, "can't end")]
    [InlineData("{% if subscriber.tier %}x{% else %}y{% else %}z{% endif %}", 37, "last way")]
    [InlineData("{% if subscriber.tier %}x{% else if subscriber.name %}z{% endif %}", 34, "elsif")]
    [InlineData("{% if subscriber.tier %}**x{% endif %} y**", 1, "not ended")]
    [InlineData("{% for a in subscriber.tags %}x{% endfor %}", 1, "tags are if, elsif")]
    [InlineData("{% assign x = 1 %}", 1, "tags are if, elsif")]
    [InlineData("[x](https://example.com/{% if subscriber.tier %}a{% endif %})", 25, "link's address")]
    [InlineData("{% %}", 1, "tags are if, elsif")]
    [InlineData("{% if subscriber.tier", 1, "not closed")]
    public void WhatIsNotAllowedIsNamedWithLineAndColumn(string body, int column, string part)
    {
        var problem = Rendered.Problems("First\n\nab " + body).First(problem => problem.Message.Contains(part, StringComparison.Ordinal));

        Assert.Equal((RenderSeverity.Error, 6, column + 3), (problem.Severity, problem.Line, problem.Column));
    }

    [Theory]
    [InlineData("{% if subscriber.tier %}\n:::premium\nx\n{% endif %}\n:::")]
    [InlineData("- a\n  {% if subscriber.tier %}\n- b\n  {% endif %}")]
    [InlineData(":::button https://example.com/\n{% if subscriber.tier %}a{% endif %}\n:::")]
    [InlineData("Text[^1]\n\n[^1]: {% if subscriber.tier %}note\n\n{% endif %}")]
    [InlineData("# {% if subscriber.tier %}T\n\n{% endif %}")]
    [InlineData("[x](https://example.com/ \"{% if subscriber.tier %}a{% endif %}\")")]
    [InlineData("[x]: https://example.com/ \"{% if subscriber.tier %}a{% endif %}\"\n\n[x]")]
    public void AChoiceNeverCrossesABox(string body) => Assert.Contains(Rendered.Problems(body), problem => problem.Severity == RenderSeverity.Error);

    [Fact]
    public void ChoicesNestSoDeepAndNoDeeper()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("{% if subscriber.first_name %}", depth)) + "x" + string.Concat(Enumerable.Repeat("{% endif %}", depth));

        Assert.Contains("x", Rendered.Body(Nested(8)).FillText(Rendered.Ana), StringComparison.Ordinal);
        Assert.Contains(Rendered.Problems(Nested(9)), problem => problem.Message.Contains("more than 8", StringComparison.Ordinal));
        Assert.Contains(Rendered.Problems(Nested(2000)), problem => problem.Severity == RenderSeverity.Error);
    }

    [Theory]
    [InlineData(8, 20)]
    [InlineData(2, 60)]
    [InlineData(1, 61)]
    public void AChoiceHasAsManyWaysAsAnAuthorNeedsAndNoMore(int depth, int ways)
    {
        static string Choice(int ways, string last) =>
            "{% if subscriber.first_name == 'a0' %}x" + string.Concat(Enumerable.Range(1, ways - 2).Select(n => $"{{% elsif subscriber.first_name == 'a{n}' %}}y")) + "{% else %}" + last + "{% endif %}";
        var body = Enumerable.Range(0, depth).Aggregate("end", (inner, _) => Choice(ways, inner));

        if (ways > 60)
            Assert.Contains(Rendered.Problems(body), problem => problem.Message.Contains("more than 60 ways", StringComparison.Ordinal));
        else
            Assert.Contains("end", Rendered.Body(body).FillText(Rendered.Ana), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("title: \"Hi {{ subscriber.first_name | default: 'you' }}\"")]
    [InlineData("title: \"Hi {% if subscriber.first_name %}you{% endif %}\"")]
    [InlineData("title: \"Hi {{ subscriber.first_name | default: 'you' }}\"\nsubject: Hello")]
    public void ATitleIsOneForAllAndHoldsNoSlots(string frontMatter) =>
        Assert.Contains(Rendered.Problems("Text", frontMatter), problem => problem is { Severity: RenderSeverity.Error, Line: 2 } && problem.Message.Contains("stands in the archive too", StringComparison.Ordinal));

    [Fact]
    public void AWordOfSomeIsNotTheWebsDescription()
    {
        var web = Rendered.Body("{% if subscriber.first_name %}\nFor you alone\n{% else %}\nFor all\n{% endif %}\n\nMore").ToWeb();

        Assert.DoesNotContain("alone", web.Html, StringComparison.Ordinal);
        Assert.StartsWith("For all More", web.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void WhateverIsWrittenIsRefusedOrWholeForEveryReader()
    {
        string[] pieces =
        [
            "{% if subscriber.first_name %}", "{% if subscriber.tier == 'premium' %}", "{% else %}", "{% elsif subscriber.attributes.city == 'Porto' %}", "{% endif %}", "{% endif %}", "{%- endif -%}",
            "{{ subscriber.first_name | default: 'you' }}", "words", "**bold**", "[link](https://example.com/)", "![image](https://example.com/i.png)", "\n", "\n\n", "\n\n", "\n- ", "\n> ", "\n1. ", "\n## ",
            "\n:::summary\n", "\n:::premium\n", "\n:::\n", "| a | b |\n|---|---|\n| ", " | ", "`code`", "\n\n    code ", "[^1]", "\n\n[^1]: note ", "*", "~~", "\n\n---\n\n",
        ];
        var (random, rendered) = (new Random(20261126), 0);
        for (var i = 0; i < 1500; i++)
        {
            var body = string.Concat(Enumerable.Range(0, random.Next(3, 16)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (EditionRenderer.Render(Rendered.Request(Rendered.Edition(body))) is not RenderOutcome.Rendered { Edition: var edition })
                continue;
            rendered++;
            foreach (var reader in (Recipient[])[Premium, Rendered.Ana, Nobody])
            {
                var html = edition.VariantFor(reader).FillHtml(reader);
                Assert.DoesNotContain(html + edition.VariantFor(reader).FillText(reader), c => c is >= '\uFDD0' and <= '\uFDEF');
                Assert.True(IsWhole(html), body + "\n---\n" + html);
            }
        }

        Assert.True(rendered > 100, $"{rendered} of 1,500 could be rendered, too few to show anything.");
    }

    // Every element that is opened is closed, in order: a parser would mend it without a word.
    private static bool IsWhole(string html)
    {
        var open = new Stack<string>();
        foreach (Match tag in Regex.Matches(html, "<!--.*?-->|<(?<end>/?)(?<name>[a-z][a-z0-9]*)[^<>]*>", RegexOptions.Singleline | RegexOptions.ExplicitCapture))
        {
            var name = tag.Groups["name"].Value;
            if (name is "" or "br" or "img" or "hr" or "meta" or "link" or "input")
                continue;
            if (tag.Groups["end"].Length == 0)
                open.Push(name);
            else if (!open.TryPop(out var last) || last != name)
                return false;
        }

        return open.Count == 0;
    }

    private static byte[] Bytes(CompiledMessage message, Recipient reader)
    {
        var stream = new MemoryStream();
        message.Fill(reader).WriteTo(stream);
        return stream.ToArray();
    }

    private static string Text(string html) => new HtmlParser().ParseDocument(html).Body!.TextContent;
}
