using System.Text;
using FsCheck.Xunit;
using MimeKit;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.PlainText;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class FlowedTextTests
{
    private static readonly string Words = string.Join(' ', Enumerable.Range(1, 60).Select(i => "word" + i));
    private static readonly string Japanese = string.Concat(Enumerable.Repeat("灯台は夜の海で自分の名前を告げる。", 12));

    public static TheoryData<string> Values => new(
        "Ana", "", " ", " Ana", "Ana ", "> Ana", ">", "From Ana", "From ", "two\nlines", "a\r\n\r\nb", "-- ", "--", "Ana Maria da Silva e Souza dos Santos de Oliveira Pereira", "王 小明", "…", "\t> x");

    [Fact]
    public void APartSaysThatItFlows()
    {
        Assert.Equal(("flowed", "no"), Parameters(Sent(Words)));
        Assert.Equal(("flowed", "yes"), Parameters(Sent(Japanese)));
        Assert.Equal(("flowed", "no"), Parameters(Rendered.Parse(MessageCompiler.CompilePlain(Rendered.Body(Words).Variants[0], new IssueHeaders { IssueId = 1, Date = Rendered.Friday }).Fill(Rendered.Ana))));
    }

    [Fact]
    public void ParagraphsComeOutWhole()
    {
        var paragraphs = Content($"{Words}\n\nshort\n\n{Words} https://example.com/{new string('a', 120)} end");

        Assert.Equal([Words, "", "short", "", $"{Words} https://example.com/{new string('a', 120)} end"], paragraphs.Select(paragraph => paragraph.Text));
    }

    [Fact]
    public void LinesAreAtMost78LongAndAddressesAreNeverBroken()
    {
        var url = "https://example.com/" + new string('a', 120);
        var lines = Rendered.SentText(Sent($"{Words} {url} {Words}\n\n> {Words}\n\n{Japanese}")).Split("\r\n");

        Assert.Contains(lines, line => line.TrimEnd() == url);
        Assert.All(lines.Where(line => !line.Contains(url, StringComparison.Ordinal)), line => Assert.True(DisplayWidth.Of(line) <= 78, line));
        Assert.True(lines.Count(line => line.EndsWith(' ')) > 10);
    }

    [Fact]
    public void TextWithoutSpacesGainsNone()
    {
        var mixed = $"{Japanese} {Words} {Japanese}";

        Assert.Equal([Japanese, "", mixed], Content($"{Japanese}\n\n{mixed}").Select(paragraph => paragraph.Text));
    }

    [Fact]
    public void QuotesKeepTheirDepth() => Assert.Equal(
        [new(1, Words), new(1, ""), new(1, "> no quote"), new(1, ""), new(2, Words)],
        Content($"> {Words}\n>\n> \\> no quote\n>\n> > {Words}"));

    [Fact]
    public void WhatIsLaidOutStaysAsItIs()
    {
        var item = string.Join('\n', LineWrap.Wrap(Words, 74).Select((line, i) => (i == 0 ? "- " : "  ") + line));
        var content = Content($"- {Words}\n- two\n\n| Name | n |\n|:--|--:|\n| a | 1 |\n\n    code  \n      deeper\n\n---\n\nline one  \nline two");

        Assert.Equal(
            $"{item}\n- two\n\nName  n\n----  -\na     1\n\n    code\n      deeper\n\n{new string(' ', 35)}* * *\n\nline one\nline two",
            string.Join('\n', content.Select(paragraph => paragraph.Text)));
        Assert.All(content, line => Assert.Equal(0, line.QuoteDepth));
    }

    // Every line may be stuffed (RFC 3676 §4.4): where the format isn't known, the columns still line up.
    [Fact]
    public void WhatLinesUpIsIndentedAsAWhole()
    {
        var lines = Rendered.SentText(Sent("| n | Name |\n|--:|:--|\n| 1 | a |\n| 100 | b |\n\n- one\n    - two")).Split("\r\n");

        Assert.Contains("   n  Name", lines);
        Assert.Contains(" 100  b", lines);
        Assert.Contains(" - one", lines);
        Assert.Contains("   - two", lines);
    }

    [Fact]
    public void WhatLooksLikeAQuoteOrAMailboxIsText()
    {
        var filler = new string('x', 74);

        Assert.Equal([$"{filler} From here on", "", $"{filler} > 3 is more", "", "> 2", "", "From one"], Content($"{filler} From here on\n\n{filler} \\> 3 is more\n\n\\> 2\n\nFrom one").Select(paragraph => paragraph.Text));
        Assert.All(Content($"{filler} \\> 3 is more"), paragraph => Assert.Equal(0, paragraph.QuoteDepth));
    }

    [Fact]
    public void TwoHyphensNeverBeginASignature()
    {
        var long1 = new string('x', 75);

        Assert.Equal([$"{long1} -- {long1}"], Content($"{long1} -- {long1}").Select(paragraph => paragraph.Text));
        Assert.DoesNotContain("-- ", Rendered.SentText(Sent($"{long1} -- {long1}")).Split("\r\n"));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void AReadersValueNeverChangesWhatFlows(string value)
    {
        var reader = Rendered.Ana with { FirstName = value, Tier = "free" };
        var name = Shown(value);
        const string Slot = "{{ subscriber.first_name | default: \"\" }}";
        var before = $"{Slot}, hello\n\nHello {Slot}\n\n{Slot}\n\nHello {Slot} and {Words} {Slot} and {Words}\n\n- Hi {Slot}\n- {Slot}\n\n> {Slot}\n\nend";
        var content = Content(before, reader);

        Assert.Equal(
            ((string[])[$"{name}, hello", $"Hello {name}", name, $"Hello {name} and {Words} {name} and {Words}", $"- Hi {name}", $"- {name}", name, "end"]).Select(Squeezed).Where(text => text.Length > 0),
            content.Select(paragraph => Squeezed(paragraph.Text)).Where(text => text.Length > 0));
        Assert.Equal(1, content.Count(paragraph => paragraph.QuoteDepth > 0));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void AWayThatIsNotTakenLeavesNoSpaceBehind(string value)
    {
        var reader = Rendered.Ana with { FirstName = value, Tier = "free" };
        var name = Shown(value);
        const string Slot = "{{ subscriber.first_name | default: \"\" }}";
        const string Premium = "{% if subscriber.tier == \"premium\" %}";
        var content = Content(
            $"One {Premium}more{{% endif %}}\n\nTwo {Premium}{Premium}x{{% endif %}}{{% else %}}{Slot}{{% endif %}}\n\nThree {Slot} {Premium}more{{% elsif subscriber.first_name %}}{Slot}{{% endif %}}\n\n{Premium}> x{{% else %}}{Slot}{{% endif %}} four\n\nlast", reader);

        var known = string.IsNullOrWhiteSpace(value) ? "" : name;
        Assert.Equal(
            ["One", "", Squeezed($"Two {name}"), "", Squeezed($"Three {name} {known}"), "", Squeezed($"{name} four"), "", "last"],
            content.Select(paragraph => Squeezed(paragraph.Text)));
        Assert.All(content, paragraph => Assert.Equal(0, paragraph.QuoteDepth));
    }

    [Property(MaxTest = 150)]
    public void NoValueBreaksTheParagraphsAround(string? first)
    {
        const string Slot = "{{ subscriber.first_name | default: \"\" }}";
        var content = Content($"{Slot}\n\nbefore {Slot}\n\nafter {Slot} {Words}\n\nend", Rendered.Ana with { FirstName = first });

        Assert.Equal(7, content.Count);
        Assert.Equal(["", "", ""], content.Where((_, i) => i % 2 == 1).Select(paragraph => paragraph.Text));
        Assert.All(content, paragraph => Assert.Equal(0, paragraph.QuoteDepth));
        Assert.EndsWith("word60", content[4].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void AQuoteInAListIsAnItemsText()
    {
        var content = Content("- > quoted\n\n> - listed\n> - twice");

        Assert.Equal([new(0, "- > quoted"), new(0, ""), new(1, "- listed"), new(1, "- twice")], content);
    }

    [Fact]
    public void NothingEndsALineInASpaceOnTheWire()
    {
        foreach (var body in (string[])[Words, Japanese])
        {
            var bytes = Encoding.Latin1.GetString(Rendered.Bytes(Rendered.Compile(body).Fill(Rendered.Ana)));
            Assert.DoesNotContain(" \r\n", bytes[bytes.IndexOf("\r\n\r\n", StringComparison.Ordinal)..], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void PeopleAreShownTheTextWithoutTheFormatsSpaces()
    {
        var text = Rendered.Body($"{Words}\n\n    code").FillText(Rendered.Ana);

        Assert.Contains("\n    code\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text.Split('\n'), line => line.EndsWith(' ') || line.Any(FlowMark.IsMark));
    }

    private static string Shown(string value) => string.IsNullOrWhiteSpace(value) ? "" : Newsletter.Mailer.Editions.UnsafeCharacters.Strip(value).Trim(' ');

    private static string Squeezed(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static MimeMessage Sent(string markdown, Recipient? reader = null) => Rendered.Parse(Rendered.Compile(markdown).Fill(reader ?? Rendered.Ana));

    private static (string?, string?) Parameters(MimeMessage message) =>
        message.BodyParts.OfType<TextPart>().First().ContentType.Parameters is var parameters ? (parameters["format"], parameters["delsp"]) : default;

    /// <summary>What a mail program shows of the edition's own text.</summary>
    private static List<FlowedParagraph> Content(string markdown, Recipient? reader = null)
    {
        var sent = Sent(markdown, reader);
        var all = FlowedDecoder.Decode(Rendered.SentText(sent), Parameters(sent).Item2 == "yes").ToList();
        var start = all.FindIndex(paragraph => paragraph.Text.StartsWith("=====", StringComparison.Ordinal)) + 2;
        return all[start..(all.FindIndex(paragraph => paragraph.Text.StartsWith("--------------------", StringComparison.Ordinal)) - 1)];
    }
}
