using Newsletter.Mailer.Rendering.PlainText;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class PlainTextTests
{
    [Fact]
    public void TheTextReadsAsIfTyped() => AssertText(
        """
        First *paragraph* with **strong**, `code` and ~~struck~~,
        and a [link](https://example.com/1).

        - one
        - two [again](https://example.com/1)
            1. nested
            2. twice

        ## Section

        > Quoted
        >
        > twice

            code();

        ### Smaller

        See https://example.com/2 and <a@example.com> and [other](https://example.com/3).
        """,
        """
        First _paragraph_ with *strong*, `code` and ~~struck~~, and a link [1].

        - one
        - two again [1]
          1. nested
          2. twice

        [1] https://example.com/1


        Section
        -------

        > Quoted
        >
        > twice

            code();

        Smaller

        See https://example.com/2 and a@example.com and other [2].

        [2] https://example.com/3
        """);

    [Fact]
    public void TablesAreAligned() => AssertText(
        "| Name | 数 |\n|:--|--:|\n| a | 1 |\n| 灯台 | 200 |",
        """
        Name   数
        ----  ---
        a       1
        灯台  200
        """);

    [Fact]
    public void ATableTooWideIsAListOfItsRows() => AssertText(
        $"| Light | Seen |\n|--|--|\n| Lizard | {new string('x', 70)} |\n| Fastnet | short |",
        $"""
        Light: Lizard
        Seen: {new string('x', 70)}

        Light: Fastnet
        Seen: short
        """);

    [Fact]
    public void ImagesFootnotesTasksAndRulesHaveTheirText() => AssertText(
        "![A tower](https://example.com/t.png \"At dusk\")\n\nText[^1]\n\n- [x] done\n- [ ] open\n\n---\n\n> [!NOTE]\n> Mind\n\n[^1]: The note",
        """
        [Image: A tower] At dusk

        Text [note 1]

        ☑ done
        ☐ open

                                           * * *

        > NOTE
        > Mind

        Notes
        -----
        1. The note
        """);

    [Fact]
    public void LinesAreAtMost76ColumnsAndUrlsAreNeverBroken()
    {
        var url = "https://example.com/" + new string('a', 120);
        var text = Text(string.Join(' ', Enumerable.Repeat("word", 200)) + " " + url + "\n\n" + string.Concat(Enumerable.Repeat("灯台は夜の海で。", 40)));

        Assert.Contains(url, text.Split('\n'));
        Assert.All(text.Split('\n').Where(line => line != url), line => Assert.True(DisplayWidth.Of(line) <= 76, line));
        Assert.DoesNotContain(text.Split('\n'), line => line.StartsWith('。') || line.StartsWith('、'));
    }

    [Fact]
    public void TheTextEndsWithHowToLeave()
    {
        var text = Rendered.Body("Text", "title: Hello there\nnumber: 3\nauthor: Ana").FillText(Rendered.Ana);

        Assert.StartsWith("The Tide Table\n#3 - April 19, 2024\n\n\nHello there\n===========\nBy Ana\n\nText\n", text, StringComparison.Ordinal);
        Assert.EndsWith("Unsubscribe with one click:\nhttps://news.example.com/unsubscribe/k1.abc\n\nThe Tide Table\n1 Harbour Steps\n", text, StringComparison.Ordinal);
    }

    private static void AssertText(string markdown, string expected) =>
        Assert.Equal(expected.ReplaceLineEndings("\n"), Text(markdown));

    private static string Text(string markdown)
    {
        var text = Rendered.Body(markdown).FillText(Rendered.Ana);
        var start = text.IndexOf("=====\n\n", StringComparison.Ordinal) + 7;
        return text[start..text.IndexOf("\n\n----------------------------", start, StringComparison.Ordinal)];
    }
}
