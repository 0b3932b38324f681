using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Rendering.Personal;

/// <summary>A link in a letter: what it says and where it leads.</summary>
public sealed record LetterLink(string Label, string Url);

/// <summary>What a mail to one reader says: a heading, some paragraphs, one thing to do, and what else there is. All of it text, none of it the reader's.</summary>
public sealed record PersonalLetter
{
    public required NewsletterProfile Newsletter { get; init; }

    /// <summary>The language it is written in.</summary>
    public required Phrases Words { get; init; }

    public required string Subject { get; init; }

    public required string Heading { get; init; }

    public required IReadOnlyList<string> Before { get; init; }

    /// <summary>The one thing to do.</summary>
    public required LetterLink Button { get; init; }

    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>Smaller, below.</summary>
    public IReadOnlyList<LetterLink> Links { get; init; } = [];

    /// <summary>The finished mail.</summary>
    public PersonalMail ToMail(DateTimeOffset date) => new()
    {
        Newsletter = Newsletter,
        Subject = Subject,
        Text = LetterText.Of(this),
        Html = LetterHtml.Of(this),
        Date = date,
    };
}
