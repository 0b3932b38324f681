using Newsletter.Mailer.Rendering.PlainText;

namespace Newsletter.Mailer.Rendering.Personal;

/// <summary>A letter as plain text.</summary>
internal static class LetterText
{
    private const int Width = 76;

    public static string Of(PersonalLetter letter)
    {
        var parts = new List<string> { letter.Heading };
        parts.AddRange(letter.Before.Select(Wrapped));
        parts.Add(Link(letter.Button));
        parts.AddRange(letter.After.Select(Wrapped));
        parts.AddRange(letter.Links.Select(Link));
        parts.Add($"-- \n{letter.Newsletter.Name}{(letter.Newsletter.PostalAddress is { } postal ? "\n" + postal : "")}");
        return string.Join("\n\n", parts) + "\n";
    }

    private static string Link(LetterLink link) => $"{link.Label}:\n{link.Url}";

    private static string Wrapped(string text) => string.Join('\n', LineWrap.Wrap(text, Width));
}
