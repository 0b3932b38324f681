namespace Newsletter.Mailer.Editions;

/// <summary>How strictly the head of an edition's file is read.</summary>
public sealed record FrontMatterRules
{
    /// <summary>What the API and sending ask for: front matter with at least a title or a subject.</summary>
    public static FrontMatterRules Edition { get; } = new();

    /// <summary>What <c>preview</c> and <c>check</c> ask for: a file without front matter will do.</summary>
    public static FrontMatterRules Preview { get; } = new() { Required = false };

    /// <summary><c>--body-only</c>: what another tool wrote as front matter is passed over, and its tags stay text.</summary>
    public static FrontMatterRules ForeignBody { get; } = new() { Required = false, BodyOnly = true };

    /// <summary>Whether front matter with a title or a subject must be there.</summary>
    public bool Required { get; init; } = true;

    /// <summary>Whether a block between <c>---</c> lines at the top is skipped unread.</summary>
    public bool BodyOnly { get; init; }
}
