namespace Newsletter.Mailer.Images.Cards;

/// <summary>Families that a card's texts are set in, the first that is installed. Whatever script they lack comes from any font that has it.</summary>
public static class CardFonts
{
    public const string Sans = "Inter,Noto Sans,Source Sans 3,Open Sans,Roboto,DejaVu Sans,Liberation Sans,sans-serif";

    public const string Serif = "Charter,Source Serif 4,Noto Serif,DejaVu Serif,Liberation Serif,serif";

    public const string Rounded = "Quicksand,Nunito,Varela Round," + Sans;

    public const string Mono = "JetBrains Mono,Noto Sans Mono,DejaVu Sans Mono,Liberation Mono,monospace";
}
