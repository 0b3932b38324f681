using System.Text;
using NetVips;
using Newsletter.Mailer.Images.Cards;

namespace Newsletter.Mailer.Tests.Images.Cards;

/// <summary>The picture that stands for an edition where a link to it is shown.</summary>
[Trait("Category", "Fonts")]
public sealed class CardPainterTests
{
    private const int BandTop = 512;
    private const int Margin = 84;

    private static SocialCard Card => new()
    {
        Newsletter = "The Tide Table",
        Title = "High water",
        Note = "#35 · 27 November 2026",
        Language = "en",
        Look = new CardLook("#ffffff", "#14120f", "#a63d1a", "#ffffff", CardFonts.Sans),
    };

    public static TheoryData<string> Titles => new(
        "A", "High water", "Why the loudest complaints about every tool are sends marked finished while thousands of readers were skipped",
        string.Join(' ', Enumerable.Repeat("tide", 500)), new string('W', 600), "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "<b>&</b>", "</span><span foreground='#ff0000' size='300pt'>red</span>", "\"'&amp;&#0;<", "a\u0000b\u202Ec\uFFFEd\uD800e", "Ἀρχή and Ёжик", "1\uFE0F\u20E3 tide \u2764\uFE0F",
        "a" + new string('\u0301', 5_000), string.Concat(Enumerable.Repeat("\uFDFD", 300)), "line one\nline two");

    [Theory]
    [MemberData(nameof(Titles))]
    public void WhateverTheTitleTheCardHasItsSizeAndMargins(string title)
    {
        var drawn = Draw(Card with { Title = title });

        using var picture = Image.NewFromBuffer(drawn);
        Assert.Equal((1_200, 630, 3), (picture.Width, picture.Height, picture.Bands));
        Assert.True(drawn.AsSpan().StartsWith<byte>([0x89, 0x50, 0x4E, 0x47]));
        Assert.InRange(drawn.Length, 1, 200_000);
        var ink = Ink(picture, 0, BandTop);
        Assert.InRange(ink.Left, Margin - 12, 1_200);
        Assert.InRange(ink.Right, 0, 1_200 - Margin + 12);
        Assert.InRange(ink.Top, 60, BandTop);
        Assert.InRange(ink.Bottom, 0, BandTop - 60);
    }

    [Fact]
    public void TheSameIsTheSameBytesAndAnythingElseAnotherAddress()
    {
        SocialCard[] cards =
        [
            Card, Card with { Title = "Low water" }, Card with { Newsletter = "Tides" }, Card with { Note = "#36" }, Card with { Language = "de" },
            Card with { Look = Card.Look with { Ground = "#fbfaf6" } }, Card with { Look = Card.Look with { Ink = "#000000" } }, Card with { Look = Card.Look with { Band = "#2f6b4f" } },
            Card with { Look = Card.Look with { OnBand = "#14120f" } }, Card with { Look = Card.Look with { Fonts = CardFonts.Serif } }, Card with { Title = "High waterT", Newsletter = "he Tide Table" },
        ];

        Assert.Equal(cards.Length, cards.Select(card => card.Hash()).Distinct().Count());
        Assert.All(cards, card => Assert.Matches("^[0-9a-f]{32}$", card.Hash()));
        Assert.Equal(Draw(Card), Draw(Card));
        Assert.Equal(cards.Length - 1, cards.Where(card => card.Language == "en").Select(card => Convert.ToHexString(Draw(card))).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Titles))]
    public void SoHasItWhateverTheNameAndTheNote(string text)
    {
        using var picture = Image.NewFromBuffer(Draw(Card with { Newsletter = text, Note = text }));

        var ink = Ink(picture, BandTop, 118);
        Assert.InRange(ink.Left, Margin - 12, 1_200);
        Assert.InRange(ink.Right, 0, 1_200 - Margin + 12);
        Assert.True(Ink(picture, 0, BandTop).Bottom < BandTop - 60);
    }

    [Fact]
    public void MarkupIsDrawnAsItStands()
    {
        using var plain = Image.NewFromBuffer(Draw(Card with { Title = "x" }));
        using var tagged = Image.NewFromBuffer(Draw(Card with { Title = "<span foreground='#00ff00'>x</span>", Newsletter = "<b>T</b>" }));

        Assert.True(Ink(tagged, 0, BandTop).Right > 3 * Ink(plain, 0, BandTop).Right);
        using var greener = tagged[1] - tagged[0];
        Assert.InRange(greener.Max(), 0, 60);
    }

    [Fact]
    public void RightToLeftBeginsAtTheRightAndTheBandIsMirrored()
    {
        using var mirrored = Image.NewFromBuffer(Draw(Card with { Title = "גאות ושפל", Language = "he", Note = "#3" }));
        using var usual = Image.NewFromBuffer(Draw(Card with { Note = "#3" }));

        var (title, band) = (Ink(mirrored, 0, BandTop), Ink(mirrored, BandTop, 118));
        Assert.InRange(title.Right, 1_200 - Margin - 12, 1_200 - Margin + 12);
        Assert.True(title.Left > 200);
        Assert.InRange(band.Left, Margin - 3, Margin + 3);
        Assert.InRange(band.Right, 1_200 - Margin - 3, 1_200 - Margin + 3);
        // The short note stands at the other end: nothing but its ink is in that half.
        Assert.True(Ink(mirrored, BandTop, 118, 0, 600).Right < 200);
        Assert.True(Ink(usual, BandTop, 118, 600, 600).Left > 400);
    }

    [Fact]
    public void ArabicIsShaped()
    {
        // Letters that join are narrower together than apart.
        var (joined, apart) = (Draw(Card with { Title = "سلام" }), Draw(Card with { Title = "س\u200Cل\u200Cا\u200Cم" }));

        using var one = Image.NewFromBuffer(joined);
        using var other = Image.NewFromBuffer(apart);
        Assert.True(Ink(one, 0, BandTop).Left > Ink(other, 0, BandTop).Left);
    }

    [Fact]
    public void TheBandIsTheAccent()
    {
        using var picture = Image.NewFromBuffer(Draw(Card));

        Assert.Equal([0xA6, 0x3D, 0x1A], picture.Getpoint(5, 625));
        Assert.Equal([255, 255, 255], picture.Getpoint(5, 5));
    }

    [Fact]
    public void ATitleTooLongEndsInAnEllipsis()
    {
        var cleaned = CardPainter.Writable(Card with { Title = string.Concat(Enumerable.Repeat("many words ", 100)) }, out _)!.Title;

        Assert.EndsWith("…", cleaned, StringComparison.Ordinal);
        Assert.InRange(cleaned.Length, 200, 241);
        Assert.NotEqual(Draw(Card with { Title = new string('W', 200) }), Draw(Card with { Title = new string('W', 40) }));
    }

    [Fact]
    public void ASignThatNoFontHasIsLeftOut()
    {
        // Nobody has assigned it, so that no font has it.
        Assert.Equal("High water", CardPainter.Writable(Card with { Title = "\u0378 High \U0003FFF1 water" }, out var missing)!.Title);
        Assert.Equal(default, missing);
        Assert.Null(CardPainter.Writable(Card with { Title = "\u0378 " }, out missing));
        Assert.Equal(default, missing);
    }

    [Fact]
    public void ALetterThatNoFontHasIsNotDrawnAsABox()
    {
        // Two of the rarest Chinese characters, in Unicode since 2022.
        Assert.Null(CardPainter.Writable(Card with { Title = "High \U00031350\U00031351" }, out var missing));
        Assert.Equal(new Rune(0x31350), missing);
        Assert.Null(CardPainter.Writable(Card with { Newsletter = "\U00031350" }, out missing));
        Assert.Equal(new Rune(0x31350), missing);
    }

    [Theory]
    [InlineData("大規模言語モデルはなぜ嘘をつくのか", "ja")]
    [InlineData("밀물과 썰물", "ko")]
    [InlineData("สวัสดีชาวโลก", "th")]
    public void OtherScriptsAreDrawnWholeOrNotAtAll(string title, string language)
    {
        var card = CardPainter.Writable(Card with { Title = title, Language = language }, out var missing);

        if (card is null)
            Assert.Contains(missing, title.EnumerateRunes());
        else
            Assert.Equal((title, 1_200), (card.Title, Image.NewFromBuffer(CardPainter.Draw(card)).Width));
    }

    [Theory]
    [InlineData("🎉 Tea 👩‍👩‍👧 time 🇪🇺")]
    [InlineData("Tea 👍🏽 time")]
    public void EmojiAreDrawnOrLeftOut(string title)
    {
        var card = CardPainter.Writable(Card with { Title = title }, out _)!;

        Assert.Contains("Tea", card.Title, StringComparison.Ordinal);
        Assert.DoesNotContain("  ", card.Title, StringComparison.Ordinal);
        Assert.NotEmpty(CardPainter.Draw(card));
    }

    private static byte[] Draw(SocialCard card) => CardPainter.Draw(Assert.IsType<SocialCard>(CardPainter.Writable(card, out _)));

    /// <summary>Where something other than the ground is in a part of the picture: across within the part, down within the picture.</summary>
    private static (int Left, int Top, int Right, int Bottom) Ink(Image picture, int top, int height, int left = 0, int? width = null)
    {
        using var part = picture.Crop(left, top, width ?? picture.Width, height);
        var found = part.FindTrim(threshold: 40, background: part.Getpoint(1, 1));
        return ((int)found[0], (int)found[1] + top, (int)found[0] + (int)found[2], (int)found[1] + top + (int)found[3]);
    }
}
