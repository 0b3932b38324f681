using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Images.Cards;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class CardDesignTests
{
    public static TheoryData<string, NewsletterDesign?> Designs
    {
        get
        {
            var designs = new TheoryData<string, NewsletterDesign?>();
            foreach (var theme in ThemeCatalog.Names)
            {
                designs.Add(theme, null);
                foreach (var colour in (string[])["#000000", "#ffffff", "#ffd84d", "#1b1036", "#777777", "#a63d1a", "#00ff00"])
                {
                    designs.Add(theme, new NewsletterDesign { Accent = colour });
                    designs.Add(theme, new NewsletterDesign { Accent = colour, Card = colour, Ink = colour });
                }
            }

            return designs;
        }
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void WhateverTheDesignItsTextsCanBeRead(string theme, NewsletterDesign? design)
    {
        var look = CardDesign.Of(Rendered.Newsletter with { Theme = theme, Design = design });

        Assert.True(Colour.Contrast(look.Ink, look.Ground) >= Colour.LeastContrast, $"{look.Ink} on {look.Ground}");
        Assert.True(Colour.Contrast(look.OnBand, look.Band) >= Colour.LeastContrast, $"{look.OnBand} on {look.Band}");
    }

    [Fact]
    public void TheAccentAndTheHeadingsTypeAreTheNewsletters()
    {
        var look = CardDesign.Of(Rendered.Newsletter with { Theme = "plain", Design = new NewsletterDesign { Accent = "#0a5c36", Font = "sans", HeadingFont = "mono" } });

        Assert.Equal(("#0a5c36", CardFonts.Mono), (look.Band, look.Fonts));
        Assert.Equal(CardFonts.Serif, CardDesign.Of(Rendered.Newsletter with { Theme = "letter", Design = null }).Fonts);
        Assert.Equal(CardFonts.Sans, CardDesign.Of(Rendered.Newsletter with { Theme = "magazine", Design = null }).Fonts);
        Assert.Equal(CardFonts.Rounded, CardDesign.Of(Rendered.Newsletter with { Theme = "plain", Design = new NewsletterDesign { Font = "rounded" } }).Fonts);
    }
}
