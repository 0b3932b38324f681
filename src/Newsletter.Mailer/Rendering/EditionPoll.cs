using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Rendering;

/// <summary>A question that an edition asks its readers.</summary>
public sealed record EditionPoll
{
    /// <summary>Its number in the edition, from 1, in the order of the text.</summary>
    public required int Number { get; init; }

    /// <summary>Plain text.</summary>
    public required string Question { get; init; }

    /// <summary>What may be chosen, number one first; plain text.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>How links name it.</summary>
    internal NumberedLink Link => NumberedLink.To(Number, NumberedLink.TargetOf(Question, Options));

    /// <summary>Until when votes count, as a clock of the newsletter's zone shows it; null: until somebody closes it.</summary>
    public DateTime? Closes { get; init; }

    /// <summary>Nobody is to know who voted what.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Whoever votes may say something about it.</summary>
    public bool TakesComments { get; init; } = true;
}
